"""Whole numbers in forms."""

from __future__ import annotations

from typing import Any

from wtforms import IntegerField

# More digits than any number here has; Python reckons with longer ones, but not as with others.
MOST_DIGITS = 18


class WholeNumberField(IntegerField):
    """A whole number; one of hundreds of digits is wrong as a word would be."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        if valuelist and len(valuelist[0].strip()) > MOST_DIGITS:
            valuelist = ["too long"]
        super().process_formdata(valuelist)
