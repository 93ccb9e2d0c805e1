"""The after-action note of an incident: what went well, what to change, who changes it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
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
from dashboard.pages.forms import PlanForm, save, without_nothing
from gateway.store import Record
from protocol.messages import Incident

blueprint = Blueprint("reviews", __name__)

ROWS = 3


class ReviewForm(PlanForm):
    """The note, with room for three new actions; further ones can be added the next time."""

    well = TextAreaField(_l("What went well"), validators=[Length(max=2000)])
    change = TextAreaField(_l("What to change"), validators=[Length(max=2000)])
    action_1_what, action_2_what, action_3_what = (
        StringField(_l("What is to be done"), validators=[Length(max=200)]) for _row in range(ROWS)
    )
    action_1_owner, action_2_owner, action_3_owner = (
        SelectField(_l("By whom"), validate_choice=False) for _row in range(ROWS)
    )
    action_1_due, action_2_due, action_3_due = (
        StringField(lazy_pgettext("follow-up", "Until"), validators=[Length(max=40)])
        for _row in range(ROWS)
    )

    def rows(self) -> list[tuple[int, dict[str, Any]]]:
        """(row on the page, action) of each row in which something was written."""
        found = []
        for row in range(1, ROWS + 1):
            what = (self[f"action_{row}_what"].data or "").strip()
            due = (self[f"action_{row}_due"].data or "").strip()
            if what or due:
                owner = self[f"action_{row}_owner"].data or None
                found.append(
                    (row, {"what": what, "due": due} | ({"owner": owner} if owner else {}))
                )
        return found

    def place(self, path: str) -> str | None:
        """A fault of an action stands at its own row."""
        if not path.startswith("actions["):
            return super().place(path)
        number, _bracket, rest = path.removeprefix("actions[").partition("]")
        rows = [row for row, _action in self.rows()]
        name = rest.removeprefix(".") or "what"
        return f"action_{rows[int(number)]}_{name}" if int(number) < len(rows) else None

    def body(self) -> dict[str, Any]:
        return without_nothing(
            {
                "well": (self.well.data or "").strip(),
                "change": (self.change.data or "").strip(),
                "actions": [action for _row, action in self.rows()],
            }
        )


@blueprint.route("/incidents/<incident_id>/review", methods=["GET", "POST"])
def show(incident_id: str) -> str | Response:
    """The note, to read and print; and to write."""
    incident = _found(incident_id)
    board = the_board()
    record = board.reader.record("review", incident_id)
    form = ReviewForm() if request.method == "POST" else _filled(record)
    people = [(one.id, one.body.name) for one in board.reader.records("staff")]
    for row in range(1, ROWS + 1):
        form[f"action_{row}_owner"].choices = [("", _("Myself")), *people]
    if (
        request.method == "POST"
        and form.validate()
        and save(form, "review", incident_id, form.body()).ok
    ):
        flash(_("Saved."))
        return redirect(url_for("reviews.show", incident_id=incident_id))
    return render_template(
        "review.html",
        form=form,
        record=record,
        card=cards_for_viewer(board, [incident])[0],
        actions=[one for one in of_incident(board, incident_id) if one.body.rule == "action"],
        names=staff_names(board),
        rows=range(1, ROWS + 1),
        me=viewer_id(),
    )


def _filled(record: Record | None) -> ReviewForm:
    if record is None:
        return ReviewForm(formdata=None)
    return ReviewForm(
        formdata=None,
        version=str(record.version),
        well=record.body.well,
        change=record.body.change,
    )


def _found(incident_id: str) -> Incident:
    known = the_board().reader.incident(incident_id)
    if known is None:
        raise Problem(404, "unknown_incident", explain("unknown_incident"))
    return known
