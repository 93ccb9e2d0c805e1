"""Topic names: there and back, and nothing of others is taken for ours."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.topics import RETAINED, SHAPES, Topic, Topics

TOPICS = Topics("b001")
IDS = st.from_regex(r"\A[a-z0-9][a-z0-9-]{0,31}\Z")
SETTINGS = settings(max_examples=50, deadline=None, derandomize=True, database=None)


@pytest.mark.parametrize(
    ("name", "ids", "topic"),
    [
        ("alert", ("unit-01",), "unit/unit-01/alert"),
        ("unit_status", ("unit-01",), "unit/unit-01/status"),
        ("receipt", ("unit-01",), "unit/unit-01/receipt"),
        ("feedback", ("point-1",), "point/point-1/feedback"),
        ("incident", ("20261124-0815",), "incident/20261124-0815"),
        ("action", (), "action"),
        ("result", ("board",), "terminal/board/result"),
        ("gateway_status", (), "gateway/status"),
        ("line", ("unit-01", "5"), "sim/unit-01/line/5"),
        ("lamp", ("unit-01", "point-1"), "sim/unit-01/lamp/point-1"),
    ],
)
def test_the_topics_of_the_contract(name: str, ids: tuple[str, ...], topic: str) -> None:
    assert TOPICS.build(name, *ids) == f"anling/v1/b001/{topic}"
    assert TOPICS.parse(f"anling/v1/b001/{topic}") == Topic(name, *ids)


@pytest.mark.parametrize("name", SHAPES)
def test_what_is_built_is_parsed_the_same(name: str) -> None:
    count = SHAPES[name].count("+")

    @SETTINGS
    @given(branch=IDS, ids=st.lists(IDS, min_size=count, max_size=count))
    def there_and_back(branch: str, ids: list[str]) -> None:
        topics = Topics(branch)
        assert topics.parse(topics.build(name, *ids)) == Topic(name, *ids)

    there_and_back()


def test_a_missing_id_subscribes_to_all() -> None:
    assert TOPICS.build("alert") == "anling/v1/b001/unit/+/alert"
    assert TOPICS.build("line", "unit-01") == "anling/v1/b001/sim/unit-01/line/+"


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "/",
        "anling/v1/b001",
        "anling/v1/b001/",
        "anling/v1/b002/action",
        "anling/v2/b001/action",
        "anling/v1/b0012/action",
        "x/anling/v1/b001/action",
        "anling/v1/b001/action/more",
        "anling/v1/b001/unit//alert",
        "anling/v1/b001/unit/+/alert",
        "anling/v1/b001/unit/UNIT/alert",
        "anling/v1/b001/unit/a b/alert",
        "anling/v1/b001/unit/-a/alert",
        "anling/v1/b001/unit/a\n/alert",
        f"anling/v1/b001/unit/{'a' * 33}/alert",
        "anling/v1/b001/unit/单元/alert",
        "anling/v1/b001/unit/\0/alert",
    ],
)
def test_what_is_not_ours_is_nothing(topic: str) -> None:
    assert TOPICS.parse(topic) is None


@SETTINGS
@given(topic=st.text(max_size=60), prefix=st.sampled_from(["", "anling/v1/b001/"]))
def test_any_text_is_a_topic_or_nothing(topic: str, prefix: str) -> None:
    found = TOPICS.parse(prefix + topic)
    if found is not None:
        ids = [one for one in (found.id, found.part) if one]
        assert TOPICS.build(found.name, *ids) == prefix + topic


def test_state_is_retained_and_events_are_not() -> None:
    assert SHAPES.keys() >= RETAINED
    assert RETAINED.isdisjoint({"alert", "receipt", "action", "result", "line", "terminal_event"})
    assert {"unit_status", "feedback", "incident", "gateway_status"} <= RETAINED
