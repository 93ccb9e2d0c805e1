"""Who may see what, and what protects every answer; a real store, no network."""

import re
from dataclasses import replace

import pytest
from board_branch import PINS, TOKEN
from seeded import write_staff, writing

from dashboard import sessions
from dashboard.app import create_app
from dashboard.auth import local_target
from dashboard.errors import Problem
from dashboard.language import get_locale
from dashboard.server import admit
from gateway.store import Reader

API = "/api/v1/incidents"


def csrf_token(client) -> str:
    page = client.get("/sign-in").get_data(as_text=True)
    tag = re.search(r"<input[^>]*name=\"csrf_token\"[^>]*>", page)
    assert tag, "the sign-in page has no CSRF token"
    return re.search(r"value=\"([^\"]+)\"", tag[0])[1]


def sign_in(client, staff="g01", pin=None, **more):
    form = {"staff": staff, "pin": PINS.get(staff) if pin is None else pin, **more}
    return client.post("/sign-in", data={**form, "csrf_token": csrf_token(client)})


# -- strangers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/devices", "/demo", "/no-such-page"])
def test_a_stranger_is_sent_to_the_sign_in_page(client, path):
    reply = client.get(path)
    assert reply.status_code == 302
    assert reply.headers["Location"].startswith("/sign-in?next=")


@pytest.mark.parametrize(
    "path", [API, API + "/x", "/api/v1/units", "/api/v1/openapi.json", "/metrics", "/api/v1/no"]
)
def test_a_stranger_gets_json_401_under_the_api(client, path):
    reply = client.get(path)
    assert reply.status_code == 401
    assert reply.json["reason"] == "sign_in_needed"


@pytest.mark.parametrize(
    "header", ["Bearer wrong", "Bearer ", "Bearer", f"Basic {TOKEN}", "", "Bearer \udc80"]
)
def test_a_wrong_token_is_a_stranger(client, header):
    assert client.get(API, headers={"Authorization": header}).status_code == 401


def test_a_token_beside_a_session_counts_alone(client):
    """Else a request that is exempt from the CSRF check could act with somebody's cookie."""
    assert sign_in(client).status_code == 302
    assert client.get(API).status_code == 200
    assert client.get(API, headers={"Authorization": "Bearer wrong"}).status_code == 401


def test_health_is_public(client):
    assert client.get("/healthz").json == {"status": "unwell", "missing": ["broker", "gateway"]}


# -- sign-in --------------------------------------------------------------------------------------


def test_the_right_pin_opens_a_guarded_session(client, board):
    reply = sign_in(client, next="/incidents")
    assert (reply.status_code, reply.headers["Location"]) == (302, "/incidents")
    cookie = next(c for c in reply.headers.getlist("Set-Cookie") if c.startswith("anling="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert client.get(API).status_code == 200
    assert _told(board) == ["signed_in g01"]


def test_behind_https_the_session_cookie_is_secure(board):
    http = replace(board.config.http, secure_cookies=True)
    app = create_app(replace(board, config=replace(board.config, http=http)))
    reply = app.test_client().get("/sign-in")
    assert any("; Secure" in cookie for cookie in reply.headers.getlist("Set-Cookie"))


def test_sign_out_ends_the_session(client):
    sign_in(client)
    page_token = csrf_token(client)
    assert client.post("/sign-out", data={"csrf_token": page_token}).status_code == 302
    assert client.get(API).status_code == 401


RENEWAL = {"X-Requested-With": "fetch"}


def test_a_renewal_takes_nothing_that_is_to_be_said_to_a_person(client):
    sign_in(client)
    with client.session_transaction() as visit:
        visit["_flashes"] = [("message", "Marked.")]
    assert "Marked." not in client.get("/points", headers=RENEWAL).text
    assert "Marked." in client.get("/points").text
    assert "Marked." not in client.get("/points").text


def test_a_renewal_under_way_at_sign_out_does_not_sign_in_again(client):
    """Its answer, which comes later, holds no cookie that a browser could take."""
    sign_in(client)
    client.get("/points")
    assert "Set-Cookie" not in client.get("/points", headers=RENEWAL).headers


def test_a_session_goes_on_while_a_page_renews_itself(client, monkeypatch):
    sign_in(client)
    began = sessions.now()
    later = replace(began, utc_ms=began.utc_ms + 11 * sessions.HOUR_MS)
    monkeypatch.setattr(sessions, "now", lambda: later)
    assert "anling=" in client.get("/points", headers=RENEWAL).headers["Set-Cookie"]
    assert "Set-Cookie" not in client.get("/points", headers=RENEWAL).headers


@pytest.mark.parametrize("staff", ["g01", "nobody", "' OR 1=1 --", "柜员"])
def test_a_wrong_pin_and_an_unknown_id_look_the_same(client, staff, board):
    reply = sign_in(client, staff, "000000")
    assert reply.status_code == 401
    assert "wrong" in reply.get_data(as_text=True)
    assert client.get(API).status_code == 401
    assert _told(board) == [f"sign_in_refused {staff}"]


def test_five_wrong_pins_slow_down_the_sixth_try_even_a_right_one(client, board):
    for _ in range(5):
        assert sign_in(client, pin="000000").status_code == 401
    reply = sign_in(client)
    assert reply.status_code == 429
    assert reply.headers["Retry-After"] == "1"
    assert "1 s" in reply.get_data(as_text=True)
    assert client.get(API).status_code == 401
    sign_in(client)
    assert _told(board) == ["sign_in_refused g01"] * 5 + ["sign_in_slowed g01"]


def test_an_empty_form_is_no_try(client, board):
    assert sign_in(client, staff="", pin="").status_code == 422
    assert _told(board) == []


def test_a_new_pin_ends_old_sessions(client, board, pin_hashes):
    sign_in(client)
    changed = [
        replace(item, pin_hash=pin_hashes["l01"]) if item.staff == "g01" else item
        for item in board.reader.staff()
    ]
    _configure(board, changed)
    assert client.get(API).status_code == 401


def test_a_member_of_staff_who_is_gone_has_no_session(client, board):
    sign_in(client)
    _configure(board, [item for item in board.reader.staff() if item.staff != "g01"])
    assert client.get(API).status_code == 401


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/incidents?stage=open", "/incidents?stage=open"),
        (None, "/"),
        ("", "/"),
        ("https://elsewhere.example/", "/"),
        ("//elsewhere.example/", "/"),
        ("/\\elsewhere.example", "/"),
        ("/\t/elsewhere.example", "/"),
        ("javascript:alert(1)", "/"),
        ("incidents", "/"),
    ],
)
def test_after_the_sign_in_only_a_page_of_this_board_follows(target, expected):
    assert local_target(target) == expected


# -- the stream asks the same guards ---------------------------------------------------------------


def _scope(**headers):
    return {"headers": [(name.encode(), value.encode()) for name, value in headers.items()]}


def test_a_session_may_watch_until_it_ends(app, client, board):
    sign_in(client)
    scope = _scope(cookie=f"anling={client.get_cookie('anling').value}")
    admit(app, scope)
    _configure(board, [])
    with pytest.raises(Problem) as refused:
        admit(app, scope)
    assert refused.value.status == 401


def test_while_the_store_is_away_a_session_may_not_watch_but_is_not_signed_out(app, client, store):
    sign_in(client)
    scope = _scope(cookie=f"anling={client.get_cookie('anling').value}")
    store.rename(store.with_name("away.db"))
    with pytest.raises(Problem) as refused:
        admit(app, scope)
    assert refused.value.status == 503


@pytest.mark.parametrize(
    "headers",
    [{}, {"cookie": "anling=junk"}, {"authorization": "Bearer wrong"}, {"cookie": "\xff"}],
)
def test_a_stranger_may_not_watch(app, headers):
    with pytest.raises(Problem) as refused:
        admit(app, _scope(**headers))
    assert refused.value.status == 401


def test_a_machine_may_watch(app, bearer):
    admit(app, _scope(authorization=bearer["Authorization"]))


# -- CSRF and authorship --------------------------------------------------------------------------


def test_a_session_must_show_the_csrf_token(client):
    sign_in(client)
    reply = client.post(API + "/i/actions", json={"action": "accept"})
    assert (reply.status_code, reply.json["reason"]) == (400, "csrf")
    token = csrf_token(client)
    reply = client.post(
        API + "/i/actions", json={"action": "accept"}, headers={"X-CSRFToken": token}
    )
    assert (reply.status_code, reply.json["reason"]) == (404, "unknown_incident")


def test_a_session_acts_only_as_itself(client):
    sign_in(client)
    headers = {"X-CSRFToken": csrf_token(client)}
    reply = client.post(API + "/i/actions", json={"action": "accept", "by": "l01"}, headers=headers)
    assert (reply.status_code, reply.json["reason"]) == (403, "not_allowed")
    reply = client.post(API + "/i/actions", json={"action": "accept", "by": "g01"}, headers=headers)
    assert reply.status_code == 404


def test_signing_in_needs_the_csrf_token_too(client):
    assert client.post("/sign-in", data={"staff": "g01", "pin": PINS["g01"]}).status_code == 400


# -- every answer ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/sign-in", "/healthz", API, "/no-such-page", "/metrics"])
def test_every_answer_carries_the_security_headers(client, path, bearer):
    headers = client.get(path, headers=bearer).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src" not in policy
    assert "unsafe-inline" not in policy.replace("style-src 'self' 'unsafe-inline'", "")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert "Referrer-Policy" in headers
    assert "Permissions-Policy" in headers


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=x", "limit"),
        ("limit=-1", "limit"),
        ("limit=٣", "limit"),
        ("limit=1&limit=2", "limit"),
        ("stage=half", "stage"),
        ("stage=", "stage"),
        ("before=", "before"),
        ("before=" + "x" * 65, "before"),
    ],
)
def test_a_malformed_parameter_is_named(client, bearer, query, field):
    reply = client.get(f"{API}?{query}", headers=bearer)
    assert (reply.status_code, reply.json["reason"]) == (422, f"bad_{field}")
    assert field in reply.json["message"]


@pytest.mark.parametrize("field", ["from", "to"])
def test_a_malformed_time_is_named(client, bearer, field):
    reply = client.get(f"/api/v1/reports/response-times?{field}=soon", headers=bearer)
    assert (reply.status_code, reply.json["reason"]) == (422, f"bad_{field}")


def test_paging_from_an_unknown_incident_is_not_found(client, bearer):
    assert client.get(API + "?before=gone", headers=bearer).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("DELETE", API, 405),
        ("OPTIONS", API, 405),
        ("GET", API + "/i/actions", 405),
        ("GET", "/api/v2", 404),
        ("POST", API + "/i/actions", 415),
    ],
)
def test_errors_under_the_api_are_json(client, bearer, method, path, status):
    reply = client.open(path, method=method, headers=bearer, data="x")
    assert reply.status_code == status
    assert reply.json.keys() == {"reason", "message"}
    if status == 405:
        assert reply.headers["Allow"]


def test_a_body_over_64_kib_is_refused(client, bearer):
    reply = client.post(API + "/i/actions", headers=bearer, json={"text": "x" * 70_000})
    assert (reply.status_code, reply.json["reason"]) == (413, "too_large")


@pytest.mark.parametrize("host", ["a b", 'evil"><script>', "x" * 300, "a/b"])
def test_a_malformed_host_is_refused(client, bearer, host):
    assert client.get(API, headers={**bearer, "Host": host}).status_code == 400


# -- a store that is away -------------------------------------------------------------------------


def test_without_its_store_the_board_says_so_and_signs_nobody_out(client, store):
    sign_in(client)
    away = store.rename(store.with_name("away.db"))
    for path in (API, "/"):
        reply = client.get(path)
        assert reply.status_code == 503
        assert "cannot be read" in reply.get_data(as_text=True)
    away.rename(store)
    assert client.get(API).status_code == 200


def test_the_reader_follows_the_file_that_takes_the_place(store, tmp_path):
    reader = Reader(str(store))
    assert len(reader.staff()) == 2
    other = tmp_path / "other.db"
    _make_store(other)
    other.replace(store)
    assert reader.staff() == []
    reader.close()


# -- languages ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "accept", "expected"),
    [
        ("?lang=zh", "en", "zh"),
        ("", "zh-CN,zh;q=0.9", "zh"),
        ("", "en-GB", "en"),
        ("", "fr", "en"),
        ("?lang=xx", "zh", "zh"),
    ],
)
def test_the_language_is_asked_for_or_the_browsers_or_the_branchs(app, query, accept, expected):
    with app.test_request_context(f"/sign-in{query}", headers={"Accept-Language": accept}):
        assert get_locale() == expected


def test_the_language_asked_for_is_remembered(client):
    client.get("/healthz?lang=zh")
    assert client.get_cookie("lang").value == "zh"


# -- helpers --------------------------------------------------------------------------------------


def _told(board) -> list[str]:
    """What the board would have the gateway log; it waits, as no broker is there."""
    return [f"{event.event} {event.staff}" for event in board.live._untold]


def _configure(board, staff) -> None:
    with writing(board.reader._path) as writer:
        writer.configure(name="Test branch", units=[], points=[])
        write_staff(writer, staff)


def _make_store(path) -> None:
    with writing(path):
        pass
