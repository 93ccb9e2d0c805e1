"""The words for everything the programs call by name, in one place and both languages.

Tables are lazy: each is spoken in the language of the request. A name that is not here is shown
as it is, since a newer gateway may know more than this board.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from dashboard.pages import care_words, closing_words, policy_words, situation_words, times
from dashboard.pages.answer_words import answer_words
from dashboard.pages.poster_words import POSTER

# What staff may speak.
LANGUAGES = {
    "zh": _l("Mandarin"),
    "yue": _l("Cantonese"),
    "wuu": _l("Shanghainese"),
    "en": _l("English"),
    "sgn": _l("Sign language"),
}

KINDS = {
    "urgent": _l("Urgent call"),
    "silent": _l("Silent call"),
    "call": _l("Call"),
    "seat": _l("Seat check"),
}
KIND_HINTS = {
    "urgent": _l("The button was held. Go at once."),
    "silent": _l("Security. Stay calm, make no sign."),
    "call": _l("A customer asks for help."),
    "seat": _l("Somebody has been sitting for long. Look after them."),
}
STAGES = {
    "raised": _l("Nobody is coming yet"),
    "accepted": _l("On the way"),
    "arrived": _l("At the place"),
    "closed": _l("Closed"),
}
OUTCOMES = {
    "helped": _l("Helped"),
    "ambulance": _l("Ambulance 120"),
    "police": _l("Police 110"),
    "family": _l("Family came"),
    "referred": _l("Passed on"),
    "false_call": _l("False call"),
    "left": _l("Had left"),
    "other": _l("Other"),
}
SITUATIONS = situation_words.SITUATIONS
ROLES = {
    "customer_service": _l("Customer service"),
    "security": _l("Security"),
    "first_aid": _l("First aid"),
    "lead": _l("Duty lead"),
    "maintenance": _l("Maintenance"),
    "admin": _l("Administrator"),
}
OVERDUE = {
    "arrival": _l("Accepted, but nobody has arrived"),
    "close": _l("Arrived, but still not closed"),
}
# A fault's name → (what does not work, what to do).
FAULTS = {
    "silent": (_l("Nothing heard of it"), _l("Look at its power, its network, then its card.")),
    "offline": (_l("Its connection has ended"), _l("Look at its power and its network.")),
    "unconfigured": (_l("Not in the configuration"), _l("Maintenance: add it to gateway.toml.")),
    "foreign_unit": (
        _l("Another unit speaks for it"),
        _l("Maintenance: compare the points in gateway.toml with those of the units."),
    ),
    "outbox_unwritable": (
        _l("Its card cannot be written"),
        _l("Replace the card; a power cut would lose calls under way."),
    ),
    "outbox_damaged": (_l("Its memory was damaged"), _l("Replace the card soon.")),
    "lamp_failed": (_l("A lamp cannot be switched"), _l("Look at the unit's wiring.")),
    "inbox_overflowed": (
        _l("More happened than it could take"),
        _l("Maintenance: look into the unit's log."),
    ),
    "call_stuck": (_l("Button stuck"), _l("Free it or replace it.")),
    "call_cut": (_l("Button line cut"), _l("Mend the cable. Put a person there until then.")),
    "call_short": (
        _l("Button line short-circuited"),
        _l("Mend the cable. Put a person there until then."),
    ),
    "call_floating": (
        _l("Button line flickers"),
        _l("Look for a loose wire, a missing pull-up or interference."),
    ),
    "seat_stuck": (_l("Seat sensor stuck"), _l("Free it or replace it.")),
    "seat_cut": (_l("Seat line cut"), _l("Mend the cable.")),
    "seat_short": (_l("Seat line short-circuited"), _l("Mend the cable.")),
    "seat_floating": (
        _l("Seat line flickers"),
        _l("Look for a loose wire, a missing pull-up or interference."),
    ),
    "away": (_l("No connection to the broker"), _l("Maintenance: look at mosquitto.")),
    "store_unwritable": (
        _l("The records cannot be written"),
        _l("Free space on the gateway. Units keep their calls until then."),
    ),
    "store_replaced": (
        _l("The records were damaged and begun anew"),
        _l("Look at each point in person; restore a backup."),
    ),
    "records_unreadable": (
        _l("Some plans cannot be read and do not count"),
        _l("Write them anew on their pages."),
    ),
    "room_failed": (
        _l("A part of the gateway has failed; calls go on without it"),
        _l("Maintenance: keep the gateway's log, and update."),
    ),
    "overloaded": (_l("More arrives than it can take"), _l("Maintenance: look for a flood.")),
    "failing": (_l("Messages are not delivered"), _l("Ring by telephone instead.")),
    **care_words.FAULTS,
    **closing_words.FAULTS,
    **policy_words.FAULTS,
}
# Those that mean something else of a point.
POINT_FAULTS = {
    "unconfigured": (
        _l("Has no name yet"),
        _l("A lead or maintenance names it on the page of points."),
    ),
}
LINES = {
    "ok": _l("OK"),
    "stuck": _l("Stuck"),
    "cut": _l("Line cut"),
    "short": _l("Short circuit"),
    "floating": _l("Flickers"),
}
SEATS = {"occupied": _l("Occupied"), "vacated": _l("Free")}
FEEDBACK = {
    "idle": _l("Ready"),
    "raised": _l("Calling"),
    "accepted": _l("Somebody is coming"),
    "arrived": _l("Somebody is there"),
}
LAMPS = {
    "off": _l("Lamp off"),
    "saved": _l("Fast blink: saved in the unit"),
    "recorded": _l("Slow blink: the team is told"),
    "coming": _l("Steady: a person is coming"),
    "undelivered": _l("Double blink: not delivered, staff nearby please look"),
}
SOUNDERS = {"off": _l("Sounder quiet"), "on": _l("Sounder on")}
NOTICES = {
    "waiting": _l("On its way"),
    "delivered": _l("Delivered"),
    "failed": _l("Not delivered"),
    "replaced": _l("Not needed any more"),
}
WHYS = {
    "step": _l("New call"),
    "again": _l("Told again"),
    "urgent": _l("Became urgent"),
    "real": _l("No drill any more"),
    "overdue_arrival": _l("Nobody has arrived"),
    "overdue_close": _l("Not closed yet"),
    "handover": _l("Handed over"),
    "step_overdue": _l("Step overdue"),
    **policy_words.WHYS,
}
GATEWAY = {"online": _l("Running"), "offline": _l("Stopped"), "silent": _l("Not heard")}
PRESENCE = {"online": _l("Connected"), "offline": _l("Not connected")}
STAGE_FILTERS = {"all": _l("All"), "open": _l("Open"), "closed": _l("Closed")}


def word(table: Mapping[str, object], name: str | None) -> str:
    """The word for `name`, or the name itself; "" for None."""
    if name is None:
        return ""
    return str(table.get(name, name))


def fault_words(name: str, subject: str) -> tuple[str, str]:
    """(what does not work, what to do about it); the name itself for one we do not know."""
    is_point = subject.startswith("point/")
    named = POINT_FAULTS.get(name) if is_point else None
    what, remedy = named or FAULTS.get(name, (name, ""))
    return str(what), str(remedy)


def fault_detail(name: str, detail: str) -> str:
    """What a fault says besides its name, with our own ids in words."""
    if name == "failing":
        return answer_words(detail)
    if name == "uncovered_later":
        return _("from %(time)s", time=detail)
    said = policy_words.detail_words(name, detail, ROLES)
    return re.sub(r"\b\d{4}-\d\d-\d\d\b", lambda found: times.iso_day(found[0]), said)


def subject_words(subject: str, labels: Mapping[str, str]) -> str:
    """What a fault is about. labels: {point: its name for people}."""
    if subject in labels:
        return labels[subject]
    kind, _slash, name = subject.partition("/")
    match kind:
        case "unit":
            return _("Unit %(name)s", name=name)
        case "point":
            return labels.get(name, name)
        case "channel":
            return _("Channel %(name)s", name=name)
        case "terminal":
            return _("Board %(name)s", name=name)
        case "gateway":
            return _("Gateway")
        case "broker":
            return _("Broker")
        case "policy":
            return policy_words.subject_words(name, labels)
    ours = closing_words.subject_words(kind, name)
    return ours or care_words.subject_words(kind, name, ROLES) or subject


def step_words(step: int) -> str:
    """How far the escalation has come. What each step tells is the policy's, which may have changed
    since; that it was not the first people who came is what matters."""
    if step < 1:
        return _("The first people told")
    return ngettext("More people told", "More people told, %(num)d times", step)


def event_words(event: str, detail: Mapping[str, object], names: Mapping[str, str]) -> str:
    """One log entry in words. names: {staff id: name}."""
    if event in _EVENTS:
        said = str(_EVENTS[event])
    else:
        speak = _SPOKEN.get(event)
        said = speak(detail, names) if speak else event
    if event in _TELLS_TOO and detail.get("told"):
        return _("%(what)s. Told: %(people)s", what=said, people=_people(detail, names))
    return said


def _raised(detail: Mapping[str, object], names: Mapping[str, str]) -> str:
    return _(
        "%(kind)s. Told: %(people)s",
        kind=word(KINDS, _text(detail, "kind")),
        people=_people(detail, names),
    )


def _arrived(detail: Mapping[str, object], names: Mapping[str, str]) -> str:
    if detail.get("how") == "presence":
        return _("Arrived: the presence button was pressed")
    return _("Arrived")


def _joined(detail: Mapping[str, object], names: Mapping[str, str]) -> str:
    return _("Button held") if detail.get("what") == "held" else _("Pressed again")


def _closed(detail: Mapping[str, object], names: Mapping[str, str]) -> str:
    text = _text(detail, "text")
    ending = _("Closed: %(outcome)s", outcome=word(OUTCOMES, _text(detail, "outcome")))
    unknown = _text(detail, "unknown_situation")
    return ". ".join(one for one in (ending, unknown, text) if one)


def _handed_over(detail: Mapping[str, object], names: Mapping[str, str]) -> str:
    to = _text(detail, "to")
    return _("Handed over to %(name)s", name=names.get(to, to))


def _step(detail: Mapping[str, object], names: Mapping[str, str]) -> str:
    return _(
        "Not answered: %(step)s. Told: %(people)s",
        step=step_words(_number(detail, "step")),
        people=_people(detail, names),
    )


def _escalated(detail: Mapping[str, object], names: Mapping[str, str]) -> str:
    return _(
        "Asked for more help: %(step)s. Told: %(people)s",
        step=step_words(_number(detail, "step")),
        people=_people(detail, names),
    )


def _noted(detail: Mapping[str, object], names: Mapping[str, str]) -> str:
    return _("Note: %(text)s", text=_text(detail, "text"))


def _told(sentence: object) -> Callable[[Mapping[str, object], Mapping[str, str]], str]:
    def speak(detail: Mapping[str, object], names: Mapping[str, str]) -> str:
        return _("%(what)s. Told: %(people)s", what=str(sentence), people=_people(detail, names))

    return speak


def _notice(sentence: object) -> Callable[[Mapping[str, object], Mapping[str, str]], str]:
    def speak(detail: Mapping[str, object], names: Mapping[str, str]) -> str:
        channel, answer = _text(detail, "channel"), answer_words(_text(detail, "detail"))
        said = ": ".join(text for text in (channel, answer) if text)
        return f"{sentence}{_(': ')}{said}" if said else str(sentence)

    return speak


def _people(detail: Mapping[str, object], names: Mapping[str, str]) -> str:
    told = detail.get("told")
    if not isinstance(told, list | tuple) or not told:
        return _("nobody")
    return _(", ").join(names.get(str(staff), str(staff)) for staff in told)


def _text(detail: Mapping[str, object], key: str) -> str:
    value = detail.get(key)
    return value if isinstance(value, str) else ""


def _number(detail: Mapping[str, object], key: str) -> int:
    value = detail.get(key)
    return value if isinstance(value, int) else 0


_EVENTS = {
    **closing_words.EVENTS,
    "accepted": _l("Accepted: on the way"),
    "became_real": _l("No drill any more: this is real"),
    "became_urgent": _l("Became an urgent call"),
    "raised_earlier": _l("A repeated message proved that the press was earlier"),
    "became_silent": _l("Became a silent call"),
    "became_call": _l("Became a call: the button was pressed"),
    "signed_in": _l("Signed in"),
    "sign_in_refused": _l("Sign-in refused"),
    "sign_in_slowed": _l("Sign-in slowed down: too many wrong PINs"),
    "fault_raised": _l("Fault"),
    "fault_cleared": _l("Fault gone"),
}
# What may lead to a telling and need not.
_TELLS_TOO = frozenset({"joined", "became_real", "possible_fall", "situation_set"})
_SPOKEN: Mapping[str, Callable[[Mapping[str, object], Mapping[str, str]], str]] = {
    "raised": _raised,
    "joined": _joined,
    "arrived": _arrived,
    "closed": _closed,
    "handed_over": _handed_over,
    "step_taken": _step,
    "escalated": _escalated,
    "noted": _noted,
    "told_again": _told(_l("Still not answered, told again")),
    "needed": _told(_l("Came on duty, and is needed there")),
    "role_lost": _told(_l("Has a role no more that this call needs")),
    "left_on_the_way": _told(_l("Went off duty before arriving")),
    "overdue_arrival": _told(_l("Accepted, but nobody has arrived")),
    "overdue_close": _told(_l("Arrived, but still not closed")),
    "notice_delivered": _notice(_l("Message delivered")),
    "notice_failed": _notice(_l("Message not delivered")),
    "notice_replaced": _notice(_l("Message not needed any more")),
    "canary_delivered": _notice(_l("Test message delivered")),
    "canary_failed": _notice(_l("Test message not delivered")),
    **situation_words.SPOKEN,
    **care_words.SPOKEN,
    **closing_words.SPOKEN,
    **policy_words.SPOKEN,
    "substituted": policy_words.substituted(ROLES),
}

# What somebody may answer to being told or offered: the touch's picture and words.
ANSWERS = {
    "take": ("check", _l("I take it over")),
    "decline": ("out", _l("I cannot take it")),
    "busy": ("clock", _l("I am busy")),
    "refuse": ("out", _l("I will not come")),
}

# What templates may say.
GLOBALS = {
    "ANSWERS": ANSWERS,
    **situation_words.GLOBALS,
    **closing_words.GLOBALS,
    "answer_words": answer_words,
    "word": word,
    "ngettext": ngettext,
    "KINDS": KINDS,
    "LANGUAGES": LANGUAGES,
    "KIND_HINTS": KIND_HINTS,
    "STAGES": STAGES,
    "OUTCOMES": OUTCOMES,
    "SITUATIONS": SITUATIONS,
    "ROLES": ROLES,
    "REFUSALS": policy_words.REFUSALS,
    "RESOURCES": care_words.RESOURCES,
    "POSTER": POSTER,
    "near_words": care_words.near_words,
    "where_to_go": care_words.where_to_go,
    "OVERDUE": OVERDUE,
    "LINES": LINES,
    "SEATS": SEATS,
    "FEEDBACK": FEEDBACK,
    "LAMPS": LAMPS,
    "SOUNDERS": SOUNDERS,
    "NOTICES": NOTICES,
    "WHYS": WHYS,
    "GATEWAY": GATEWAY,
    "PRESENCE": PRESENCE,
    "STAGE_FILTERS": STAGE_FILTERS,
    "step_words": step_words,
}
