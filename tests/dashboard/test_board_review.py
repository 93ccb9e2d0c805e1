"""The figures of a report: who was how fast, who came, what failed, and what that means."""

from __future__ import annotations

import itertools
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.figures import figures, response_figures
from dashboard.review import faults, groups
from dashboard.review.calendar import DAY_MS, HOUR_MS, LocalTime, Month, parts
from dashboard.review.complaints import ComplaintFigures, complaints
from dashboard.review.coverage import coverage, covered
from dashboard.review.digest import digest, slowest, together
from dashboard.review.findings import Facts, findings
from dashboard.review.followups import FollowupFigures, followups
from dashboard.review.month import Read, review
from dashboard.review.months import against
from dashboard.review.notices import by_channel
from dashboard.review.outcomes import endings, false_calls, outcome_counts
from dashboard.review.period import period
from dashboard.review.walks import walks
from gateway.store import (
    ComplaintLine,
    CrewMember,
    FaultEvent,
    FollowupLine,
    NoticeCount,
    ReportLine,
    WalkLine,
)
from protocol.moment import rfc3339

ZONE = ZoneInfo("Asia/Shanghai")
NOVEMBER = Month(2026, 11)
START_MS, END_MS = NOVEMBER.window(ZONE)
LOCAL = LocalTime(ZONE, start_ms=START_MS, end_ms=END_MS)
GUARD, GUIDE, LEAD = ("security",), ("customer_service",), ("lead", "first_aid")


def line(number: int = 1, **changes) -> ReportLine:
    values = {
        "raised_ms": START_MS + number * HOUR_MS,
        "incident_id": f"i-{number:04d}",
        "kind": "call",
        "point": "point-1",
        "drill": False,
        "to_accept_ms": 10_000,
        "to_arrive_ms": 30_000,
        "to_close_ms": 300_000,
        "outcome": "helped",
        "asked": GUIDE,
        "crew": (CrewMember(GUIDE, 10_000, 30_000),),
    }
    return ReportLine(**(values | changes))


crews = st.lists(
    st.builds(
        CrewMember,
        roles=st.lists(st.sampled_from(["a", "b", "c"]), unique=True, max_size=3).map(tuple),
        to_accept_ms=st.none() | st.integers(0, 10**6),
        to_arrive_ms=st.none() | st.integers(0, 10**6),
    ),
    max_size=3,
).map(tuple)
lines = st.lists(
    st.builds(
        line,
        st.integers(0, 700),
        point=st.sampled_from(["p1", "p2"]),
        to_accept_ms=st.none() | st.integers(0, 10**6),
        outcome=st.sampled_from([None, "helped", "false_call"]),
        asked=st.lists(st.sampled_from(["a", "b"]), unique=True).map(tuple),
        crew=crews,
    ),
    max_size=30,
)


@given(lines)
def test_every_incident_is_in_one_hour_one_weekday_and_one_point(found):
    for figures_of in (
        groups.by_hour(found, LOCAL),
        groups.by_weekday(found, LOCAL),
        groups.by_point(found),
    ):
        assert sum(one.count for one in figures_of.values()) == len(found)


@given(lines, lines, lines)
def test_parts_put_together_are_the_whole(first, second, third):
    """So a year is made of its months, whatever is in them."""
    parts = [
        [one._replace(incident_id=f"{name}-{number}") for number, one in enumerate(part)]
        for name, part in (("a", first), ("b", second), ("c", third))
    ]
    window = {"start_ms": START_MS, "end_ms": END_MS, "zone": ZONE}
    merged = together([digest(part, LOCAL) for part in parts])
    whole = digest([one for part in parts for one in part], LOCAL)
    assert period(merged, (), **window) == period(whole, (), **window)


@given(st.integers(START_MS - 800 * DAY_MS, START_MS + 800 * DAY_MS), st.integers(0, 800 * DAY_MS))
def test_a_window_is_cut_where_months_begin_and_nowhere_else(start_ms, length_ms):
    found = parts(start_ms, start_ms + length_ms, ZONE)
    edges = [start_ms, *(end_ms for _start_ms, end_ms in found)]
    assert found == list(itertools.pairwise(edges)) and edges[-1] == start_ms + length_ms
    assert all(Month.of(at_ms, ZONE).window(ZONE)[0] == at_ms for at_ms in edges[1:-1])


def test_every_hour_and_weekday_has_figures_also_without_calls():
    found = period(digest([line(8)], LOCAL), (), start_ms=START_MS, end_ms=END_MS, zone=ZONE)
    assert tuple(found.by_hour) == groups.HOURS
    assert tuple(found.by_weekday) == groups.WEEKDAYS
    assert found.by_hour["07"].count == 0


def test_an_hour_is_that_of_the_branch():
    found = groups.by_hour([line(8), line(8), line(9)], LOCAL)
    assert {hour: one.count for hour, one in found.items()} == {"08": 2, "09": 1}
    sunday = groups.by_weekday([line()], LOCAL)
    assert sunday["7"].count == 1, "1 November 2026 is a Sunday"


def test_the_first_responder_counts_apart_from_all():
    found = [
        line(crew=(CrewMember(LEAD, 5_000, None), CrewMember(GUARD, 9_000, 20_000))),
        line(to_accept_ms=None, crew=()),
    ]
    assert sorted(groups.by_first_role(found)) == ["first_aid", "lead"]
    everybody = groups.by_role(found)
    assert everybody["security"].to_accept_ms == ([9_000],)
    assert everybody["lead"].to_arrive_ms == ()
    assert everybody["lead"].count == 1


def test_a_role_is_covered_by_the_first_who_has_it():
    found = [
        line(asked=("security",), crew=(CrewMember(GUIDE, 1, 1), CrewMember(GUARD, 7, 9))),
        line(asked=("security",)),
        line(asked=("security",), outcome=None),
    ]
    (security,) = coverage(covered(found))
    assert (security.asked, security.covered, security.missed) == (2, 1, 1)
    assert security.to_cover_ms == figures([7])


@given(lines)
def test_no_role_is_covered_more_often_than_it_was_asked(found):
    for one in coverage(covered(found)):
        assert 0 <= one.to_cover_ms.count <= one.covered <= one.asked


@given(lines)
def test_outcomes_and_false_calls_add_up(found):
    closed = sum(one.outcome is not None for one in found)
    assert sum(outcome_counts(endings(found)).values()) == closed
    points = false_calls(endings(found))
    assert sum(one.false_calls for one in points) == outcome_counts(endings(found)).get(
        "false_call", 0
    )
    assert all(0 < one.share <= 1 for one in points)


def test_notices_are_put_together_by_channel():
    counts = [
        NoticeCount("sms", "delivered", 5, 6),
        NoticeCount("chat", "waiting", 1, 0),
        NoticeCount("sms", "failed", 2, 10),
        NoticeCount("sms", "refused_by_a_newer_gateway", 1, 1),
        NoticeCount("sms", "replaced", 40, 0),
    ]
    chat, sms = by_channel(counts)
    assert (chat.channel, chat.waiting, chat.sent) == ("chat", 1, 1)
    assert (sms.sent, sms.delivered, sms.failed, sms.tries) == (8, 5, 2, 17)


# --- faults ---


def event(
    seq: int, at_ms: int, what: str, subject: str = "unit/u", *, name: str = "silent"
) -> FaultEvent:
    return FaultEvent(seq, rfc3339(at_ms), f"fault_{what}", subject, name)


def summed(*events: FaultEvent, now_ms: int = END_MS + 1) -> list[tuple[int, int, str | None]]:
    found = faults.summaries(faults.spans(events), start_ms=START_MS, end_ms=END_MS, now_ms=now_ms)
    return [(one.count, one.lasted_ms, one.until) for one in found]


def test_a_fault_lasts_from_when_it_came_until_it_went():
    ended = START_MS + 3 * HOUR_MS
    assert summed(
        event(1, START_MS + HOUR_MS, "raised"),
        event(2, START_MS + 2 * HOUR_MS, "raised"),  # the gateway started anew
        event(3, ended, "cleared"),
    ) == [(1, 2 * HOUR_MS, rfc3339(ended))]


def test_only_what_lies_in_the_month_counts():
    day = [event(1, START_MS - DAY_MS, "raised"), event(2, START_MS + HOUR_MS, "cleared")]
    assert summed(*day) == [(1, HOUR_MS, rfc3339(START_MS + HOUR_MS))]
    assert summed(event(1, START_MS - 2, "raised"), event(2, START_MS - 1, "cleared")) == []
    assert summed(event(1, END_MS - HOUR_MS, "raised")) == [(1, HOUR_MS, None)]


def test_a_fault_that_lasts_now_lasts_until_now():
    now_ms = START_MS + 5 * HOUR_MS
    assert summed(event(1, START_MS + HOUR_MS, "raised"), now_ms=now_ms) == [(1, 4 * HOUR_MS, None)]


def test_a_fault_whose_beginning_nobody_wrote_down_counts_from_the_first_of_the_month():
    assert summed(event(5, START_MS + HOUR_MS, "cleared")) == [
        (1, HOUR_MS, rfc3339(START_MS + HOUR_MS))
    ]


@given(
    st.lists(
        st.tuples(
            st.integers(START_MS - DAY_MS, END_MS - 1),
            st.sampled_from(["raised", "cleared"]),
            st.sampled_from(["unit/u", "point/p"]),
        ),
        max_size=20,
    ).map(sorted)
)
def test_faults_never_last_longer_than_the_month(drawn):
    events = [event(seq, *one) for seq, one in enumerate(drawn)]
    for one in faults.summaries(
        faults.spans(events), start_ms=START_MS, end_ms=END_MS, now_ms=END_MS
    ):
        assert 0 <= one.longest_ms <= one.lasted_ms <= END_MS - START_MS


# --- what the branch owes and tests ---


def complaint(**changes) -> ComplaintLine:
    """Recorded with the month, to be looked into within a day and answered within fifteen."""
    values = {
        "opened_at": rfc3339(START_MS),
        "category": "service",
        "channel": "counter",
        "state": "open",
        "looked_into_due_at": rfc3339(START_MS + DAY_MS),
        "looked_into_at": None,
        "answer_due_at": rfc3339(START_MS + 15 * DAY_MS),
        "answered_at": None,
    }
    return ComplaintLine(**(values | changes))


def day(number: float) -> str:
    return rfc3339(round(START_MS + number * DAY_MS))


@pytest.mark.parametrize(
    ("one", "figures"),
    [
        ({}, {"open": 1}),
        ({"answer_due_at": day(1), "looked_into_at": day(1)}, {"open": 1, "overdue": 1}),
        ({"looked_into_due_at": day(0.5)}, {"open": 1, "first_look_late": 1}),
        ({"looked_into_at": day(1), "answered_at": day(15)}, {"answered_in_time": 1}),
        (
            {"looked_into_at": day(1.1), "answered_at": day(15.1)},
            {"answered_late": 1, "first_look_late": 1},
        ),
        ({"state": "withdrawn", "looked_into_due_at": day(0)}, {"withdrawn": 1}),
    ],
)
def test_a_complaint_is_judged_by_its_due_dates(one, figures):
    now_ms = START_MS + (2 * DAY_MS if "answer_due_at" in one else DAY_MS * 3 // 4)
    found = complaints([complaint(**one)], now_ms=now_ms).all
    assert found == ComplaintFigures(opened=1, **figures)


days = st.none() | st.integers(0, 40).map(day)


@given(
    st.lists(
        st.builds(
            complaint,
            category=st.sampled_from([None, "claims", "service"]),
            channel=st.sampled_from(["counter", "mail"]),
            state=st.sampled_from(["open", "looked_into", "answered", "done", "withdrawn"]),
            looked_into_at=days,
            answered_at=days,
        ),
        max_size=12,
    ),
    st.integers(START_MS, END_MS),
)
def test_each_complaint_is_one_thing_and_in_one_class_and_one_channel(drawn, now_ms):
    found = complaints(drawn, now_ms=now_ms)
    every = (found.all, *found.by_category.values(), *found.by_channel.values())
    for one in every:
        ends = one.answered_in_time + one.answered_late + one.open + one.withdrawn
        assert one.opened == ends and one.overdue <= one.open
    for groups_of in (found.by_category, found.by_channel):
        assert sum(one.opened for one in groups_of.values()) == len(drawn)


def test_follow_ups_are_judged_by_the_time_that_counted_last():
    found = followups(
        [
            FollowupLine("call-back", day(2), day(2), moved=False),
            FollowupLine("call-back", day(2), day(3), moved=True),
            FollowupLine("action", day(2), None, moved=False),
            FollowupLine("", day(9), None, moved=False),
        ],
        now_ms=START_MS + 5 * DAY_MS,
    )
    assert found.all == FollowupFigures(
        made=4, done_in_time=1, done_late=1, open=2, overdue=1, moved=1
    )
    assert {name: one.made for name, one in found.by_source.items()} == {
        "person": 1,
        "review": 1,
        "rule": 2,
    }


def test_walks_name_what_no_round_has_tested_and_what_waits_for_its_test():
    events = [
        event(1, START_MS - DAY_MS, "raised", "point/p1", name="untested"),
        event(2, START_MS + DAY_MS, "cleared", "point/p1", name="untested"),
        event(3, START_MS + 2 * DAY_MS, "raised", "point/p4", name="untested"),
        event(4, START_MS + 2 * DAY_MS, "raised", "point/p2", name="call_cut"),
        event(5, START_MS + 8 * DAY_MS, "raised", "point/p5", name="left_untested"),
    ]
    found = walks(
        [
            WalkLine("w1", day(1), "m01", day(1), ("p1", "p2", "p3"), ("p1",)),
            WalkLine("w2", day(8), "m01", "", ("p1", "p2", "p3"), ("p2",)),
        ],
        faults.spans(events),
        start_ms=START_MS,
        end_ms=END_MS,
        now_ms=START_MS + 9 * DAY_MS,
    )
    assert [(one.points, one.tested, one.left) for one in found.rounds] == [
        (3, 1, ("p2", "p3")),
        (3, 1, ("p1", "p3")),
    ]
    assert (found.tested, found.left) == (2, ("p3",))
    assert (found.overdue, found.were_overdue) == (("p4", "p5"), ("p1", "p4", "p5"))


# --- a month ---


def test_a_month_stands_beside_the_one_before():
    found = against(
        response_figures([line(), line(to_accept_ms=20_000)]),
        response_figures([line(to_accept_ms=8_000)]),
    )
    assert (found.count.now, found.count.before, found.count.change) == (2, 1, 1)
    assert (found.to_accept_ms.p50.change, found.to_accept_ms.p50.percent) == (2_000, 25)
    nothing = against(response_figures([line()]), response_figures([]))
    assert nothing.to_accept_ms.p50.change is None
    assert nothing.count.percent is None


def test_the_slowest_come_first_and_those_nobody_could_time_not_at_all():
    found = [line(number, to_accept_ms=number * 1000) for number in range(1, 15)]
    listed = slowest([*found, line(99, to_accept_ms=None)])
    assert [one.to_accept_ms for one in listed] == list(range(14_000, 4_000, -1000))


def facts(*real: ReportLine, **changes) -> Facts:
    found = response_figures(real)
    drills = [line(drill=True)] if changes.pop("drills", True) else []
    values = {
        "found": digest([*real, *drills], LOCAL),
        "against": against(found, found),
        "coverage": coverage(covered(real)),
        "notices": (),
        "false_calls": false_calls(endings(real)),
        "faults": (),
    }
    return Facts(**(values | changes))


def named(found: Facts) -> dict[str, dict[str, int]]:
    return {one.name: one.values for one in findings(found)}


def test_calls_that_waited_too_long_are_a_finding():
    found = named(facts(*(line(to_accept_ms=ms) for ms in (60_000, 60_001, 90_000, 200_000))))
    assert found["slow"] == {"count": 3, "seconds": 60}
    assert "none_slow" in named(facts(line(to_accept_ms=60_000)))


@pytest.mark.parametrize(
    ("accept_ms", "name"), [(8_000, "faster"), (9_500, None), (10_500, None), (12_000, "slower")]
)
def test_only_a_change_worth_a_word_is_a_finding(accept_ms, name):
    changed = against(response_figures([line(to_accept_ms=accept_ms)]), response_figures([line()]))
    found = named(facts(line(), against=changed))
    assert ({"faster", "slower"} & found.keys()) == ({name} if name else set())


def test_what_somebody_should_look_into_comes_first():
    weights = [
        one.weight
        for one in findings(
            facts(
                line(to_accept_ms=90_000),
                line(outcome=None),
                line(asked=("security",)),
                *(line(number, outcome="false_call") for number in range(3)),
                notices=by_channel([NoticeCount("sms", "failed", 1, 5)]),
                drills=False,
            )
        )
    ]
    assert weights == sorted(weights, key=["look", "plain", "good"].index)
    assert weights.count("look") == 5


def test_a_month_without_calls_says_so_and_nothing_is_praised():
    assert [one.name for one in findings(facts())] == ["no_calls", "drills"]


def test_a_review_keeps_drills_out_of_every_figure_of_real_calls():
    drill = line(2, drill=True, to_accept_ms=1, point="drilled", kind="urgent", asked=("drilled",))
    read = Read(
        found=digest([line(), drill], LOCAL),
        before=digest([drill], LOCAL),
        notices=(),
        fault_events=(),
    )
    found = review(read, month=NOVEMBER, zone=ZONE, now_ms=END_MS)
    assert (found.real.count, found.drills.count) == (1, 1)
    assert (found.real_before.count, found.drills_before.count) == (0, 1)
    assert replace(found, drills=found.real, drills_before=found.real) == replace(
        review(
            replace(read, found=digest([line(), drill._replace(point="x")], LOCAL)),
            month=NOVEMBER,
            zone=ZONE,
            now_ms=END_MS,
        ),
        drills=found.real,
        drills_before=found.real,
    )
    assert (found.month, found.before, found.starts_at) == (
        "2026-11",
        "2026-10",
        "2026-10-31T16:00:00.000Z",
    )
