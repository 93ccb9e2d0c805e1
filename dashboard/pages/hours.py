"""The opening hours: a row for each day of the week."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l

from dashboard.board import the_board
from dashboard.pages.forms import PlanForm, saved
from dashboard.pages.shifts import time_field
from dashboard.pages.team import may_edit
from dashboard.weekdays import WEEKDAYS
from gateway.store import Record

blueprint = Blueprint("hours", __name__)
BRANCH = "branch"


class HoursForm(PlanForm):
    """The week; a day without times is no day of business."""

    def rows(self) -> list[tuple[str, dict[str, Any]]]:
        """(day, row of the plan) of each day of which something was filled in."""
        found = []
        for day in WEEKDAYS:
            opens, closes = (self[f"{day}_{end}"].data or "" for end in ("opens", "closes"))
            if opens or closes:
                found.append((day, {"days": [day], "opens": opens, "closes": closes}))
        return found

    def place(self, path: str) -> str | None:
        """A fault of a row stands at its own day."""
        if not path.startswith("week["):
            return None
        number, _end, end = path.removeprefix("week[").partition("]")
        rows = self.rows()
        if int(number) >= len(rows):
            return None
        return f"{rows[int(number)][0]}_{'closes' if 'closes' in end else 'opens'}"

    def body(self) -> dict[str, Any]:
        return {"week": [row for _day, row in self.rows()]}


for _day in WEEKDAYS:
    setattr(HoursForm, f"{_day}_opens", time_field(_l("Opens"), needed=False))
    setattr(HoursForm, f"{_day}_closes", time_field(_l("Closes"), needed=False))


@blueprint.route("/hours", methods=["GET", "POST"])
def edit() -> str | Response:
    """When the branch is open for customers."""
    record = the_board().reader.record("hours", BRANCH)
    form = HoursForm() if request.method == "POST" else _filled(record)
    if saved(form, "hours", BRANCH):
        return redirect(url_for("day.opening"))
    return render_template("hours.html", form=form, WEEKDAYS=WEEKDAYS, may_edit=may_edit())


def _filled(record: Record | None) -> HoursForm:
    values: dict[str, str] = {}
    is_open = record is not None and record.is_open
    for row in record.body.week if record is not None and is_open else ():
        for day in row.days:
            values |= {f"{day}_opens": row.opens, f"{day}_closes": row.closes}
    version = str(record.version) if record is not None and is_open else "0"
    return HoursForm(formdata=None, version=version, **values)
