"""How long private notes are kept at most: the one rule of the branch about them."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms.validators import InputRequired, NumberRange

from dashboard.board import Board, the_board
from dashboard.pages.forms import PlanForm, save
from dashboard.pages.numbers import WholeNumberField
from dashboard.pages.team import may_edit
from gateway.store import Record

blueprint = Blueprint("private_rule", __name__)

BRANCH = "branch"
# As the gateway has it where nobody has written a rule, and the bounds it judges by.
DEFAULT_DAYS, MOST_DAYS = 90, 365


class RuleForm(PlanForm):
    """max_days: a note goes so many days after it was written, or sooner."""

    max_days = WholeNumberField(
        _l("A note is deleted after so many days, or sooner"),
        validators=[InputRequired(), NumberRange(1, MOST_DAYS)],
    )


def kept_days(board: Board) -> int:
    """How many days a note that is written now is kept at most."""
    rule = _rule(board)
    return rule.body.max_days if rule else DEFAULT_DAYS


def _rule(board: Board) -> Record | None:
    rule = board.reader.record("private_rule", BRANCH)
    return rule if rule is not None and rule.is_open else None


@blueprint.route("/private-notes", methods=["GET", "POST"])
def edit() -> str | Response:
    """The rule, to read and, for leads, to change."""
    form = RuleForm() if request.method == "POST" else _filled(the_board())
    if request.method == "POST" and form.validate() and _saved(form):
        flash(_("Saved. It counts for notes written from now on."))
        return redirect(url_for("private_rule.edit"))
    return render_template("private_rule.html", form=form, may_edit=may_edit(), most_days=MOST_DAYS)


def _saved(form: RuleForm) -> bool:
    return save(form, "private_rule", BRANCH, {"max_days": form.max_days.data}).ok


def _filled(board: Board) -> RuleForm:
    rule = _rule(board)
    version = str(rule.version) if rule else "0"
    return RuleForm(formdata=None, version=version, max_days=kept_days(board))
