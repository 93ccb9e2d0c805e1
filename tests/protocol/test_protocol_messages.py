"""Every message: there and back, what it refuses, and what it lets pass."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, get_args, get_type_hints

import pytest
from any_values import made
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import messages
from protocol.messages import (
    MAX_PAYLOAD_BYTES,
    Action,
    Alert,
    Fault,
    Faults,
    Incident,
    LongId,
    MessageError,
    Receipt,
    UnitStatus,
    decode,
    encode,
    is_seen,
)

KINDS = [
    one
    for one in vars(messages).values()
    if dataclasses.is_dataclass(one) and one.__module__ == messages.__name__
]
# Each leaves no ink on a page.
UNSEEN = (
    "\t\n\x1f \x85\xa0\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200f"
    "\u202a\u202e\u2060\u2061\u2066\u2069\u206f\u2800\u3000\u3164\ufe00\ufe0f\ufeff\uffa0"
)
SETTINGS = settings(max_examples=60, deadline=None, derandomize=True, database=None)


@pytest.mark.parametrize("text", ["", *UNSEEN, UNSEEN])
def test_what_leaves_no_ink_is_not_seen(text: str) -> None:
    assert not is_seen(text)
    assert is_seen(f"{text}安{text}")


@pytest.mark.parametrize("text", ["a", "0", ".", "é", "安", "한", "❤️", "🙂"])
def test_what_leaves_ink_is_seen(text: str) -> None:
    assert is_seen(text)


def test_every_message_is_here() -> None:
    assert {kind.__name__ for kind in KINDS} >= {
        *("Alert", "UnitStatus", "Receipt", "Feedback", "Incident", "Action", "ActionResult"),
        *("GatewayStatus", "Fault", "Faults", "TerminalStatus", "TerminalEvent", "SimulatedLamp"),
    }


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_what_is_encoded_is_decoded_the_same(kind: type) -> None:
    @SETTINGS
    @given(message=made(kind))
    def there_and_back(message: Any) -> None:
        payload = encode(message)
        assert isinstance(json.loads(payload), dict)
        assert decode(kind, payload) == message

    there_and_back()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_unknown_fields_are_ignored(kind: type) -> None:
    @settings(SETTINGS, max_examples=5)
    @given(message=made(kind))
    def a_newer_program_says_more(message: Any) -> None:
        body = json.loads(encode(message)) | {"of_a_later_version": {"a": [1]}}
        assert decode(kind, json.dumps(body).encode()) == message

    a_newer_program_says_more()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_any_bytes_are_a_message_or_an_error_with_words(kind: type) -> None:
    @settings(SETTINGS, max_examples=40)
    @given(payload=st.binary(max_size=80) | st.text(max_size=40).map(str.encode))
    def anything(payload: bytes) -> None:
        try:
            decode(kind, payload)
        except MessageError as error:
            assert str(error)

    anything()


GOOD = {"alert_id": "a", "point": "point-1", "what": "pressed", "boot": "b", "seq": 1}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"alert_id": ""}, "alert_id"),
        ({"alert_id": "a" * 65}, "alert_id"),
        ({"alert_id": 7}, "alert_id"),
        ({"point": "Point 1"}, "point"),
        ({"point": "point-1\n"}, "point"),
        ({"point": "-1"}, "point"),
        ({"point": "p" * 33}, "point"),
        ({"point": "点"}, "point"),
        ({"what": "exploded"}, "what"),
        ({"seq": -1}, "seq"),
        ({"seq": 2**53 + 1}, "seq"),
        ({"seq": 1.5}, "seq"),
        ({"age_ms": -1}, "age_ms"),
        ({"age_ms": "5"}, "age_ms"),
        ({"wall": "x" * 41}, "wall"),
        ({"drill": 1}, "drill"),
        ({"boot": None}, "boot"),
    ],
)
def test_the_field_at_fault_is_named(changes: dict, field: str) -> None:
    with pytest.raises(MessageError, match=field):
        decode(Alert, json.dumps(GOOD | changes).encode())


@pytest.mark.parametrize("missing", GOOD)
def test_a_missing_field_is_named(missing: str) -> None:
    body = {key: value for key, value in GOOD.items() if key != missing}
    with pytest.raises(MessageError, match=missing):
        decode(Alert, json.dumps(body).encode())


@pytest.mark.parametrize(
    "payload",
    [
        *(b"", b"null", b"[]", b"7", b"\0" * 9, b"[" * 60_000, b'{"a":' * 10_000, b'"\\ud800"'),
        *(b'{"alert_id": "\xff"}', b"\xef\xbb\xbf{}", b'{"seq": 1e999}'),
        b'{"seq": ' + b"9" * 5000 + b"}",
    ],
)
def test_what_is_no_message_is_refused_with_words(payload: bytes) -> None:
    with pytest.raises(MessageError) as caught:
        decode(Alert, payload)
    assert str(caught.value)


def test_a_payload_may_have_64_kib_and_not_a_byte_more() -> None:
    fault = Fault(subject="s", name="n", since="")
    spare = MAX_PAYLOAD_BYTES - len(encode(fault))
    whole = encode(dataclasses.replace(fault, since="x" * spare))
    assert len(whole) == MAX_PAYLOAD_BYTES
    assert decode(Fault, whole).since == "x" * spare
    over = dataclasses.replace(fault, since="x" * (spare + 1))
    with pytest.raises(MessageError, match="at most 65536"):
        encode(over)
    with pytest.raises(MessageError, match="at most 65536"):
        decode(Fault, whole + b" ")


def test_a_receipt_of_the_longest_ids_fits_into_a_payload() -> None:
    from gateway.voice import IDS_A_RECEIPT

    longest = get_args(LongId)[1].max_length
    for character in ("x", "😀", "\x01", "中"):
        assert encode(Receipt(alert_ids=[character * longest] * IDS_A_RECEIPT))


def test_a_long_name_of_a_line_is_refused_since_it_would_become_a_fault() -> None:
    for points in ({"p" * 33: {"call": "ok"}}, {"p": {"c" * 33: "ok"}}):
        body = {"state": "online", "session": 1, "points": points}
        with pytest.raises(MessageError, match="points"):
            decode(UnitStatus, json.dumps(body).encode())


def test_messages_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Faults().faults = ()  # type: ignore[misc]


def test_the_incident_has_the_fields_of_the_contract() -> None:
    contract = """incident_id branch point label kind stage presses drill raised_at
        raised_uncertain_ms late_ms accepted_at arrived_at closed_at to_accept_ms to_arrive_ms
        to_close_ms step owner responders missing_roles situation outcome version"""
    assert set(contract.split()) <= {field.name for field in dataclasses.fields(Incident)}
    actions = get_args(get_type_hints(Action)["action"])
    assert set(actions) >= {
        *("accept", "arrive", "close", "escalate", "handover", "note", "situation")
    }
