"""The board's own part of the connection; the broker is absent, the event loop is real."""

import asyncio
import uuid
from contextlib import ExitStack

import pytest

from dashboard import live as lives
from dashboard.errors import BrokerAway, TooLong, TooManyWaiting
from dashboard.stream import MAX_WAITING
from protocol.link import Received
from protocol.messages import Action, ActionResult, Request, TerminalEvent, UnitStatus, encode
from protocol.topics import Topic


def _news(number: int) -> Received:
    status = UnitStatus(state="online", session=1, pending=number)
    where = Topic("unit_status", f"unit-{number % 5}")
    return Received("", where, encode(status), False, number)


def _action() -> Action:
    return Action(
        action_id=uuid.uuid4().hex, incident_id="i", action="accept", by="g01", terminal="board"
    )


def test_a_storm_of_news_does_not_cut_a_screen_that_reads_on(board):
    async def test():
        live = board.live
        live._loop = asyncio.get_running_loop()
        stream, told = live.hub.join(), 0
        await stream.take()
        for number in range(MAX_WAITING * 3):
            live._deliver(_news(number))
        while told < MAX_WAITING * 3:
            chunk = await stream.take()
            assert stream.is_open
            told += chunk.count(b"event: unit")

    asyncio.run(asyncio.wait_for(test(), 30))


def test_the_inbox_is_bounded_and_keeps_the_newest(board, monkeypatch):
    monkeypatch.setattr(lives, "MAX_INBOX", 10)
    for number in range(25):
        board.live._deliver(_news(number))
    assert [event.mid for event in board.live._inbox] == list(range(15, 25))


def test_an_action_that_cannot_be_sent_is_named_and_forgotten(board):
    with pytest.raises(BrokerAway):
        board.live.ask(_action())
    assert len(board.live._waiting) == 0


def test_what_does_not_fit_into_a_message_is_named_and_forgotten(board, monkeypatch):
    request = Request(request_id="r", do="x", by="g01", terminal="b", body={"text": "中" * 30_000})

    def send(name: str, *, message: object) -> None:
        encode(message)

    monkeypatch.setattr(board.live.link, "send", send)
    with pytest.raises(TooLong):
        board.live.ask(request)
    assert len(board.live._waiting) == 0


def test_waiting_actions_leave_threads_for_pages(board):
    with ExitStack() as waiting:
        for number in range(lives.MAX_WAITING_ACTIONS):
            waiting.enter_context(board.live._waiting.answer_to(str(number)))
        with pytest.raises(TooManyWaiting):
            board.live.ask(_action())
    assert len(board.live._waiting) == 0


def test_all_who_ask_the_same_hear_the_answer(board):
    """Who asks again after a lost answer does so before the first has got theirs."""
    waiting = board.live._waiting
    with waiting.answer_to("same") as first:
        with waiting.answer_to("same") as second, waiting.answer_to("other") as other:
            waiting.answer(ActionResult(action_id="same", ok=True))
            assert first.result(0).ok and second.result(0).ok and not other.done()
        assert len(waiting) == 0


def test_who_gives_up_waiting_takes_nobodys_answer_along(board):
    waiting = board.live._waiting
    with waiting.answer_to("same") as patient:
        with waiting.answer_to("same"):
            pass
        waiting.answer(ActionResult(action_id="same", ok=True))
        assert patient.result(0).ok


def test_what_could_not_be_told_is_kept_and_bounded(board):
    for number in range(lives.MAX_UNTOLD + 5):
        board.live.tell(TerminalEvent(event_id=f"e{number}", event="signed_in", staff="g01"))
    assert len(board.live._untold) == lives.MAX_UNTOLD
    assert board.live._untold[-1].event_id == f"e{lives.MAX_UNTOLD + 4}"
