"""What reports say, as pure figures: each file takes what the store read and returns one finding.

A new section of a report is one more file here (figures from lines), one more entry in
`pages/sections.py` (its words), and, if it is for programs too, one more field of `MonthReview`.
"""
