"""Tables in forms: rows are added and taken away without a script, and nothing typed is lost.

A row's fields are called `{ROW}_{number}_{field}`, numbered from 1. A button called `row` posts
the whole form: "add" for one more at the end, "add 2" for one after the second, "remove 3". Then
nothing is judged or saved; the page comes back with what was typed, each row at its new number.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar, Self

from flask import request
from werkzeug.datastructures import MultiDict
from wtforms import HiddenField

from dashboard.pages.forms import PlanForm, posted_number

_ASKED = re.compile(r"(add|remove)(?: ([1-9]\d{0,2}))?")
_OF_LIST = re.compile(r"\w+\[(\d{1,4})\](?:\.(\w+))?")


class RowsForm(PlanForm):
    """A plan with a table. rows: how many rows the page has.

    ROW: what the fields of a row are called by. MOST_ROWS: more are never made. focus: the row that
    the next key goes to, 0: none. is_moved: the page was posted only to move rows.
    """

    ROW: ClassVar[str]
    MOST_ROWS: ClassVar[int] = 20
    rows = HiddenField(default="1")
    focus = 0
    is_moved = False

    @classmethod
    def row_fields(cls) -> dict[str, Any]:
        """{field: the unbound field} of one row."""
        raise NotImplementedError

    @classmethod
    def of(cls, count: int) -> type[Self]:
        """The form with so many rows."""
        fields = {
            f"{cls.ROW}_{row}_{name}": field
            for row in range(1, count + 1)
            for name, field in cls.row_fields().items()
        }
        return type(cls.__name__, (cls,), fields)

    @classmethod
    def posted(cls) -> Self:
        """The form as it was typed, after the row that a button asked for has come or gone."""
        count = posted_number("rows") or _last_row(request.form, cls.ROW)
        count = min(max(count, 1), cls.MOST_ROWS)
        asked = _ASKED.fullmatch(request.form.get("row", ""))
        places, focus = _moved(asked, count, cls.MOST_ROWS) if asked else (None, 0)
        typed = request.form if places is None else _renumbered(request.form, cls.ROW, places)
        count = count if places is None else max(len(places), 1)
        form = cls.of(count)(formdata=typed)
        form.rows.data, form.focus, form.is_moved = str(count), focus, asked is not None
        return form

    @classmethod
    def filled(cls, count: int, **values: Any) -> Self:
        """The form with so many rows and these values."""
        return cls.of(count)(formdata=None, rows=str(count), **values)

    @property
    def row_numbers(self) -> range:
        return range(1, int(self.rows.data or 1) + 1)

    def row(self, number: int) -> dict[str, Any]:
        """{field: what was typed} of a row."""
        return {name: self[f"{self.ROW}_{number}_{name}"].data for name in self.row_fields()}

    def place_in_row(self, path: str, rows: list[int], *, otherwise: str) -> str | None:
        """The field of a row for a path of the plan's list, such as steps[2].roles[0].

        rows: the row on the page of each of the list; otherwise: the field for what no single one
        shows. None: the list has no such row.
        """
        found = _OF_LIST.match(path)
        if found is None or int(found[1]) >= len(rows):
            return None
        name = found[2] if found[2] in self.row_fields() else otherwise
        return f"{self.ROW}_{rows[int(found[1])]}_{name}"

    def validate(self, *args: Any, **kwargs: Any) -> bool:
        """Whether it may be saved. While rows are only moved nothing is judged, nothing marked."""
        return not self.is_moved and super().validate(*args, **kwargs)


def _last_row(typed: MultiDict[str, str], name: str) -> int:
    """The last row of which anything was posted: what is not counted is not lost for that."""
    return max((int(row[1]) for key in typed if (row := _of_row(name, key))), default=1)


def _of_row(name: str, key: str) -> re.Match[str] | None:
    """(row, field) of a posted field that belongs to a row; None for any other."""
    return re.fullmatch(rf"{re.escape(name)}_([1-9]\d{{0,3}})_(.+)", key)


def _moved(asked: re.Match[str], count: int, most: int) -> tuple[list[int | None] | None, int]:
    """(the present number of each row to be shown, None for a new one; the row to go to).

    Without a list everything stays: there is no such row, or no room for more.
    """
    places: list[int | None] = list(range(1, count + 1))
    row = int(asked[2] or count)
    if row > count or (asked[1] == "add" and count >= most):
        return None, min(row, count)
    if asked[1] == "add":
        places.insert(row, None)
        return places, row + 1
    places.remove(row)
    return places, min(row, max(len(places), 1))


def _renumbered(
    typed: MultiDict[str, str], name: str, places: list[int | None]
) -> MultiDict[str, str]:
    """What was typed with the rows of `places` one after the other; rows not in it are left out."""
    numbers = {place: number for number, place in enumerate(places, start=1) if place}
    found = MultiDict()
    for key, value in typed.items(multi=True):
        of_row = _of_row(name, key)
        if of_row is None:
            found.add(key, value)
        elif number := numbers.get(int(of_row[1])):
            found.add(f"{name}_{number}_{of_row[2]}", value)
    return found
