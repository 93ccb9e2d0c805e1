"""Anything at all comes over MQTT: nothing stops, junk is counted, every true press is kept."""

from __future__ import annotations

import tempfile
from pathlib import Path

import msgspec
from gateway_kit import TOPICS, Desk, action, alert, as_json
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.chain import first_broken
from protocol.link import Connected, Disconnected, Published, Received
from protocol.messages import (
    Action,
    Alert,
    GatewayStatus,
    TerminalEvent,
    TerminalStatus,
    UnitStatus,
)

KINDS = {
    "alert": Alert,
    "unit_status": UnitStatus,
    "action": Action,
    "terminal_status": TerminalStatus,
    "terminal_event": TerminalEvent,
    "gateway_status": GatewayStatus,
}
TRUE = {
    "alert": as_json(alert()),
    "unit_status": as_json(
        UnitStatus(state="online", session=1, points={"point-1": {"call": "cut"}}, faults=["x"])
    ),
    "action": as_json(action("close", outcome="x", text="y", to="g01", situation="z")),
    "terminal_status": as_json(TerminalStatus(state="online", session=1)),
    "terminal_event": as_json(TerminalEvent(event_id="e", event="signed_in", staff="g01")),
    "gateway_status": as_json(GatewayStatus(state="online", session=1)),
}

_WILD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.sampled_from([0, -1, 2**31, 2**53, 2**53 + 1, 2**63 - 1, 2**63, 2**64, 10**400]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=80),
    st.sampled_from(["", "\0", "😀" * 64, "\x01" * 200, "point-1", "point-1\n", "b" * 5000, "../x"])
    | st.sampled_from(["pressed", "held", "presence", "seat_occupied", "offline", "online"])
    | st.sampled_from(["accept", "arrive", "close", "escalate", "handover", "2026-11-24T00:00:00Z"])
    | st.sampled_from(["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "--"]),
    st.lists(st.none(), max_size=3),
    st.dictionaries(st.text(max_size=40), st.dictionaries(st.text(max_size=5), st.just("cut"))),
)


def _json(value: object) -> bytes:
    """JSON as Python writes it, which also holds numbers and texts that others refuse."""
    import json

    return json.dumps(value).encode()


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, bytes]:
    """A true message with some fields changed, taken out, or with bytes turned."""
    name = draw(st.sampled_from(sorted(KINDS)))
    body = dict(TRUE[name])
    for key in draw(st.lists(st.sampled_from(sorted(body)), max_size=3)):
        body[key] = draw(_WILD)
    for key in draw(st.lists(st.sampled_from(sorted(body)), max_size=1)):
        del body[key]
    payload = bytearray(_json(body))
    for _ in range(draw(st.integers(0, 2))):
        payload[draw(st.integers(0, len(payload) - 1))] = draw(st.integers(0, 255))
    return name, bytes(payload)


JUNK = [
    b"",
    b"\0",
    b"[" * 60_000,
    b'{"a":' * 9_000,
    b" " * 70_000,
    b'"\\ud800"',
    b"\xff\xfe",
    b"1e999",
]
_LEVEL = st.sampled_from(
    ["unit", "unit-01", "alert", "status", "action", "+", "", "Ü", "A B", "x" * 40]
)


@st.composite
def received(draw: st.DrawFn) -> Received:
    """A message as the link hands it over: any payload under any topic of ours, or under none."""
    name, payload = draw(mutated() | st.tuples(st.sampled_from(sorted(KINDS)), _bytes()))
    ident = draw(st.sampled_from(["unit-01", "unit-99", "board", "b" * 32]))
    topic = TOPICS.build(name, ident)
    if draw(st.integers(0, 9)) == 0:
        topic = "anling/v1/b001/" + "/".join(draw(st.lists(_LEVEL, max_size=4)))
    return Received(
        topic, TOPICS.parse(topic), payload, draw(st.booleans()), draw(st.integers(0, 65535))
    )


def _bytes() -> st.SearchStrategy[bytes]:
    return st.binary(max_size=100) | st.sampled_from(JUNK)


_EVENTS = st.one_of(
    received(),
    received(),
    received(),
    st.builds(Connected, st.integers(1, 9)),
    st.just(Disconnected("gone")),
    st.builds(Published, st.integers(0, 300)),
)
_ROUNDS = st.lists(
    st.tuples(st.lists(_EVENTS, max_size=6), st.sampled_from([0, 1, 31, 200, 5000])), max_size=6
)


def is_junk(event: object) -> bool:
    """Whether it must be counted as rejected; judged by the words alone, apart from the loop."""
    if not isinstance(event, Received):
        return False
    if event.where is None:
        return True
    if event.where.name not in KINDS:
        return False
    if event.where.name == "gateway_status":
        return False  # its coming back is all that counts
    if len(event.payload) > 65_536:
        return True
    try:
        msgspec.json.decode(event.payload, type=KINDS[event.where.name])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return True
    return False


def _example_of_oversized_faults() -> list:
    status = UnitStatus(state="online", session=1, faults=["\x01" * 199 + str(n) for n in range(9)])
    topics = [TOPICS.build("unit_status", f"u{number}") for number in range(12)]
    payload = msgspec.json.encode(status)
    return [([Received(one, TOPICS.parse(one), payload, False, 5) for one in topics], 1)] * 2


@settings(max_examples=70, deadline=None, derandomize=True, database=None)
@given(rounds=_ROUNDS)
@example(rounds=_example_of_oversized_faults())
def test_junk_of_any_kind_stops_nothing_and_true_presses_are_kept(rounds: list) -> None:
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder) / "anling.db").start()
        true, junk = set(), 0
        for number, (events, seconds) in enumerate(rounds):
            between = f"true-{number}"
            true.add(between)
            middle = len(events) // 2
            press = desk.pressed(alert_id=between, point="vault")
            events = [*events[:middle], press, *events[middle:]]
            desk.handle(*events)
            desk.clock.move(seconds)
            desk.handle()
            junk += sum(map(is_junk, events))
        stored = {row[0] for row in desk.reader.rows("SELECT alert_id FROM alerts")}
        assert true <= stored
        assert desk.reader.rejected_count() == junk
        assert first_broken(desk.reader.whole_log()) is None
        receipted = {
            i for one in desk.link.sent("unit/") if hasattr(one, "alert_ids") for i in one.alert_ids
        }
        assert true <= receipted
        for incident in desk.reader.incidents(limit=1000):
            assert incident.late_ms >= 0
        desk.stop()
        again = Desk(Path(folder) / "anling.db").start()
        again.handle(Connected(1))
        again.stop()
