"""The plan of the branch: what may be drawn, what stands where, and which help is nearer."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest
from gateway_kit import Desk
from hypothesis import given
from hypothesis import strategies as st

from gateway.desk.floors import Spot, distance_m
from gateway.store import outlook

HALL = {"name": "Hall", "left_m": 0, "top_m": 0, "width_m": 10, "depth_m": 8}
GROUND = {"name": "Ground floor", "width_m": 20, "depth_m": 12, "areas": [HALL]}


def spot(x_m: float, y_m: float, floor: str = "ground") -> dict[str, Any]:
    return {"floor": floor, "x_m": x_m, "y_m": y_m}


def point(x_m: float, y_m: float, **more: Any) -> dict[str, Any]:
    return {"label": "Courtesy seat", "spot": spot(x_m, y_m)} | more


def kit(name: str, **where: Any) -> dict[str, Any]:
    return {"what": "first_aid_kit", "name": name} | where


def faults_of(result: Any) -> set[tuple[str, str]]:
    return {(fault.field, fault.name) for fault in result.faults}


def nearest_kit(desk: Desk) -> tuple[str, str, int | None]:
    """(id, where, metres) of the kit that a call from point-1 shows first."""
    desk.handle(desk.pressed(point="point-1"))
    world = outlook.world(desk.reader, utc_ms=desk.clock().utc_ms, zone=UTC)
    [found] = outlook.nearest(world, desk.incident())
    return found.record.id, found.where, found.away_m


# --- which is nearer ---


def put(desk: Desk, do: str, id: str, body: dict[str, Any]) -> None:
    result = desk.ask(do, id=id, body=body)
    assert result.ok, result


@pytest.fixture
def drawn(desk: Desk) -> Desk:
    """A branch with two floors and point-1 at (4, 3) of the lower one."""
    put(desk, "floor.save", "ground", GROUND)
    put(desk, "floor.save", "upper", GROUND | {"name": "Upper floor"})
    put(desk, "point.save", "point-1", point(4, 3, place="Hall"))
    return desk


def test_the_nearer_of_two_is_the_one_with_fewer_metres(drawn: Desk) -> None:
    put(drawn, "resource.save", "far", kit("A", spot=spot(16, 12)))
    put(drawn, "resource.save", "near", kit("B", spot=spot(7, 7)))
    assert nearest_kit(drawn) == ("near", "branch", 5)


def test_what_is_kept_at_a_point_is_where_that_is(drawn: Desk) -> None:
    put(drawn, "point.save", "point-2", point(4, 9) | {"label": "Counter"})
    put(drawn, "resource.save", "kit", kit("A", point="point-2"))
    assert nearest_kit(drawn) == ("kit", "branch", 6)


def test_what_is_right_there_comes_before_any_distance(drawn: Desk) -> None:
    put(drawn, "resource.save", "close", kit("A", spot=spot(4, 3.5)))
    put(drawn, "resource.save", "there", kit("B", point="point-1"))
    assert nearest_kit(drawn)[:2] == ("there", "point")


def test_another_floor_is_no_number_of_metres_away(drawn: Desk) -> None:
    put(drawn, "resource.save", "above", kit("A", spot=spot(4, 3, "upper")))
    put(drawn, "resource.save", "far", kit("B", spot=spot(20, 12)))
    assert nearest_kit(drawn)[0] == "far"
    put(drawn, "resource.retire", "far", {})
    assert nearest_kit(drawn) == ("above", "branch", None)


def test_the_same_area_in_words_counts_where_the_plan_says_nothing(drawn: Desk) -> None:
    put(drawn, "resource.save", "elsewhere", kit("A"))
    put(drawn, "resource.save", "hall", kit("B", place="Hall"))
    assert nearest_kit(drawn) == ("hall", "place", None)


def test_an_area_that_is_called_alike_on_another_floor_is_not_near(drawn: Desk) -> None:
    put(drawn, "resource.save", "above", kit("A", place="Hall", spot=spot(4, 3, "upper")))
    assert nearest_kit(drawn) == ("above", "branch", None)


@pytest.mark.parametrize(("x_m", "first"), [(13, "measured"), (15, "somewhere")])
def test_an_area_counts_as_a_room_wide_beside_what_is_measured(
    drawn: Desk, x_m: float, first: str
) -> None:
    """9 and 11 m off, beside what is somewhere in the same hall."""
    put(drawn, "resource.save", "measured", kit("A", spot=spot(x_m, 3)))
    put(drawn, "resource.save", "somewhere", kit("B", place="Hall"))
    assert nearest_kit(drawn)[0] == first


METRES = st.floats(0, 500)
SPOTS = st.builds(Spot, floor=st.sampled_from(["ground", "upper"]), x_m=METRES, y_m=METRES)


@given(SPOTS, SPOTS)
def test_a_distance_is_the_same_both_ways_and_only_within_a_floor(one: Spot, other: Spot) -> None:
    away = distance_m(one, other)
    assert away == distance_m(other, one)
    assert (away is None) == (one.floor != other.floor)
    assert distance_m(one, one) == 0
    assert distance_m(one, None) is None


# --- what may be drawn ---


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({"name": ""}, ("name", "unreadable")),
        ({"width_m": 0}, ("width_m", "unreadable")),
        ({"depth_m": 501}, ("depth_m", "unreadable")),
        ({"width_m": "wide"}, ("width_m", "unreadable")),
        ({"areas": [HALL | {"width_m": 21}]}, ("areas[0].width_m", "off_the_floor")),
        (
            {"areas": [HALL, HALL | {"name": "Bay", "top_m": 5}]},
            ("areas[1].depth_m", "off_the_floor"),
        ),
        ({"areas": [HALL, HALL]}, ("areas[1].name", "twice")),
        ({"areas": [{"name": "Hall"}]}, ("areas[0].left_m", "unreadable")),
        ({"areas": [HALL | {"name": str(n)} for n in range(41)]}, ("areas", "too_many")),
    ],
)
def test_what_cannot_be_drawn_is_named_at_its_field(desk: Desk, body, fault) -> None:
    result = desk.ask("floor.save", id="ground", body=GROUND | body)
    assert (result.reason, fault in faults_of(result)) == ("wrong_fields", True), result
    assert desk.reader.record("floor", "ground") is None


@pytest.mark.parametrize(
    ("where", "fault"),
    [
        (spot(1, 1, "moon"), ("spot.floor", "unknown_floor")),
        (spot(20.5, 1), ("spot.x_m", "off_the_floor")),
        (spot(1, 12.5), ("spot.y_m", "off_the_floor")),
        (spot(-1, 1), ("spot.x_m", "unreadable")),
        (spot(1, 501), ("spot.y_m", "unreadable")),
        ("upstairs", ("spot", "unreadable")),
    ],
)
@pytest.mark.parametrize(
    ("do", "body"), [("point.save", {"label": "Seat"}), ("resource.save", kit("A"))]
)
def test_what_stands_off_the_plan_is_named_at_its_field(
    drawn: Desk, do, body, where, fault
) -> None:
    result = drawn.ask(do, id="fresh", body=body | {"spot": where})
    assert (result.reason, faults_of(result)) == ("wrong_fields", {fault})


def test_a_floor_shrinks_around_nothing_that_stands_on_it(drawn: Desk) -> None:
    put(drawn, "resource.save", "kit", kit("Kit by the wall", spot=spot(18, 11)))
    narrow = drawn.ask("floor.save", id="ground", body=GROUND | {"width_m": 15})
    assert faults_of(narrow) == {("width_m", "left_outside")}
    assert narrow.faults[0].detail == "Kit by the wall"
    shallow = drawn.ask("floor.save", id="ground", body=GROUND | {"depth_m": 10})
    assert faults_of(shallow) == {("depth_m", "left_outside")}
    put(drawn, "resource.save", "kit", kit("Kit by the wall"))
    put(drawn, "floor.save", "ground", GROUND | {"width_m": 15})


def test_a_floor_with_something_on_it_is_needed(drawn: Desk) -> None:
    refused = drawn.ask("floor.retire", id="ground")
    assert (refused.reason, faults_of(refused)) == ("still_needed", {("", "on_this_floor")})
    assert drawn.ask("floor.retire", id="upper").ok


@pytest.mark.parametrize(("by", "may"), [("l01", True), ("g01", False)])
def test_a_floor_is_drawn_by_those_who_write_plans(desk: Desk, by: str, may: bool) -> None:
    assert desk.ask("floor.save", by, id="ground", body=GROUND).ok is may


def test_of_two_who_draw_the_same_floor_the_second_is_told(drawn: Desk) -> None:
    assert drawn.ask("floor.save", id="ground", version=1, body=GROUND | {"width_m": 30}).ok
    late = drawn.ask("floor.save", id="ground", version=1, body=GROUND)
    assert late.reason == "changed_meanwhile"
    assert drawn.reader.record("floor", "ground").body.width_m == 30
