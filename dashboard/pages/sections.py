"""The sections of a report: each a table, and for some a plot, from the figures of a period.

A new section is one function here that takes the figures and returns a table, or None when there
is nothing to show, and one line in `SECTIONS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from dashboard.figures import Figures, ResponseFigures
from dashboard.pages import words
from dashboard.pages.tables import Row, Table
from dashboard.pages.times import NOTHING, duration
from dashboard.review.groups import RoleFigures
from dashboard.review.period import Period

WEEKDAYS = {
    "1": _l("Monday"),
    "2": _l("Tuesday"),
    "3": _l("Wednesday"),
    "4": _l("Thursday"),
    "5": _l("Friday"),
    "6": _l("Saturday"),
    "7": _l("Sunday"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One section. anchor: its name in addresses. table: what it shows, None for nothing to show.
    plot: the name of its picture, or ""; alt: what the picture shows, for who cannot see it."""

    anchor: str
    title: object
    table: Callable[[Period, Mapping[str, str]], Table | None]
    plot: str = ""
    alt: object = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A section with its table made."""

    section: Section
    table: Table


def shown(sections: Sequence[Section], period: Period, labels: Mapping[str, str]) -> list[Shown]:
    """The sections that have something to show. labels: {point: its name for people}."""
    made = ((section, section.table(period, labels)) for section in sections)
    return [Shown(section=section, table=table) for section, table in made if table is not None]


# --- how fast ---


def by_kind(period: Period, labels: Mapping[str, str]) -> Table | None:
    rows = [_speed(words.word(words.KINDS, name), one) for name, one in period.by_kind.items()]
    return _speeds(_("By kind"), _("Kind"), rows, period)


def by_point(period: Period, labels: Mapping[str, str]) -> Table | None:
    rows = [_speed(labels.get(name, name), one) for name, one in period.by_point.items()]
    return _speeds(_("By point"), _("Place"), rows, period)


def by_first_role(period: Period, labels: Mapping[str, str]) -> Table | None:
    rows = [_speed(_role(name), one) for name, one in period.by_first_role.items()]
    note = _("A person with several roles counts for each. Times are those of the call.")
    return _speeds(_("By the role of who accepted first"), _("Role"), rows, period, note=note)


def by_role(period: Period, labels: Mapping[str, str]) -> Table | None:
    rows = [_speed(_role(name), one) for name, one in period.by_role.items()]
    note = _("Everybody who accepted, also those who joined; times are each person's own.")
    return _speeds(_("By the role of everybody who came"), _("Role"), rows, period, note=note)


def by_hour(period: Period, labels: Mapping[str, str]) -> Table | None:
    rows = [_speed(hour_words(name), one) for name, one in period.by_hour.items() if one.count]
    return _speeds(_("By hour of the day"), _("Hour"), rows, period)


def by_weekday(period: Period, labels: Mapping[str, str]) -> Table | None:
    rows = [_speed(str(WEEKDAYS[day]), one) for day, one in period.by_weekday.items() if one.count]
    return _speeds(_("By day of the week"), _("Day"), rows, period)


def drills(period: Period, labels: Mapping[str, str]) -> Table | None:
    if not period.drills.count:
        return None
    rows = (
        _speed(_("Real calls"), period.real),
        _speed(_("Drills"), period.drills),
    )
    return Table(caption=_("Drills beside real calls"), heads=_speed_heads(_("Which")), rows=rows)


def _speeds(
    caption: str, head: str, rows: Sequence[Row], period: Period, *, note: str = ""
) -> Table | None:
    if not rows:
        return None
    total = _speed(_("All real calls"), period.real, tone="total")
    return Table(caption=caption, heads=_speed_heads(head), rows=(*rows, total), note=note)


def _speed_heads(head: str) -> tuple[str, ...]:
    return (
        head,
        _("Calls"),
        _("Accepted: half within"),
        _("Accepted: %(share)s within", share="90 %"),
        _("Longest wait"),
        _("Arrived: half within"),
        _("Arrived: %(share)s within", share="90 %"),
    )


def _speed(head: str, one: ResponseFigures | RoleFigures, *, tone: str = "") -> Row:
    accept, arrive = one.to_accept_ms, one.to_arrive_ms
    times = (accept.p50, accept.p90, accept.max, arrive.p50, arrive.p90)
    return Row(head=head, cells=(str(one.count), *map(duration, times)), tone=tone)


# --- who came ---


def coverage(period: Period, labels: Mapping[str, str]) -> Table | None:
    rows = tuple(
        Row(
            head=_role(one.role),
            cells=(
                str(one.asked),
                str(one.covered),
                percent(one.covered, one.asked),
                *_half_and_ninety(one.to_cover_ms),
            ),
        )
        for one in period.coverage
    )
    if not rows:
        return None
    return Table(
        caption=_("Roles that were asked for"),
        heads=(
            _("Role"),
            _("Asked for"),
            _("Covered at the close"),
            _("Share"),
            _("Half within"),
            _("%(share)s within", share="90 %"),
        ),
        rows=rows,
        note=_("Closed real calls. From the press until somebody with the role accepted."),
    )


# --- what became of it ---


def outcomes(period: Period, labels: Mapping[str, str]) -> Table | None:
    total = sum(period.outcomes.values())
    rows = tuple(
        Row(head=words.word(words.OUTCOMES, name), cells=(str(count), percent(count, total)))
        for name, count in period.outcomes.items()
    )
    if not rows:
        return None
    heads = (_("Outcome"), _("Calls"), _("Share"))
    return Table(caption=_("How calls ended"), heads=heads, rows=rows)


def false_calls(period: Period, labels: Mapping[str, str]) -> Table | None:
    rows = tuple(
        Row(
            head=labels.get(one.point, one.point),
            cells=(
                str(one.false_calls),
                str(one.calls),
                percent(one.false_calls, one.calls),
            ),
        )
        for one in period.false_calls
    )
    if not rows:
        return None
    return Table(
        caption=_("False calls"),
        heads=(_("Place"), _("False calls"), _("All calls"), _("Share")),
        rows=rows,
        note=_("A point with many of them may have a button in a bad place."),
    )


def notices(period: Period, labels: Mapping[str, str]) -> Table | None:
    rows = tuple(
        Row(
            head=one.channel,
            cells=(
                str(one.sent),
                str(one.delivered),
                str(one.failed),
                str(one.waiting),
                str(one.tries),
            ),
        )
        for one in period.notices
    )
    if not rows:
        return None
    return Table(
        caption=_("Messages by channel"),
        heads=(
            _("Channel"),
            _("Sent"),
            _("Delivered"),
            _("Failed"),
            _("Waiting"),
            _("Tries"),
        ),
        rows=rows,
        note=_("With those of drills."),
    )


# --- small words ---


def percent(part: int, whole: int) -> str:
    """A share in whole percent; a dash of nothing."""
    return f"{round(100 * part / whole)} %" if whole else NOTHING


def hour_words(hour: str) -> str:
    """An hour of the day, "00" to "23", as a span."""
    return f"{hour}:00–{(int(hour) + 1) % 24:02d}:00"


def plot_names(name: str, groups: Iterable[str], labels: Mapping[str, str]) -> dict[str, str]:
    """{group: what a plot writes at it}."""
    if name == "by-weekday":
        return {day: str(text) for day, text in WEEKDAYS.items()}
    return {group: labels.get(group, group) for group in groups}


def _role(name: str) -> str:
    return words.word(words.ROLES, name)


def _half_and_ninety(figures: Figures) -> tuple[str, str]:
    return duration(figures.p50), duration(figures.p90)


BY_KIND = Section(anchor="kind", title=_l("Kinds"), table=by_kind)
BY_POINT = Section(
    anchor="point",
    title=_l("Places"),
    table=by_point,
    plot="by-point",
    alt=_l("Bars: seconds until half, and nine in ten, of a place's calls were accepted."),
)
BY_HOUR = Section(
    anchor="hour",
    title=_l("Hours"),
    table=by_hour,
    plot="by-hour",
    alt=_l("Bars: calls in each hour. Lines: seconds until half, and nine in ten, were accepted."),
)
BY_WEEKDAY = Section(
    anchor="weekday",
    title=_l("Weekdays"),
    table=by_weekday,
    plot="by-weekday",
    alt=_l(
        "Bars: calls on each weekday. Lines: seconds until half, and nine in ten, were accepted."
    ),
)
BY_FIRST_ROLE = Section(anchor="first-role", title=_l("Who came first"), table=by_first_role)
BY_ROLE = Section(anchor="role", title=_l("Who came"), table=by_role)
COVERAGE = Section(anchor="coverage", title=_l("Coverage"), table=coverage)
OUTCOMES = Section(anchor="outcomes", title=_l("Outcomes"), table=outcomes)
FALSE_CALLS = Section(anchor="false-calls", title=_l("False calls"), table=false_calls)
NOTICES = Section(anchor="notices", title=_l("Messages"), table=notices)
DRILLS = Section(anchor="drills", title=_l("Drills"), table=drills)

# What the page of response times shows below its plots and tables by kind, in this order.
SECTIONS = (
    BY_POINT,
    BY_HOUR,
    BY_WEEKDAY,
    BY_FIRST_ROLE,
    BY_ROLE,
    COVERAGE,
    OUTCOMES,
    FALSE_CALLS,
    NOTICES,
    DRILLS,
)
# What the review of a month shows.
MONTH_SECTIONS = (BY_KIND, *SECTIONS)
