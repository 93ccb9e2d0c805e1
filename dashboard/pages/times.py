"""Times and durations as people read them, in the branch's time zone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import wraps

from flask_babel import format_date, format_datetime, to_user_timezone
from flask_babel import gettext as _

from dashboard.language import get_locale
from protocol.moment import parse_rfc3339, rfc3339

NOTHING = "—"


def today() -> date:
    """The branch's own date."""
    return to_user_timezone(datetime.now(UTC)).date()


def _or_as_it_stands(show: Callable[[str], str]) -> Callable[[str | None], str]:
    """What shows a time; a dash for none, and a text whose time cannot be shown as it stands: one
    odd record is better seen on its page than the end of every page that lists it."""

    @wraps(show)
    def shown(text: str | None) -> str:
        if not text:
            return NOTHING
        try:
            return show(text)
        except (ValueError, OverflowError):
            return text

    return shown


@_or_as_it_stands
def at(text: str) -> str:
    """The time of an RFC 3339 text: with its date, to the second."""
    return format_datetime(moment_of(text), _("d MMM y HH:mm:ss"))


@_or_as_it_stands
def clock(text: str) -> str:
    """The time of day of an RFC 3339 text, to the second; with its date when not today's."""
    moment = moment_of(text)
    today = to_user_timezone(datetime.now(UTC)).date()
    is_today = to_user_timezone(moment).date() == today
    return format_datetime(moment, "HH:mm:ss" if is_today else _("d MMM HH:mm:ss"))


@_or_as_it_stands
def hour(text: str) -> str:
    """The time of day for a large clock."""
    return format_datetime(moment_of(text), "HH:mm")


@_or_as_it_stands
def day(text: str) -> str:
    """The date for a large clock, with the day of the week."""
    return format_datetime(
        moment_of(text), "y年M月d日 EEEE" if get_locale() == "zh" else "EEEE d MMMM y"
    )


def calendar_day(of: date) -> str:
    """A day of the calendar, with its year."""
    return format_date(of, _("d MMM y"))


@_or_as_it_stands
def day_of(text: str) -> str:
    """The day of an RFC 3339 text, with its year."""
    return calendar_day(to_user_timezone(moment_of(text)).date())


def iso_day(text: str) -> str:
    """A day written as 2026-12-05 as people read it; what is no such day as it is."""
    try:
        return calendar_day(date.fromisoformat(text))
    except ValueError:
        return text


@_or_as_it_stands
def until(text: str) -> str:
    """The end of a time: with its date, to the minute; the last minute of a day is its end."""
    moment = to_user_timezone(moment_of(text))
    if (moment.hour, moment.minute) == (23, 59):
        return _("the end of %(day)s", day=calendar_day(moment.date()))
    return format_datetime(moment_of(text), _("d MMM y HH:mm"))


def weekday_and_day(of: date) -> str:
    """A day of the calendar as a column's head: its weekday and its date."""
    return format_date(of, _("EEE d MMM"))


def duration(ms: int | None) -> str:
    """A stopwatch: 1:05, 12:40, 3:02:09; a dash for None."""
    if ms is None:
        return NOTHING
    minutes, seconds = divmod(max(ms, 0) // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def lasting(seconds: int | None) -> str:
    """A rough length of time for machines: 3 days 4 h, 5 h 12 min, 40 s."""
    if seconds is None:
        return NOTHING
    minutes, rest_s = divmod(seconds, 60)
    hours, rest_min = divmod(minutes, 60)
    days, rest_h = divmod(hours, 24)
    if days:
        return _("%(days)d d %(hours)d h", days=days, hours=rest_h)
    if hours:
        return _("%(hours)d h %(minutes)d min", hours=hours, minutes=rest_min)
    if minutes:
        return _("%(minutes)d min %(seconds)d s", minutes=minutes, seconds=rest_s)
    return _("%(seconds)d s", seconds=rest_s)


def from_ms(utc_ms: int) -> str:
    """The RFC 3339 text of UTC milliseconds."""
    return rfc3339(utc_ms)


def moment_of(text: str) -> datetime:
    return datetime.fromtimestamp(parse_rfc3339(text) / 1000, UTC)


@_or_as_it_stands
def number_to_say(text: str) -> str:
    """A number that two people can tell each other, from when something began: 1128-0258 is what
    began on 28 November at 2:58. The id, which no two things share, stands beside it."""
    return format_datetime(moment_of(text), "MMdd-HHmm")


def lower_first(text: object) -> str:
    """Words of a button as they stand within a sentence."""
    said = str(text)
    return said[:1].lower() + said[1:]


FILTERS = {
    "lower_first": lower_first,
    "number_to_say": number_to_say,
    "at": at,
    "clock": clock,
    "hour": hour,
    "day": day,
    "calendar_day": calendar_day,
    "day_of": day_of,
    "iso_day": iso_day,
    "until": until,
    "weekday_and_day": weekday_and_day,
    "duration": duration,
    "lasting": lasting,
    "from_ms": from_ms,
}
