"""Words of resources, of care before the call, and of opening and closing the branch."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext, ngettext

from gateway.store.outlook import Nearest

RESOURCES = {
    "first_aid_kit": _l("First-aid kit"),
    "medicine": _l("Medicine"),
    "aed": _l("AED (defibrillator)"),
    "wheelchair": _l("Wheelchair"),
    "stretcher": _l("Stretcher"),
    "reading_glasses": _l("Reading glasses"),
    "other": _l("Something else"),
}
NEAR = {
    "point": _l("right there"),
    "place": _l("in the same area"),
    "branch": _l("elsewhere in the branch"),
}


def near_words(one: Nearest) -> str:
    """How near a resource is to a call."""
    if one.where == "point" or one.away_m is None:
        return str(NEAR[one.where])
    away = _away(one.away_m)
    return away if one.where == "branch" else f"{NEAR[one.where]} · {away}"


def _away(metres: int) -> str:
    return _("%(metres)d\N{NO-BREAK SPACE}m away", metres=metres)


def where_to_go(one: Nearest) -> str:
    """Where a resource is, as short as a card needs it."""
    place = one.record.body.place
    if not place or one.away_m is None:
        return place or near_words(one)
    return f"{place} · {_away(one.away_m)}"


# A fault's name → (what is wrong, what to do).
FAULTS = {
    "expires_soon": (_l("Expires soon"), _l("Renew it, and write the new day.")),
    "expired": (_l("Expired"), _l("Replace it, and write the new day.")),
    "check_overdue": (
        _l("Has not been checked"),
        _l('See whether it is whole, then touch "Checked".'),
    ),
    "too_few": (_l("Too few at their place"), _l("Bring back what is out, or buy more.")),
    "not_closed": (
        _l("Opened and never closed"),
        _l("Walk the closing sweep: it closes that day."),
    ),
    "still_out": (_l("Still out"), _l("Bring it back, or say that it was used up.")),
}
# What stands in the way of opening or closing → in words.
IN_THE_WAY = {
    "uncovered": _l("Nobody on duty covers this role"),
    "uncovered_later": _l("Nobody covers this role later today"),
    "nothing_entered": _l("Nothing is entered yet"),
    "never_tested": _l("No button was ever tested in a round"),
    "occupied_seat": _l("Somebody may still sit there: go and look"),
    "open_incident": _l("This call is still open"),
    "open_outside_call": _l("This call outside has not ended"),
}
DAY_STATES = {
    "unknown": _l("No opening hours are known for today"),
    "before": _l("Not yet opening time"),
    "unopened": _l("Not opened yet today"),
    "open": lazy_pgettext("branch", "Open"),
    "closed": _l("Closed for today"),
    "unclosed": _l("A day before was never closed"),
}

Speak = Callable[[Mapping[str, object], Mapping[str, str]], str]


def _moved(sentence: Callable[[int], str]) -> Speak:
    def speak(detail: Mapping[str, object], names: Mapping[str, str]) -> str:
        count = detail.get("count")
        return f"{sentence(count if isinstance(count, int) else 1)}: {detail.get('name', '')}"

    return speak


def _fall(detail: Mapping[str, object], names: Mapping[str, str]) -> str:
    ms = detail.get("after_ms")
    seconds = round(ms / 1000) if isinstance(ms, int) else 0
    return _("Possible fall: the seat was empty %(seconds)d s after the press", seconds=seconds)


SPOKEN: Mapping[str, Speak] = {
    "possible_fall": _fall,
    "resource_taken": _moved(lambda num: ngettext("%(num)d taken", "%(num)d taken", num)),
    "resource_back": _moved(lambda num: ngettext("%(num)d back", "%(num)d back", num)),
    "resource_used": _moved(lambda num: ngettext("%(num)d used up", "%(num)d used up", num)),
}


def subject_words(kind: str, name: str, roles: Mapping[str, object]) -> str | None:
    """What a fault or a gap is about; None for what is not ours."""
    match kind:
        case "resource":
            return _("Resource %(name)s", name=name)
        case "role":
            return str(roles.get(name, name))
        case "certificate":
            return _("Certificate")
        case "seat":
            return _("Seat")
        case "incident":
            return _("Call")
        case "outside_call":
            return _("Call outside")
        case "hours":
            return _("Opening hours")
        case "resources":
            return _("Resources")
        case "shifts":
            return _("Shifts")
        case "buttons":
            return _("Walk test")
        case "day":
            return _("Day of business %(day)s", day=name)
    return None
