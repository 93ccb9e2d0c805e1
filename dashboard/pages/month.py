"""/reports/month: the review of a month, made to be printed, signed and filed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from babel.dates import format_date
from flask import Response, render_template, request, url_for
from flask_babel import get_locale as babel_locale
from flask_babel import gettext as _

from dashboard.board import the_board
from dashboard.errors import Problem
from dashboard.pages import month_sections, sections, words
from dashboard.pages.branch import staff_names, subject_labels
from dashboard.pages.finding_words import sentence
from dashboard.pages.reports import blueprint, picture
from dashboard.pages.tables import Row, Table
from dashboard.pages.times import NOTHING, at, duration, lasting
from dashboard.reckoning import the_reckoning
from dashboard.review.calendar import Month
from dashboard.review.month import MonthReview
from dashboard.review.months import Change, Changes
from protocol.clock import now

# What the branch owes stands before the figures of every place and hour.
MONTH_SECTIONS = (*month_sections.SECTIONS, *sections.MONTH_SECTIONS)


@blueprint.get("/reports/month", endpoint="month")
def show() -> str:
    """A month's key figures beside those of the month before, what stands out, and all tables."""
    month, reckoning = asked_month(), the_reckoning()
    review, labels = reckoning.month(month), _labels()
    this_month = Month.of(now().utc_ms, reckoning.zone)
    return render_template(
        "month.html",
        month=month,
        month_name=month_words(month),
        before_name=month_words(month.before),
        after=month.after if month < this_month else None,
        is_over=month < this_month,
        days=month.days,
        review=review,
        findings=[(one.weight, sentence(one, labels)) for one in review.findings],
        against=_against(review),
        sections=sections.shown(MONTH_SECTIONS, review, labels),
        slowest=_slowest(review, labels),
        faults=_faults(review, labels),
    )


@blueprint.get("/reports/month/accepted.svg", endpoint="month_plot")
def plot() -> Response:
    """How many calls were accepted within how many seconds, beside the month before."""
    from dashboard import plots, plots_by_group

    month, zone, reader = asked_month(), the_reckoning().zone, the_board().reader

    def bins(one: Month) -> list[int]:
        start_ms, end_ms = one.window(zone)
        times = reader.response_times(start_ms=start_ms, end_ms=end_ms)
        return plots.in_bins([time for time in times if not time.drill])

    names = [month_words(month), month_words(month.before), *plots.bin_names()]
    return picture(plots_by_group.months(bins(month), bins(month.before), names))


@blueprint.get("/reports/month/comparison.svg", endpoint="comparison_plot")
def comparison_plot() -> Response:
    """The key figures of a month beside those of the month before."""
    from dashboard import plots_of_months

    month = asked_month()
    review = the_reckoning().month(month)
    found = review.against
    ninety = _("%(share)s within", share="90 %")

    def pair(name: str, change: Change, say: Callable[[int], str]) -> plots_of_months.Pair:
        texts = [NOTHING if one is None else say(one) for one in (change.now, change.before)]
        return plots_of_months.Pair(
            name=name,
            now=change.now,
            before=change.before,
            now_text=texts[0],
            before_text=texts[1],
        )

    def speed(title: str, changes: Changes) -> plots_of_months.Panel:
        pairs = [
            pair(_("Half within"), changes.p50, duration),
            pair(ninety, changes.p90, duration),
        ]
        return plots_of_months.Panel(title=title, pairs=pairs)

    calls = [pair(_("Real calls"), found.count, str), pair(_("Drills"), _drills(review), str)]
    panels = [
        plots_of_months.Panel(title=_("Calls"), pairs=calls),
        *(speed(title, changes) for title, changes in _measured(review)),
    ]
    names = {"now": month_words(month), "before": month_words(month.before)}
    return picture(plots_of_months.comparison(panels, **names))


def _labels() -> dict[str, str]:
    """{point, subject of a fault, staff/id: its name for people}, also of what is there no more."""
    board = the_board()
    people = {f"staff/{id}": name for id, name in staff_names(board).items()}
    return subject_labels(board, gone_too=True) | people


def asked_month() -> Month:
    """The month that was asked for; the present one by default. Raises: Problem 422."""
    values = request.args.getlist("month")
    if len(values) > 1:
        raise Problem(422, "bad_month", _("%(field)s is given twice.", field="month"))
    if not values or not values[0]:
        return Month.of(now().utc_ms, the_reckoning().zone)
    try:
        return Month.read(values[0])
    except ValueError as error:
        text = _("Type a month such as 2026-11.")
        raise Problem(422, "bad_month", text) from error


def month_words(month: Month) -> str:
    """The month for people: November 2026."""
    return format_date(month.days[0], _("MMMM y"), locale=babel_locale())


# --- tables ---


def _against(review: MonthReview) -> Table:
    return Table(
        caption=_("This month and the one before"),
        heads=(_("Figure"), _("This month"), _("Month before"), _("Change"), _("In percent")),
        rows=(
            _change(_("Real calls"), review.against.count, str),
            *(row for name, one in _measured(review) for row in _two(name, one)),
            _change(_("Drills"), _drills(review), str),
        ),
    )


def _measured(review: MonthReview) -> tuple[tuple[str, Changes], ...]:
    found = review.against
    return (
        (_("To accept"), found.to_accept_ms),
        (_("To arrive"), found.to_arrive_ms),
        (_("To close"), found.to_close_ms),
    )


def _drills(review: MonthReview) -> Change:
    now, before = review.drills.count, review.drills_before.count
    return Change(now=now, before=before, change=now - before)


def _two(name: str, changes: Changes) -> tuple[Row, Row]:
    half = _("%(what)s: half within", what=name)
    ninety = _("%(what)s: %(share)s within", what=name, share="90 %")
    return (
        _change(half, _as_shown(changes.p50), duration),
        _change(ninety, _as_shown(changes.p90), duration),
    )


def _as_shown(change: Change) -> Change:
    """The change between what stands beside it: times are shown in whole seconds."""
    if change.now is None or change.before is None:
        return change
    shown_ms = change.now // 1000 * 1000 - change.before // 1000 * 1000
    return replace(change, change=shown_ms)


def _change(name: str, change: Change, say: Callable[[int], str]) -> Row:
    cells = (
        NOTHING if change.now is None else say(change.now),
        NOTHING if change.before is None else say(change.before),
        _signed(change.change, say),
        _signed(change.percent, lambda share: f"{share} %"),
    )
    return Row(head=name, cells=cells)


def _signed(value: int | None, say: Callable[[int], str]) -> str:
    """A change with its sign; a real minus, which is as wide as the plus."""
    if value is None:
        return NOTHING
    sign = "+" if value > 0 else "−" if value < 0 else "±"
    return f"{sign}{say(abs(value))}"


def _slowest(review: MonthReview, labels: Mapping[str, str]) -> Table | None:
    if not review.slowest:
        return None
    return Table(
        caption=_("The calls that waited longest"),
        heads=(_("Raised"), _("Place"), _("Kind"), _("To accept"), _("To arrive")),
        rows=tuple(
            Row(
                head=at(one.raised_at),
                link=url_for("incidents.show", incident_id=one.incident_id),
                cells=(
                    labels.get(one.point, one.point),
                    words.word(words.KINDS, one.kind),
                    duration(one.to_accept_ms),
                    duration(one.to_arrive_ms),
                ),
            )
            for one in review.slowest
        ),
        words=frozenset({1, 2}),
    )


def _faults(review: MonthReview, labels: Mapping[str, str]) -> Table | None:
    if not review.faults:
        return None
    return Table(
        caption=_("Faults and how long they lasted"),
        heads=(
            _("What"),
            _("Fault"),
            _("Began"),
            _("Ended"),
            _("Times"),
            _("Altogether"),
            _("Longest"),
        ),
        rows=tuple(
            Row(
                head=words.subject_words(one.subject, labels),
                cells=(
                    words.fault_words(one.name, one.subject)[0],
                    at(one.since),
                    at(one.until) if one.until else _("still there"),
                    str(one.count),
                    lasting(one.lasted_ms // 1000),
                    lasting(one.longest_ms // 1000),
                ),
            )
            for one in review.faults
        ),
        words=frozenset({1, 2, 3}),
        note=_(
            "Only what lies in the month counts; a fault that lasts counts until now or the end."
        ),
    )
