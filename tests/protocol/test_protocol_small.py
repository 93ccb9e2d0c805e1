"""The small words: moments, the bounded inbox, the loopback, and what systemd is told."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import clock, inbox, service
from protocol.inbox import Inbox
from protocol.moment import MAX_UTC_MS, parse_rfc3339, rfc3339
from protocol.service import LOOPBACK_LIMIT_MS, Loopback


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_795_508_130_250, "2026-11-24T08:15:30.250Z"),
        (1_709_164_800_001, "2024-02-29T00:00:00.001Z"),
        (MAX_UTC_MS, "9999-12-31T23:59:59.999Z"),
        (MAX_UTC_MS + 1, "9999-12-31T23:59:59.999Z"),
        (-1, "1970-01-01T00:00:00.000Z"),
    ],
)
def test_times_are_rfc_3339_with_milliseconds(ms: int, text: str) -> None:
    assert rfc3339(ms) == text


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(ms=st.integers(0, MAX_UTC_MS))
def test_a_time_is_read_back_to_the_millisecond_and_sorts_as_text(ms: int) -> None:
    assert parse_rfc3339(rfc3339(ms)) == ms
    assert rfc3339(ms) <= rfc3339(ms + 1)


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("1970-01-01", 0),
        ("1970-01-02T00:00:00Z", 86_400_000),
        ("1970-01-01T08:00:00.5+08:00", 500),
        ("1970-01-01T00:00:01", 1000),
    ],
)
def test_other_forms_of_a_time(text: str, ms: int) -> None:
    assert parse_rfc3339(text) == ms


@pytest.mark.parametrize(
    "text", ["", "now", "2026-13-01", "2026-11-24T25:00:00Z", "\0", "１９７０"]
)
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError):
        parse_rfc3339(text)


def test_the_clock_goes_on_in_one_boot() -> None:
    first, second = clock.now(), clock.now()
    assert second.mono_ms >= first.mono_ms
    assert first.boot == second.boot and first.boot


def test_an_inbox_gives_events_in_order_and_no_more_than_asked() -> None:
    box: Inbox[int] = Inbox()
    for number in range(5):
        box.put(number)
    assert box.take(wait_s=0, most=3) == [0, 1, 2]
    assert box.take(wait_s=0, most=3) == [3, 4]
    assert box.take(wait_s=0, most=3) == []
    assert box.take(wait_s=-5, most=3) == []


def test_a_full_inbox_counts_what_it_lets_go(monkeypatch) -> None:
    monkeypatch.setattr(inbox, "MAX_WAITING", 3)
    box: Inbox[int] = Inbox()
    for number in range(5):
        box.put(number)
    assert (box.take(wait_s=0, most=9), box.overflowed) == ([0, 1, 2], 2)


def test_a_loopback_is_overdue_by_its_first_unanswered_message() -> None:
    loopback = Loopback()
    assert not loopback.is_overdue(10**9)
    loopback.sent(1000)
    loopback.sent(15_000)
    assert not loopback.is_overdue(1000 + LOOPBACK_LIMIT_MS)
    assert loopback.is_overdue(1001 + LOOPBACK_LIMIT_MS)
    loopback.heard()
    assert not loopback.is_overdue(10**9)


@pytest.mark.parametrize("abstract", [False, True])
def test_systemd_is_told(tmp_path: Path, monkeypatch, abstract: bool) -> None:
    name = f"anling-test-{tmp_path.name}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(f"\0{name}" if abstract else name)
        sock.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}" if abstract else name)
        service.notify("READY=1")
        assert sock.recv(99) == b"READY=1"


def test_without_systemd_nothing_is_told(monkeypatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    service.notify("READY=1")
