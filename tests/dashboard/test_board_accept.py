"""The link of a notice: looking accepts nothing, one touch does, once; then with real processes."""

from __future__ import annotations

import http.cookiejar
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from bad_services import Reply as Answer
from bad_services import Service
from board_branch import PINS, Branch, eventually, signed_in
from seeded import put, writing

from dashboard.actions import Outcome
from dashboard.pages import accept
from gateway.course import Place, Rules
from gateway.desk.floors import Floor, Spot
from gateway.desk.points import Point
from gateway.desk.record import Record
from gateway.desk.resources import Resource
from gateway.incident import raise_incident
from gateway.policy import Policy
from gateway.roster import Roster
from gateway.store import Judged, Work
from protocol import call_link
from protocol.call_link import CallLink
from protocol.clock import now
from protocol.messages import Action, Alert, Incident, Responder
from protocol.moment import rfc3339

MINUTE_MS = 60_000


@dataclass
class Counter:
    """A store with one open call at "Counter 1", and links to it."""

    path: Path
    key: str
    incident: Incident

    def token(self, staff: str = "", *, for_ms: int = MINUTE_MS, key: str = "", **more) -> str:
        values = {"incident_id": self.incident.incident_id} | more
        link = CallLink(staff=staff, expires_ms=now().utc_ms + for_ms, **values)
        return call_link.sign(key or self.key, link)

    def write(self, work: Work) -> None:
        put(self.path, work)

    def became(self, **changes) -> None:
        course = replace(self.course, incident=replace(self.incident, **changes))
        self.write(Work(courses={self.incident.incident_id: course}))

    def took(self, action_id: str, *, ok: bool = True, reason: str = "") -> None:
        self.write(Work(actions={action_id: Judged(ok=ok, reason=reason, at_ms=now().utc_ms)}))


@pytest.fixture
def counter(store: Path) -> Counter:
    alert = Alert(alert_id="a-1", point="point-1", what="pressed", boot="b", seq=1, age_ms=0)
    changed = raise_incident(
        alert,
        Place(point="point-1", label="Counter 1"),
        now(),
        branch="b001",
        rules=Rules(policy=Policy(), roster=Roster()),
    )
    with writing(store) as writer:
        key = writer.call_link_key()
    counter = Counter(store, key, changed.course.incident)
    counter.course = changed.course
    counter.became()
    return counter


@pytest.fixture
def acts(monkeypatch, counter: Counter) -> list[dict]:
    """Stands in for the way to the gateway, which the tests with processes go."""
    done: list[dict] = []

    def act(**asked) -> Outcome:
        done.append(asked)
        counter.took(asked["action_id"])
        return Outcome(ok=True, reason="", message="", incident=counter.incident)

    monkeypatch.setattr(accept, "act", act)
    return done


def text(reply) -> str:
    return reply.get_data(as_text=True)


def state(reply) -> str:
    return re.search(r'data-state="(\w+)"', text(reply))[1]


def form_token(reply) -> str:
    return re.search(
        r'<form[^>]*accept-form.*?name="csrf_token" value="([^"]+)"', text(reply), re.S
    )[1]


def touch(client, token: str, **form):
    """Opens the page and touches the button."""
    page = client.get(f"/a/{token}")
    return client.post(f"/a/{token}", data={"csrf_token": form_token(page), **form})


# --- looking ---


def test_a_link_shows_the_call_to_a_phone_without_a_session(client, counter) -> None:
    reply = client.get(f"/a/{counter.token('g01')}")
    assert (reply.status_code, state(reply)) == (200, "open")
    for words in ("Counter 1", "You are Li Na", "I am coming", "Nobody is coming yet"):
        assert words in text(reply)
    assert 'name="pin"' not in text(reply)
    assert reply.headers["Cache-Control"] == "no-store"


def test_a_link_shows_where_the_call_is_on_the_plan(client, counter) -> None:
    assert "floor-map" not in text(client.get(f"/a/{counter.token('g01')}")), "nothing is drawn"
    spot = Spot(floor="ground", x_m=5, y_m=2.5)
    bodies = {
        ("floor", "ground"): Floor(name="Ground floor", width_m=20, depth_m=10),
        ("point", "point-1"): Point(label="Counter 1", unit="unit-01", spot=spot),
        ("resource", "kit"): Resource(what="first_aid_kit", name="Kit", spot=spot),
    }
    records = {key: Record(kind=key[0], id=key[1], body=body) for key, body in bodies.items()}
    counter.write(Work(records=records))
    [mark] = re.findall(r'<svg class="mark [^>]*>', text(client.get(f"/a/{counter.token('g01')}")))
    assert 'is-call stage-raised" x="25.0%" y="25.0%"' in mark


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_accepts_nothing(client, counter, acts, method: str) -> None:
    for staff in ("g01", ""):
        client.open(f"/a/{counter.token(staff)}", method=method)
    assert acts == []


def test_the_page_speaks_chinese_too(client, counter) -> None:
    reply = client.get(f"/a/{counter.token('g01')}", headers={"Accept-Language": "zh"})
    assert "我过去" in text(reply) or "我来" in text(reply)
    assert "您是 Li Na" in text(reply)


def test_a_groups_link_asks_who_it_is(client, counter) -> None:
    reply = client.get(f"/a/{counter.token('')}")
    assert "Who are you?" in text(reply) and 'name="pin"' in text(reply)


def test_a_groups_link_asks_nobody_who_has_signed_in(client, counter, acts) -> None:
    signed_in(client, "l01")
    token = counter.token("")
    assert "You are Wang Wei" in text(client.get(f"/a/{token}"))
    assert state(touch(client, token)) == "done"
    assert acts[0]["by"] == "l01"


@pytest.mark.parametrize(
    ("make", "status", "shown"),
    [
        (lambda counter: "nonsense", 404, "invalid"),
        (lambda counter: "x" * 2000, 404, "invalid"),
        (lambda counter: counter.token("g01", key="another branch's key"), 404, "invalid"),
        (lambda counter: counter.token("g01", incident_id="gone"), 404, "invalid"),
        (lambda counter: counter.token("g01", for_ms=0), 410, "expired"),
        (lambda counter: counter.token("g01", for_ms=-1), 410, "expired"),
    ],
)
def test_a_link_that_is_none_says_so_and_tells_nothing_of_the_call(
    client, counter, acts, make: Callable, status: int, shown: str
) -> None:
    token = make(counter)
    csrf = form_token(client.get(f"/a/{counter.token('g01')}"))
    for reply in (client.get(f"/a/{token}"), client.post(f"/a/{token}", data={"csrf_token": csrf})):
        assert (reply.status_code, state(reply)) == (status, shown)
        assert "Counter 1" not in text(reply)
        assert "board" in text(reply)
    assert acts == []


def test_a_closed_call_says_that_there_is_nothing_to_do(client, counter, acts) -> None:
    token = counter.token("g01")
    csrf = form_token(client.get(f"/a/{token}"))
    counter.became(stage="closed", outcome="helped", closed_at=rfc3339(now().utc_ms))
    for reply in (client.get(f"/a/{token}"), client.post(f"/a/{token}", data={"csrf_token": csrf})):
        assert (reply.status_code, state(reply)) == (410, "closed")
        assert "nothing left to do" in text(reply)
    assert acts == []


def test_who_has_accepted_already_is_shown(client, counter) -> None:
    counter.became(stage="accepted", owner="l01", responders=(Responder(staff="l01"),))
    reply = client.get(f"/a/{counter.token('g01')}")
    assert "Wang Wei" in text(reply) and "I am coming too" in text(reply)


# --- touching ---


def test_one_touch_accepts_in_the_name_of_the_person(client, counter, acts) -> None:
    token = counter.token("g01")
    reply = touch(client, token)
    assert (reply.status_code, state(reply)) == (200, "done")
    assert "Go now" in text(reply)
    assert acts == [
        {
            "incident_id": counter.incident.incident_id,
            "action": "accept",
            "by": "g01",
            "action_id": call_link.action_id(token, "g01"),
        }
    ]


def test_a_link_works_once(client, counter, acts) -> None:
    token = counter.token("g01")
    csrf = form_token(client.get(f"/a/{token}"))
    for expected in ("done", "used"):
        reply = client.post(f"/a/{token}", data={"csrf_token": csrf})
        assert state(reply) == expected
    assert state(client.get(f"/a/{token}")) == "used"
    assert len(acts) == 1


def test_a_used_link_tells_whoever_is_coming_to_go(client, counter) -> None:
    token = counter.token("g01")
    counter.took(call_link.action_id(token, "g01"))
    counter.became(stage="accepted", owner="g01", responders=(Responder(staff="g01"),))
    reply = client.get(f"/a/{token}")
    assert reply.status_code == 410
    assert "Go now" in text(reply) and "works once" in text(reply)


def test_a_used_link_that_was_refused_says_why(client, counter) -> None:
    token = counter.token("g01")
    counter.took(call_link.action_id(token, "g01"), ok=False, reason="unknown_staff")
    assert "not on the branch" in text(client.get(f"/a/{token}"))


def test_without_the_pages_own_token_nothing_is_accepted(client, counter, acts) -> None:
    token = counter.token("g01")
    client.get(f"/a/{token}")
    for form in ({}, {"csrf_token": "guessed"}):
        assert client.post(f"/a/{token}", data=form).status_code == 400
    assert acts == []


def test_a_groups_link_accepts_for_whoever_knows_their_pin(client, counter, acts) -> None:
    token = counter.token("")
    reply = touch(client, token, staff=" g01 ", pin=PINS["g01"])
    assert (state(reply), acts[0]["by"]) == ("done", "g01")
    reply = touch(client, token, staff="l01", pin=PINS["l01"])
    assert (state(reply), acts[1]["by"]) == ("done", "l01"), "each of a group once"
    reply = touch(client, token, staff="g01", pin=PINS["g01"])
    assert (state(reply), len(acts)) == ("used", 2)
    assert client.get("/api/v1/incidents").status_code == 401, "and nobody is signed in by it"


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({}, 422),
        ({"staff": "g01"}, 422),
        ({"staff": "x" * 65, "pin": "1"}, 422),
        ({"staff": "g01", "pin": "000000"}, 401),
        ({"staff": "nobody", "pin": "000000"}, 401),
    ],
)
def test_a_groups_link_accepts_for_nobody_else(client, counter, acts, form, status) -> None:
    reply = touch(client, counter.token(""), **form)
    assert (reply.status_code, state(reply), acts) == (status, "open", [])
    assert 'id="accept-error"' in text(reply)


def test_guessing_pins_by_a_link_is_slowed_down_as_at_the_sign_in(client, counter, acts) -> None:
    token = counter.token("")
    for _ in range(5):
        assert touch(client, token, staff="g01", pin="000000").status_code == 401
    reply = touch(client, token, staff="g01", pin=PINS["g01"])
    assert (reply.status_code, reply.headers["Retry-After"], acts) == (429, "1", [])
    page = client.get("/sign-in").get_data(as_text=True)
    csrf = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]
    form = {"staff": "g01", "pin": PINS["g01"], "csrf_token": csrf}
    assert client.post("/sign-in", data=form).status_code == 429, "one brake for both"


def test_a_personal_link_needs_no_pin_and_takes_no_other_name(client, counter, acts) -> None:
    reply = touch(client, counter.token("g01"), staff="l01", pin=PINS["l01"])
    assert (state(reply), acts[0]["by"]) == ("done", "g01")


def test_cut_off_from_the_gateway_it_says_so_and_keeps_the_button(client, counter) -> None:
    reply = touch(client, counter.token("g01"))
    assert (reply.status_code, state(reply)) == (503, "open")
    assert "cut off" in text(reply) and "I am coming" in text(reply)


# --- with a real broker, gateway and board ---


CHANNELS = """
[[channels]]
name = "mine"
kind = "webhook"
url = "{url}"
staff = "g01"
[[channels]]
name = "group"
kind = "webhook"
url = "{url}"
"""


class Phone:
    """A browser without scripts: keeps cookies and fills the one form."""

    def __init__(self) -> None:
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(jar)

    def get(self, url: str) -> tuple[int, str]:
        return self._open(url, None)

    def touch(self, url: str, **form: str) -> tuple[int, str]:
        _, page = self.get(url)
        csrf = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
        return self._open(url, urllib.parse.urlencode({"csrf_token": csrf, **form}).encode())

    def _open(self, url: str, body: bytes | None) -> tuple[int, str]:
        try:
            with self._opener.open(url, body, timeout=15) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


@pytest.fixture
def linked(dark_branch: Branch) -> Iterator[tuple[Branch, Service]]:
    """A branch whose notices carry links."""
    service = Service(Answer()).start()
    config = dark_branch.folder / "gateway.toml"
    board_url = f'board_url = "http://127.0.0.1:{dark_branch.http_port}"\n'
    config.write_text(board_url + config.read_text() + CHANNELS.format(url=service.url))
    dark_branch.start()
    yield dark_branch, service
    service.stop()


def notices(service: Service) -> dict[str, dict]:
    """{channel: its newest notice about a call}."""
    said = [request.json for request in list(service.requests)]
    return {one["channel"]: one for one in said if one["kind"] == "call"}


def test_a_notices_link_accepts_its_call_once_for_each(linked: tuple[Branch, Service]) -> None:
    branch, service = linked
    with branch.voice() as voice:
        incident_id = branch.incident(voice)["incident_id"]
    told = eventually(lambda: len(notices(service)) == 2 and notices(service))
    assert told["mine"]["staff"] == ["g01"]

    def owner() -> str | None:
        return branch.get(f"/api/v1/incidents/{incident_id}").json["owner"]

    phone = Phone()
    status, page = phone.get(told["mine"]["link"])
    assert (status, "Counter 1" in page, owner()) == (200, True, None), "looking accepts nothing"
    status, page = phone.touch(told["mine"]["link"])
    assert (status, "Go now" in page, owner()) == (200, True, "g01")
    assert phone.get(told["mine"]["link"])[0] == 410

    lead = Phone()
    assert lead.touch(told["group"]["link"], staff="l01", pin="000000")[0] == 401
    status, page = lead.touch(told["group"]["link"], staff="l01", pin=PINS["l01"])
    assert (status, "Go now" in page) == (200, True)
    incident = branch.get(f"/api/v1/incidents/{incident_id}").json
    assert [one["staff"] for one in incident["responders"]] == ["g01", "l01"]
    accepted = [one["by"] for one in incident["log"] if one["event"] == "accepted"]
    assert accepted == ["g01", "l01"]

    for action, more in (("arrive", {}), ("close", {"outcome": "helped"})):
        branch.act(incident_id, action=action, by="g01", **more)
    status, page = Phone().get(told["group"]["link"])
    assert (status, "nothing left to do" in page) == (410, True)


def test_the_gateway_takes_a_link_once_however_often_it_is_sent(
    linked: tuple[Branch, Service],
) -> None:
    """Two touches at the same time: the board has not seen the first when the second comes."""
    branch, service = linked
    with branch.voice() as voice:
        incident_id = branch.incident(voice)["incident_id"]
    link = eventually(lambda: notices(service).get("mine"))["link"]
    action_id = call_link.action_id(link.rpartition("/")[2], "g01")
    assert Phone().touch(link)[0] == 200
    with branch.voice("screen", "result") as voice:
        for _ in range(2):
            again = Action(
                action_id=action_id,
                incident_id=incident_id,
                action="accept",
                by="g01",
                terminal="board",
            )
            voice.link.send("action", message=again)
            assert voice.heard.get(timeout=10)
    log = branch.get(f"/api/v1/incidents/{incident_id}").json["log"]
    assert [one["event"] for one in log].count("accepted") == 1
