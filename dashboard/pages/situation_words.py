"""The words for playbooks, the outside and complaints."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from dashboard.board import the_board
from dashboard.language import get_locale
from dashboard.pages.times import duration
from dashboard.store import StoreError

Detail = Mapping[str, object]
Speak = Callable[[Detail, Mapping[str, str]], str]

SITUATIONS = {
    "fainted": _l("Fainted"),
    "sudden_illness": _l("Sudden illness"),
    "fall": _l("Fall"),
    "lost_person": _l("Lost person"),
    "property_loss": _l("Property loss"),
    "complaint": _l("Complaint"),
    "urgent_business": _l("Urgent banking business"),
    "other": _l("Other"),
}
CATEGORIES = {
    "claims": _l("Claims"),
    "service": _l("Service"),
    "product": _l("Product"),
    "other": _l("Other"),
}
CHANNELS = {
    "counter": _l("At the counter"),
    "telephone": _l("By telephone"),
    "mail": _l("By mail"),
    "online": _l("Online"),
}
COMPLAINT_STATES = {
    "open": _l("To be looked into"),
    "looked_into": _l("To be answered"),
    "answered": _l("Answered: ask how it was"),
    "marked": _l("The customer has spoken: to be closed"),
    "done": _l("Done"),
    "withdrawn": _l("Withdrawn"),
}
COMPLAINT_OVERDUE = {
    "first_look": _l("First look overdue"),
    "answer": _l("Answer overdue"),
    "word": _l("The customer's word is overdue"),
}
CONDITIONS = {"yes": _l("Yes"), "no": _l("No"), "unclear": _l("Unclear")}
MISSING = {
    "address": _l("the branch's address"),
    "phone": _l("a number to ring back"),
    "conscious": _l("awake or not"),
    "breathing": _l("breathing or not"),
    "age": _l("about what age"),
}


def missing_words(names: Iterable[str]) -> str:
    """What the script cannot say yet, as whoever is rung will ask for it."""
    return _(", ").join(str(MISSING[name]) for name in names)


HOWS = {"done": _l("Done"), "not_needed": _l("Not needed"), "called": _l("Called")}


def spoken(text: object) -> str:
    """A text that stands in both languages, in that of the request; the other if one is empty."""
    zh, en = getattr(text, "zh", ""), getattr(text, "en", "")
    return (zh or en) if get_locale() == "zh" else (en or zh)


def situation_name(situation: str | None) -> str:
    """The name of a situation as the branch's playbook has it; "" for None."""
    if not situation:
        return ""
    try:
        playbook = the_board().reader.record("playbook", situation)
    except StoreError:
        playbook = None
    return spoken(playbook.body.name) if playbook else str(SITUATIONS.get(situation, situation))


def _named(detail: Detail) -> str:
    """What a log entry speaks of, in the language of the request."""
    text = detail.get(get_locale()) or detail.get("step") or detail.get("contact") or ""
    return str(text)


def _late(detail: Detail) -> str:
    late_ms = detail.get("late_ms")
    if not isinstance(late_ms, int) or late_ms < 1000:
        return ""
    return _(", late by %(time)s", time=duration(late_ms))


def _ticked(detail: Detail, names: Mapping[str, str]) -> str:
    if detail.get("how") == "not_needed":
        return _("Not needed: %(step)s", step=_named(detail))
    return _("Done: %(step)s", step=_named(detail)) + _late(detail)


def _called(detail: Detail, names: Mapping[str, str]) -> str:
    whom = " ".join(one for one in (_named(detail), str(detail.get("number") or "")) if one)
    said = detail.get("said")
    return _("Rang %(whom)s", whom=whom) + (f": {said}" if said else "")


def _reported(detail: Detail, names: Mapping[str, str]) -> str:
    parts = []
    if detail.get("age") is not None:
        parts.append(_("about %(age)s years old", age=detail["age"]))
    sentences = {"conscious": _("awake: %(how)s"), "breathing": _("breathing: %(how)s")}
    for key, sentence in sentences.items():
        if detail.get(key) in CONDITIONS:
            parts.append(sentence % {"how": CONDITIONS[str(detail[key])]})
    if detail.get("what"):
        parts.append(str(detail["what"]))
    return _("Seen: %(what)s", what=_(", ").join(parts) or "—")


def _simple(sentence: object) -> Speak:
    return lambda detail, names: str(sentence) % {"what": _named(detail)}


def _with_text(sentence: object) -> Speak:
    def speak(detail: Detail, names: Mapping[str, str]) -> str:
        text = str(detail.get("text") or "")
        return (f"{sentence}: {text}" if text else str(sentence)) + _late(detail)

    return speak


def _marked(detail: Detail, names: Mapping[str, str]) -> str:
    score, text = detail.get("score"), str(detail.get("text") or "")
    said = _("The customer's word")
    return f"{said}: " + " ".join(one for one in (f"{score}/5" if score else "", text) if one)


def _overdue(detail: Detail, names: Mapping[str, str]) -> str:
    return _("Complaint") + ": " + str(COMPLAINT_OVERDUE.get(str(detail.get("what")), "")).strip()


def _situation(detail: Detail, names: Mapping[str, str]) -> str:
    name = situation_name(str(detail.get("situation") or ""))
    return _("Situation: %(situation)s", situation=name)


SPOKEN: dict[str, Speak] = {
    "situation_set": _situation,
    "checklist_begun": lambda detail, names: _("The checklist has begun"),
    "checklist_replaced": lambda detail, names: _("The checklist of before was put aside"),
    "checklist_anew": lambda detail, names: _("The checklist begins anew: the drill became real"),
    "step_ticked": _ticked,
    "step_unticked": _simple(_l("Tick taken back: %(what)s")),
    "step_overdue": _simple(_l("Overdue: %(what)s")),
    "step_added": _simple(_l("To be done now: %(what)s")),
    "outside_reported": _reported,
    "outside_called": _called,
    "outside_arrived": _simple(_l("%(what)s: they are here")),
    "outside_cancelled": _simple(_l("%(what)s: not needed any more")),
    "family_contact_kept": lambda detail, names: _("A family number was noted"),
    "family_contact_kept_on": lambda detail, names: _(
        "The family number is kept until the family has been told"
    ),
    "family_contact_forgotten": lambda detail, names: _("The family number was forgotten"),
    "complaint_opened": lambda detail, names: _("Complaint recorded"),
    "complaint_changed": lambda detail, names: _("Complaint changed"),
    "complaint_withdrawn": lambda detail, names: _("Complaint withdrawn"),
    "complaint_looked_into": _with_text(_l("Complaint looked into")),
    "complaint_answered": _with_text(_l("Complaint answered")),
    "complaint_marked": _marked,
    "complaint_done": _with_text(_l("Complaint done")),
    "complaint_closed": _with_text(_l("Complaint closed")),
    "complaint_overdue": _overdue,
}

GLOBALS = {
    "spoken": spoken,
    "situation_name": situation_name,
    "CATEGORIES": CATEGORIES,
    "CHANNELS": CHANNELS,
    "COMPLAINT_STATES": COMPLAINT_STATES,
    "COMPLAINT_OVERDUE": COMPLAINT_OVERDUE,
    "CONDITIONS": CONDITIONS,
    "missing_words": missing_words,
    "HOWS": HOWS,
}
