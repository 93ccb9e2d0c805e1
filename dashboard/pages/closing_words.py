"""Words of what comes after a call: follow-ups, reviews, private notes, drills, walk tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from dashboard.language import get_locale
from gateway.store import Record

# A fault's name → (what is wrong, what to do).
FAULTS = {
    "overdue": (_l("Overdue"), _l("See to it, or move it with a reason.")),
    "not_tested_yet": (
        _l("Button never tested"),
        _l("Maintenance: walk the round and test it."),
    ),
    "untested": (
        _l("Button not tested for long"),
        _l("Maintenance: walk the round and test it."),
    ),
    "left_untested": (
        _l("Button left out of the last walk test"),
        _l("Maintenance: walk the round and test it."),
    ),
    "private_key_unreadable": (
        _l("Private notes cannot be written or shown"),
        _l("Maintenance: restore private.key."),
    ),
}
# Faults whose detail is worth reading.
NEWS = ("overdue",)
WHOSE = {"owner": _l("Whoever owned the call"), "lead": _l("A duty lead")}
CRITERIA = {
    "accept": _l("Accepted in time"),
    "arrive": _l("Arrived in time"),
    "roles": _l("Every role covered"),
    "checklist": _l("Checklist done"),
}
DRILL_STATES = {
    "waiting": _l("Beginning"),
    "running": _l("Running"),
    "real": _l("Became real"),
    "scored": _l("Scored"),
    "lost": _l("Not held: a customer called in that instant"),
}
DRILL_KINDS = {"urgent": _l("Urgent call"), "call": _l("Call")}
HOWS_TESTED = {"armed": _l("test press"), "call": _l("by a call")}

# The rule of the follow-up that a low mark makes; its id is the complaint's with this behind it.
# What makes a follow-up of a complaint: its low mark, or that its next step is late.
COMPLAINT_RULES = (
    "complaint-mark",
    "complaint-first_look",
    "complaint-answer",
    "complaint-word",
)

Speak = Callable[[Mapping[str, object], Mapping[str, str]], str]


def rise_words(day: Any) -> str:
    """How many complaints came today, beside what is usual on this day of the week."""
    usual = round(day.usual)
    if not usual:
        return _(
            "More complaints than usual today: %(count)d; mostly there is none", count=day.count
        )
    return _(
        "More complaints than usual today: %(count)d; on this weekday mostly %(usual)s",
        count=day.count,
        usual=usual,
    )


def in_words(what: object) -> str:
    """What is to be done, in the language of the request. what: as a record or a log has it."""
    if isinstance(what, Mapping):
        zh, en = str(what.get("zh", "")), str(what.get("en", ""))
    else:
        zh, en = getattr(what, "zh", ""), getattr(what, "en", "")
    return (zh or en) if get_locale() == "zh" else (en or zh)


def complaint_of(followup: Record) -> str:
    """The id of the complaint that is to be followed up; "" of any other follow-up."""
    rule = followup.body.rule
    return followup.id.removesuffix(f".{rule}") if rule in COMPLAINT_RULES else ""


def subject_words(kind: str, name: str) -> str | None:
    """What a fault is about; None for what is not ours."""
    match kind:
        case "followups":
            return _("Follow-ups of %(name)s", name=name)
        case "drill":
            return _("Drill %(name)s", name=name)
    return None


def _about(sentence: object) -> Speak:
    def speak(detail: Mapping[str, object], names: Mapping[str, str]) -> str:
        return f"{sentence}: {in_words(detail.get('what'))}"

    return speak


def _made(detail: Mapping[str, object], names: Mapping[str, str]) -> str:
    owner = str(detail.get("owner", ""))
    return _(
        "To be done: %(what)s (%(name)s)",
        what=in_words(detail.get("what")),
        name=names.get(owner, owner),
    )


def _done(detail: Mapping[str, object], names: Mapping[str, str]) -> str:
    said = _("Done: %(what)s", what=in_words(detail.get("what")))
    note = str(detail.get("note") or "")
    return f"{said}. {note}" if note else said


def _moved(detail: Mapping[str, object], names: Mapping[str, str]) -> str:
    return _(
        "Moved: %(what)s. %(why)s",
        what=in_words(detail.get("what")),
        why=str(detail.get("why") or ""),
    )


def _given(detail: Mapping[str, object], names: Mapping[str, str]) -> str:
    to = str(detail.get("to", ""))
    return _(
        "Given to %(name)s: %(what)s",
        what=in_words(detail.get("what")),
        name=names.get(to, to),
    )


def _scored(detail: Mapping[str, object], names: Mapping[str, str]) -> str:
    passed, failed = detail.get("passed"), detail.get("failed")
    met = len(passed) if isinstance(passed, list) else 0
    missed = len(failed) if isinstance(failed, list) else 0
    return _("Drill scored: %(met)d of %(all)d", met=met, all=met + missed)


EVENTS = {
    "review_saved": _l("After-action note written"),
    "private_noted": _l("Private note written"),
    "private_looked": _l("Private note read"),
    "private_deleted": _l("Private note deleted"),
    "drill_became_real": _l("The drill has become real"),
}
SPOKEN: Mapping[str, Speak] = {
    "followup_made": _made,
    "followup_done": _done,
    "followup_moved": _moved,
    "followup_given": _given,
    "followup_overdue": _about(_l("Overdue")),
    "drill_scored": _scored,
}
GLOBALS = {
    "rise_words": rise_words,
    "complaint_of": complaint_of,
    "in_words": in_words,
    "WHOSE": WHOSE,
    "CRITERIA": CRITERIA,
    "DRILL_STATES": DRILL_STATES,
    "DRILL_KINDS": DRILL_KINDS,
    "HOWS_TESTED": HOWS_TESTED,
    "ngettext": ngettext,
}
