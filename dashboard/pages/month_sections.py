"""The sections that only the review of a month has: what the branch owes, and what it tested."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from dashboard.pages import situation_words, words
from dashboard.pages.sections import Section
from dashboard.pages.tables import Row, Table
from dashboard.pages.times import NOTHING, at
from dashboard.review.complaints import UNCLASSED, ComplaintFigures
from dashboard.review.followups import FollowupFigures
from dashboard.review.month import MonthReview

CATEGORIES = {**situation_words.CATEGORIES, UNCLASSED: _l("Not classed yet")}
SOURCES = {
    "rule": _l("Made by rule"),
    "review": _l("An after-action note"),
    "person": _l("Written down by somebody"),
}
# More names than this make a row too long for a page; the certificate has them all.
MOST_NAMES = 8


def complaints(review: MonthReview, labels: Mapping[str, str]) -> Table:
    rows = [
        _complaint(words.word(CATEGORIES, name), one)
        for name, one in review.complaints.by_category.items()
    ]
    return Table(
        caption=_("Complaints against their due dates, by class"),
        heads=_complaint_heads(_("Class")),
        rows=(*rows, _complaint(_("All complaints"), review.complaints.all, tone="total")),
        note=_("Those recorded in the month, as they are now."),
    )


def complaints_by_channel(review: MonthReview, labels: Mapping[str, str]) -> Table | None:
    rows = [
        _complaint(words.word(situation_words.CHANNELS, name), one)
        for name, one in review.complaints.by_channel.items()
    ]
    if not rows:
        return None
    return Table(
        caption=_("Complaints against their due dates, by how they came"),
        heads=_complaint_heads(_("How it came")),
        rows=(*rows, _complaint(_("All complaints"), review.complaints.all, tone="total")),
    )


def _complaint_heads(head: str) -> tuple[str, ...]:
    return (
        head,
        _("Complaints"),
        _("First look late"),
        _("Answered in time"),
        _("Answered late"),
        _("Unanswered"),
        _("Of those overdue"),
        _("Withdrawn"),
    )


def _complaint(head: str, one: ComplaintFigures, *, tone: str = "") -> Row:
    counts = (
        *(one.opened, one.first_look_late, one.answered_in_time, one.answered_late),
        *(one.open, one.overdue, one.withdrawn),
    )
    return Row(head=head, cells=tuple(map(str, counts)), tone=tone)


def followups(review: MonthReview, labels: Mapping[str, str]) -> Table:
    rows = [
        _followup(words.word(SOURCES, name), one)
        for name, one in review.followups.by_source.items()
    ]
    return Table(
        caption=_("Follow-ups against their due times"),
        heads=(
            _("What made them"),
            _("Follow-ups"),
            _("Done in time"),
            _("Done late"),
            _("Still to do"),
            _("Of those overdue"),
            _("Moved"),
        ),
        rows=(*rows, _followup(_("All follow-ups"), review.followups.all, tone="total")),
        note=_("Those made in the month, as they are now, by the due time that counted last."),
    )


def _followup(head: str, one: FollowupFigures, *, tone: str = "") -> Row:
    counts = (one.made, one.done_in_time, one.done_late, one.open, one.overdue, one.moved)
    return Row(head=head, cells=tuple(map(str, counts)), tone=tone)


def walks(review: MonthReview, labels: Mapping[str, str]) -> Table:
    found = review.walks
    rows = [
        Row(
            head=at(one.started_at),
            link=url_for("walk.certificate", id=one.id),
            cells=(
                labels.get(f"staff/{one.started_by}", one.started_by),
                str(one.points),
                str(one.tested),
                _names(one.left, labels),
            ),
        )
        for one in found.rounds
    ]
    total = Row(
        head=ngettext("%(num)d round", "%(num)d rounds", len(found.rounds)),
        cells=(
            NOTHING,
            str(found.tested + len(found.left)),
            str(found.tested),
            _names(found.left, labels),
        ),
        tone="total",
    )
    return Table(
        caption=_("Rounds of the walk test"),
        heads=(_("Begun"), _("Walked by"), _("Buttons"), _("Tested"), _("Left untested")),
        rows=(*rows, total),
        words=frozenset({1, 4}),
        note=_overdue(review, labels),
    )


def _overdue(review: MonthReview, labels: Mapping[str, str]) -> str:
    """Which buttons wait for their test at the end of the month, or now, and whether more did."""
    found = review.walks
    now = (
        _("Overdue for a test: %(names)s.", names=_names(found.overdue, labels))
        if found.overdue
        else _("No button is overdue for a test.")
    )
    before = set(found.were_overdue) - set(found.overdue)
    if not before:
        return now
    also = _("For a time in the month also: %(names)s.", names=_names(sorted(before), labels))
    return f"{now} {also}"


def _names(points: Sequence[str], labels: Mapping[str, str]) -> str:
    if not points:
        return NOTHING
    shown = _(", ").join(labels.get(point, point) for point in points[:MOST_NAMES])
    more = len(points) - MOST_NAMES
    if more <= 0:
        return shown
    rest = ngettext("and %(num)d more", "and %(num)d more", more)
    return f"{shown} {rest}"


SECTIONS = (
    Section(anchor="complaints", title=_l("Complaints"), table=complaints),
    Section(
        anchor="complaints-channel",
        title=_l("Complaints by how they came"),
        table=complaints_by_channel,
    ),
    Section(anchor="followups", title=_l("Follow-ups"), table=followups),
    Section(anchor="walks", title=_l("Walk tests"), table=walks),
)
