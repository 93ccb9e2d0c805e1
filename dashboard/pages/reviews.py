"""The after-action note of an incident: what went well, what to change, who changes it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext
from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import Length

from dashboard.actions import explain
from dashboard.board import the_board
from dashboard.errors import Problem
from dashboard.pages.branch import cards_for_viewer, staff_names, viewer_id
from dashboard.pages.followups import of_incident
from dashboard.pages.forms import saved, without_nothing
from dashboard.pages.rows import RowsForm
from gateway.store import Record
from protocol.messages import Incident

blueprint = Blueprint("reviews", __name__)

# Rows for actions that the page begins with.
NEW_ROWS = 1


class ReviewForm(RowsForm):
    """The note, with a row for each new action."""

    ROW = "action"

    well = TextAreaField(_l("What went well"), validators=[Length(max=2000)])
    change = TextAreaField(_l("What to change"), validators=[Length(max=2000)])

    @classmethod
    def row_fields(cls) -> dict[str, Any]:
        return {
            "what": StringField(_l("What is to be done"), validators=[Length(max=200)]),
            "owner": SelectField(_l("By whom"), validate_choice=False),
            "due": StringField(lazy_pgettext("follow-up", "Until"), validators=[Length(max=40)]),
        }

    def actions(self) -> list[tuple[int, dict[str, Any]]]:
        """(row on the page, action) of each row in which something was written."""
        found = []
        for row in self.row_numbers:
            typed = {name: (text or "").strip() for name, text in self.row(row).items()}
            owner = typed.pop("owner")
            if any(typed.values()):
                found.append((row, typed | ({"owner": owner} if owner else {})))
        return found

    def place(self, path: str) -> str | None:
        """A fault of an action stands at its own row."""
        if not path.startswith("actions["):
            return super().place(path)
        rows = [row for row, _action in self.actions()]
        return self.place_in_row(path, rows, otherwise="what")

    def body(self) -> dict[str, Any]:
        return without_nothing(
            {
                "well": (self.well.data or "").strip(),
                "change": (self.change.data or "").strip(),
                "actions": [action for _row, action in self.actions()],
            }
        )


@blueprint.route("/incidents/<incident_id>/review", methods=["GET", "POST"])
def show(incident_id: str) -> str | Response:
    """The note, to read and print; and to write."""
    incident = _found(incident_id)
    board = the_board()
    record = board.reader.record("review", incident_id)
    form = ReviewForm.posted() if request.method == "POST" else _filled(record)
    people = [(one.id, one.body.name) for one in board.reader.records("staff")]
    for row in form.row_numbers:
        form[f"action_{row}_owner"].choices = [("", _("Myself")), *people]
    if saved(form, "review", incident_id):
        return redirect(url_for("reviews.show", incident_id=incident_id))
    return render_template(
        "review.html",
        form=form,
        record=record,
        card=cards_for_viewer(board, [incident])[0],
        actions=[one for one in of_incident(board, incident_id) if one.body.rule == "action"],
        names=staff_names(board),
        me=viewer_id(),
    )


def _filled(record: Record | None) -> ReviewForm:
    if record is None:
        return ReviewForm.filled(NEW_ROWS)
    return ReviewForm.filled(
        NEW_ROWS,
        version=str(record.version),
        well=record.body.well,
        change=record.body.change,
    )


def _found(incident_id: str) -> Incident:
    known = the_board().reader.incident(incident_id)
    if known is None:
        raise Problem(404, "unknown_incident", explain("unknown_incident"))
    return known
