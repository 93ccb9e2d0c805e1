"""Measures Anling beside a bare pipeline: `python -m bench`, see `bench/__main__.py`."""
