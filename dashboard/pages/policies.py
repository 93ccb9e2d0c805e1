"""Policies: who is told of which call, step by step; and who stands in for whom."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext
from wtforms import BooleanField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from dashboard.board import the_board
from dashboard.desk import FIELD_FAULTS
from dashboard.pages import words
from dashboard.pages.branch import point_labels
from dashboard.pages.cards import FaultLine, fault_lines
from dashboard.pages.channels import shared_channels
from dashboard.pages.forms import (
    choices,
    open_record,
    retire_and_say,
    save,
    saved,
    without_nothing,
)
from dashboard.pages.numbers import WholeNumberField
from dashboard.pages.policy_words import AUDIENCES
from dashboard.pages.rows import RowsForm
from dashboard.pages.shifts import time_field
from dashboard.pages.team import checks, may_edit
from gateway.store import Record

blueprint = Blueprint("policies", __name__, url_prefix="/policies")

DEFAULT = "default"
# Rows that a new policy begins with: who is called at once, and who after them.
NEW_ROWS = 2
STEP_FIELDS = ("after_s", "tell", "roles", "channels", "ring_s", "rings")
DAY_S = 24 * 3600


def seconds_field(label: Any, *, low: int, default: int | None = None) -> WholeNumberField:
    return WholeNumberField(
        label, default=default, validators=[Optional(), NumberRange(low, DAY_S)]
    )


class PolicyForm(RowsForm):
    """A policy with a row for each step; rows in which nothing was typed are left out."""

    ROW = "step"
    MOST_ROWS = 20  # the desk takes no more
    name = StringField(lazy_pgettext("of a thing", "Name"), validators=[Length(max=200)])
    kinds = checks(_l("For these kinds of calls"), words.KINDS)
    points = checks(_l("From these points"), {})
    repeat_s = seconds_field(_l("After the last step told again each … seconds"), low=1)
    arrival_s = seconds_field(_l("Accepted, but nobody there: told again after … seconds"), low=1)
    close_s = seconds_field(_l("Somebody there, but not closed: told again after … seconds"), low=1)
    offer_s = seconds_field(_l("Asked to take over, no answer: lapses after … seconds"), low=1)
    handover_needs_consent = BooleanField(
        _l("Who is asked to take over must agree first"), default=True
    )
    day_and_night = BooleanField(_l("Somebody must be there while the branch is closed, too"))
    quiet_starts = time_field(_l("Quiet from"), needed=False)
    quiet_ends = time_field(_l("Quiet until"), needed=False)
    quiet_channels = checks(_l("Channels that keep silent then"), {})

    @classmethod
    def row_fields(cls) -> dict[str, Any]:
        return {
            "after_s": seconds_field(_l("Seconds after the press"), low=0),
            "tell": SelectField(_l("Tells"), choices=choices(AUDIENCES), validate_choice=False),
            "roles": checks(_l("Roles, where it tells these"), words.ROLES),
            "channels": checks(_l("Only through"), {}),
            "ring_s": WholeNumberField(
                _l("Rings again each … seconds"), validators=[Optional(), NumberRange(1, 600)]
            ),
            "rings": WholeNumberField(
                _l("After so many rings the next step comes"),
                validators=[Optional(), NumberRange(1, 100)],
            ),
        }

    def used_rows(self) -> list[int]:
        """The rows in which something was typed; one without a time is not left out in silence."""
        return [row for row in self.row_numbers if _is_used(self.row(row))]

    def validate(self, *args: Any, **kwargs: Any) -> bool:
        """Whether it may be saved. A step without its time is named here, in plain words."""
        is_right = super().validate(*args, **kwargs)
        if self.is_moved:
            return False
        for row in self.used_rows():
            time = self[f"step_{row}_after_s"]
            if time.data is None and not time.errors:
                time.errors, is_right = [str(FIELD_FAULTS["missing"])], False
        return is_right

    @property
    def more_is_wrong(self) -> bool:
        """Whether something is wrong with what is folded away."""
        folded = ("roles_", "repeat_s", "arrival_s", "close_s", "offer_s", "quiet_")
        return any(field.errors and field.name.startswith(folded) for field in self)

    def place(self, path: str) -> str | None:
        """A fault of a step stands at its own row."""
        head, _dot, rest = path.partition(".")
        if head.startswith("steps["):
            return self.place_in_row(path, self.used_rows(), otherwise="after_s")
        if head == "steps":
            return "step_1_after_s"
        if head in ("roles", "quiet"):
            name = f"{head}_{rest.partition('[')[0]}"
            return name if name in self else None
        return super().place(path)

    def body(self) -> dict[str, Any]:
        return without_nothing(
            {
                "name": (self.name.data or "").strip(),
                "kinds": self.kinds.data or [],
                "points": self.points.data or [],
                "steps": [self._step(row) for row in self.used_rows()],
                "roles": {
                    kind: self[f"roles_{kind}"].data
                    for kind in words.KINDS
                    if self[f"roles_{kind}"].data
                },
                "repeat_s": self.repeat_s.data,
                "arrival_s": self.arrival_s.data,
                "close_s": self.close_s.data,
                "offer_s": self.offer_s.data,
                "handover_needs_consent": bool(self.handover_needs_consent.data),
                "day_and_night": bool(self.day_and_night.data),
                "quiet": self._quiet(),
            }
        )

    def _step(self, row: int) -> dict[str, Any]:
        values = self.row(row)
        if values["tell"] != "roles":
            values["roles"] = []
        return without_nothing(values)

    def _quiet(self) -> dict[str, Any] | None:
        starts, ends, channels = (
            self.quiet_starts.data or "",
            self.quiet_ends.data or "",
            self.quiet_channels.data or [],
        )
        if not (starts or ends or channels):
            return None
        return {"starts": starts, "ends": ends, "channels": channels}


for _kind, _word in words.KINDS.items():
    setattr(PolicyForm, f"roles_{_kind}", checks(_word, words.ROLES))


def _is_used(step: dict[str, Any]) -> bool:
    untouched = (None, "", next(iter(AUDIENCES)))
    typed = any(step[name] for name in ("roles", "channels", "ring_s", "rings"))
    return step["after_s"] is not None or step["tell"] not in untouched or typed


class SubstituteForm(RowsForm):
    """Who stands in for a role, a row for each, the best first."""

    ROW = "instead"
    MOST_ROWS = len(words.ROLES)
    role = SelectField(_l("Role"), validators=[InputRequired()], validate_choice=False)

    @classmethod
    def row_fields(cls) -> dict[str, Any]:
        offered = choices(words.ROLES, none=_l("Nobody"))
        return {"role": SelectField(_l("Stands in"), choices=offered, validate_choice=False)}

    def used_rows(self) -> list[int]:
        return [row for row in self.row_numbers if self.row(row)["role"]]

    def place(self, path: str) -> str | None:
        """A fault of somebody who stands in is at their own row."""
        if not path.startswith("instead"):
            return {"id": "role"}.get(path)
        number = path.removeprefix("instead").strip("[]") or "0"
        rows = dict(enumerate(self.used_rows()))
        return f"instead_{rows.get(int(number), 1)}_role" if number.isdigit() else None

    def body(self) -> dict[str, Any]:
        return {"instead": [self.row(row)["role"] for row in self.used_rows()]}


# --- the list -------------------------------------------------------------------------------


@blueprint.get("")
def listing() -> str:
    """Every policy in the order in which they count, and who stands in for whom."""
    reader, labels = the_board().reader, point_labels(the_board())
    faults = _faults(labels)
    uncovered = [one for one in reader.faults() if one.subject.startswith("role/")]
    return render_template(
        "policies.html",
        policies=sorted(reader.records("policy"), key=_rank),
        substitutes=reader.records("substitute"),
        faults=faults,
        uncovered=[one.subject.removeprefix("role/") for one in uncovered],
        labels=labels,
        AUDIENCES=AUDIENCES,
        DEFAULT=DEFAULT,
        may_edit=may_edit(),
    )


def _faults(labels: dict[str, str]) -> dict[str, list[FaultLine]]:
    """{policy: what is wrong with it}."""
    found: dict[str, list[FaultLine]] = {}
    for fault in the_board().reader.faults():
        if fault.subject.startswith("policy/"):
            id = fault.subject.removeprefix("policy/")
            found.setdefault(id, []).extend(fault_lines([fault], labels))
    return found


def _rank(record: Record) -> tuple[int, str]:
    body = record.body
    return -(2 * bool(body.points) + bool(body.kinds)), body.name or record.id


# --- a policy -------------------------------------------------------------------------------


@blueprint.route("/new", methods=["GET", "POST"])
def new() -> str | Response:
    """A page for a new one."""
    return _policy("", None)


@blueprint.route("/policy/<id>", methods=["GET", "POST"])
def edit(id: str) -> str | Response:
    """A page for one that there is."""
    return _policy(id, open_record("policy", id))


def _policy(id: str, record: Record | None) -> str | Response:
    form = _policy_form(record)
    if request.method == "POST" and form.validate() and save(form, "policy", id, form.body()).ok:
        flash(_("Saved. It counts from the next step on."))
        return redirect(url_for("policies.listing"))
    return render_template(
        "policy.html",
        form=form,
        record=record,
        is_default=id == DEFAULT,
        faults=_faults(point_labels(the_board())).get(id, []),
        KINDS=words.KINDS,
        may_edit=may_edit(),
    )


def _policy_form(record: Record | None) -> PolicyForm:
    """The form as posted, or as the record has it; with the branch's points and channels."""
    if request.method == "POST":
        form = PolicyForm.posted()
    elif record is None:
        form = PolicyForm.filled(NEW_ROWS, step_1_after_s=0)
    else:
        form = PolicyForm.filled(max(len(record.body.steps), 1), **_values(record))
    points = list(point_labels(the_board()).items())
    channels = [(name, name) for name in shared_channels()]
    form.points.choices = points
    for field in form:
        if field.name.endswith("channels"):
            field.choices = channels
    return form


def _values(record: Record) -> dict[str, Any]:
    """What the form shows of a policy."""
    body = record.body
    plain = ("name", "kinds", "points", "repeat_s", "arrival_s", "close_s", "offer_s")
    values: dict[str, Any] = {name: getattr(body, name) for name in plain}
    values["version"] = str(record.version)
    values["handover_needs_consent"] = body.handover_needs_consent
    values["day_and_night"] = body.day_and_night
    for kind, roles in body.roles.items():
        values[f"roles_{kind}"] = roles
    for row, step in enumerate(body.steps, start=1):
        for name in STEP_FIELDS:
            values[f"step_{row}_{name}"] = getattr(step, name)
    if body.quiet is not None:
        for name in ("starts", "ends", "channels"):
            values[f"quiet_{name}"] = getattr(body.quiet, name)
    return values


# --- who stands in --------------------------------------------------------------------------


@blueprint.route("/substitute/new", methods=["GET", "POST"])
def new_substitute() -> str | Response:
    """A page for a role that nobody stands in for yet."""
    return _substitute(None)


@blueprint.route("/substitute/<role>", methods=["GET", "POST"])
def substitute(role: str) -> str | Response:
    """A page for who stands in for a role."""
    return _substitute(open_record("substitute", role))


def _substitute(record: Record | None) -> str | Response:
    form = SubstituteForm.posted() if request.method == "POST" else _filled(record)
    form.role.choices = [
        (name, str(text))
        for name, text in words.ROLES.items()
        if record is None or name == record.id
    ]
    role = record.id if record else form.role.data or ""
    if saved(form, "substitute", role):
        return redirect(url_for("policies.listing"))
    return render_template("substitute.html", form=form, record=record, may_edit=may_edit())


def _filled(record: Record | None) -> SubstituteForm:
    if record is None:
        return SubstituteForm.filled(1)
    insteads = record.body.instead
    values = {f"instead_{number}_role": role for number, role in enumerate(insteads, start=1)}
    return SubstituteForm.filled(
        max(len(insteads), 1), version=str(record.version), role=record.id, **values
    )


@blueprint.post("/<any(policy, substitute):kind>/<id>/retire")
def retire(kind: str, id: str) -> Response:
    """Takes one out of use."""
    retire_and_say(kind, id, _("Taken out of use."))
    return redirect(url_for("policies.listing"))
