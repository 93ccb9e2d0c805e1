"""The hub and the ASGI end of a stream, in an event loop, without a network."""

import asyncio
import json

import pytest

from dashboard import stream as streams
from dashboard.errors import Problem, TooManyStreams
from dashboard.stream import Events, Hub

SCOPE = {"type": "http", "method": "GET", "path": "/events", "headers": []}


class Visitor:
    """The other end of an ASGI connection. slow: takes the headers, and then nothing more."""

    def __init__(self, *, slow: bool = False) -> None:
        self.sent: list[dict] = []
        self.gone = asyncio.Event()
        self.told = asyncio.Event()
        self._slow = slow

    async def receive(self):
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        if self._slow and message["type"] == "http.response.body":
            await asyncio.Event().wait()
        self.sent.append(message)
        self.told.set()

    async def until(self, text: str) -> None:
        while text not in self.text:
            self.told.clear()
            await asyncio.wait_for(self.told.wait(), 10)

    @property
    def status(self) -> int:
        return self.sent[0]["status"]

    @property
    def text(self) -> str:
        return b"".join(message.get("body", b"") for message in self.sent).decode()

    @property
    def ids(self) -> list[int]:
        return [int(line[4:]) for line in self.text.splitlines() if line.startswith("id: ")]


async def _admit(scope):
    return


def _hub(**more):
    return Hub(present=lambda: [("unit", {"unit": "u"}), ("gateway", {})], first_id=100, **more)


def _watch(hub, visitor, *, admit=_admit, scope=SCOPE, recheck_s=60):
    events = Events(hub=hub, admit=admit, recheck_s=recheck_s)
    return asyncio.create_task(events(scope, visitor.receive, visitor.send))


def _run(test):
    asyncio.run(asyncio.wait_for(test, 30))


def test_a_stream_begins_with_the_present_state_and_its_ids_count_up():
    async def test():
        hub, visitor = _hub(), Visitor()
        watching = _watch(hub, visitor)
        await visitor.until("event: gateway")
        hub.publish("incident", {"label": "柜台\n1"})
        await visitor.until("event: incident")
        visitor.gone.set()
        await watching
        events = [line[7:] for line in visitor.text.splitlines() if line.startswith("event: ")]
        assert events == ["unit", "gateway", "incident"]
        assert visitor.ids == [101, 102, 103]
        data = visitor.text.split("data: ")[-1].split("\n")[0]
        assert json.loads(data) == {"label": "柜台\n1"}
        assert len(hub) == 0

    _run(test())


def test_ids_count_up_in_each_stream_however_many_join():
    async def test():
        hub, visitors = _hub(), [Visitor() for _ in range(3)]
        for visitor in visitors:
            _watch(hub, visitor)
            await visitor.until("event: gateway")
            hub.publish("beat", {})
        hub.publish("incident", {})
        for visitor in visitors:
            await visitor.until("event: incident")
            assert visitor.ids == sorted(set(visitor.ids))
        hub.close()

    _run(test())


def test_a_screen_too_far_behind_is_cut_and_the_others_go_on(monkeypatch):
    async def test():
        monkeypatch.setattr(streams, "SLOW_READER_S", 0.05)
        hub, slow, quick = _hub(), Visitor(slow=True), Visitor()
        stuck, going = _watch(hub, slow), _watch(hub, quick)
        await quick.until("event: gateway")
        await stuck
        hub.publish("incident", {})
        await quick.until("event: incident")
        assert len(hub) == 1
        hub.close()
        await going

    _run(test())


def test_what_waits_for_one_screen_is_bounded():
    async def test():
        hub = _hub()
        stream = hub.join()
        for _ in range(streams.MAX_WAITING + 1):
            hub.publish("beat", {})
        assert not stream.is_open
        assert await stream.take() == b""

    _run(test())


def test_one_screen_too_many_is_told_so():
    async def test():
        hub, first, second = _hub(max_streams=1), Visitor(), Visitor()
        _watch(hub, first)
        await first.until("event: gateway")
        await _watch(hub, second)
        assert second.status == 503
        assert json.loads(second.text)["reason"] == "too_many_screens"
        first.gone.set()
        hub.close()

    _run(test())


def test_a_stranger_is_refused():
    async def refuse(scope):
        raise Problem(401, "sign_in_needed", "Sign in.")

    async def test():
        visitor = Visitor()
        await _watch(_hub(), visitor, admit=refuse)
        assert (visitor.status, json.loads(visitor.text)["reason"]) == (401, "sign_in_needed")

    _run(test())


def test_a_session_that_has_ended_stops_watching():
    answers = [None, Problem(503, "store_unavailable", ""), Problem(401, "sign_in_needed", "")]

    async def admit(scope):
        if answer := answers.pop(0):
            raise answer

    async def test():
        visitor = Visitor()
        await _watch(_hub(), visitor, admit=admit, recheck_s=0.01)
        assert visitor.sent[-1]["more_body"] is False
        assert answers == []

    _run(test())


def test_only_get_is_allowed():
    async def test():
        visitor = Visitor()
        await _watch(_hub(), visitor, scope={**SCOPE, "method": "POST"})
        assert visitor.status == 405

    _run(test())


def test_a_closed_hub_ends_its_streams_and_takes_none():
    async def test():
        hub, visitor = _hub(), Visitor()
        watching = _watch(hub, visitor)
        await visitor.until("event: gateway")
        hub.close()
        await watching
        with pytest.raises(TooManyStreams):
            hub.join()

    _run(test())
