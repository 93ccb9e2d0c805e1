"""The description of the interface fits the interface: schemathesis against the running board."""

import os
import subprocess
import sys

import msgspec
from board_branch import TOKEN

from dashboard import openapi
from dashboard.wire import ProblemReply

# Statuses that valid data may get besides success: refusals that depend on what there is.
CONFIG = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", 401, 403, 404, 409]

[[operations]]
include-path = "/api/v1/requests"
# Each kind of request has a body of its own, of which the description says no more than "object".
checks.positive_data_acceptance.expected-statuses = ["2xx", 401, 403, 404, 409, 422]

[[operations]]
include-path = "/api/v1/export/{name}.{kind}"
# That `to` comes after `from` is nothing a schema can say.
checks.positive_data_acceptance.expected-statuses = ["2xx", 401, 403, 404, 422]
"""


def test_the_description_names_every_route_of_the_interface(app):
    routes = {
        str(rule).replace("<", "{").replace(">", "}")
        for rule in app.url_map.iter_rules()
        if rule.endpoint.split(".")[0] in ("api", "api_export")
    }
    # The stream is served beside Flask.
    assert set(openapi.document()["paths"]) == {*routes, "/events"}


def test_the_description_promises_nothing_of_sessions_that_a_machine_lacks():
    schema = openapi.document()["components"]["schemas"]["ActionRequest"]
    assert schema["required"] == ["action", "by"]
    assert schema["properties"]["by"]["type"] == "string"


def test_every_event_of_the_stream_is_as_described(branch):
    """Schemathesis waits for an end, which a stream has not, so this reads it in its place."""
    described = openapi.document()["paths"]["/events"]["get"]
    kinds = {name: kind for name, (kind, _) in openapi.EVENTS.items()}
    assert described["x-events"].keys() == kinds.keys()
    seen = set()
    with branch.events() as events, branch.voice() as voice:
        assert events.response.getheader("Content-Type").startswith("text/event-stream")
        assert "text/event-stream" in described["responses"]["200"]["content"]
        voice.press("point-2")
        for event in events:
            name, data = event["event"], event["data"]
            taken = msgspec.convert(data, kinds[name])
            assert msgspec.json.decode(msgspec.json.encode(taken)) == data
            seen.add(name)
            if seen == kinds.keys() - {"lamp"}:
                break


def test_a_stranger_at_the_stream_gets_a_described_refusal(branch):
    described = openapi.document()["paths"]["/events"]["get"]["responses"]
    for method, headers, status in (
        ("GET", {}, 401),
        ("POST", {"Authorization": f"Bearer {TOKEN}"}, 405),
    ):
        reply = branch.request(method, "/events", **headers)
        assert reply.status == status
        assert str(status) in described
        msgspec.convert(reply.json, ProblemReply)


def _fuzz(branch, tmp_path, config: str, *more: str) -> None:
    """All checks of schemathesis, with a bounded number of examples and a seed it prints."""
    (tmp_path / "schemathesis.toml").write_text(config)
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", "schemathesis.toml"),
            *("run", f"http://127.0.0.1:{branch.http_port}/api/v1/openapi.json"),
            *("--header", f"Authorization: Bearer {TOKEN}", "--checks", "all"),
            *("--max-examples", "20", "--continue-on-failure", "--no-color", *more),
            *("--exclude-path", "/events"),  # it would be read for ever
        ],
        cwd=tmp_path,
        env={**os.environ, "COLUMNS": "100"},
        capture_output=True,
        timeout=110,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout.decode()[-12_000:] + ended.stderr.decode()[-2000:]
    assert "Traceback" not in branch.log_of("board")
    assert branch.get("/healthz").status == 200


def test_the_interface_fits_its_description(branch, tmp_path):
    _fuzz(branch, tmp_path, CONFIG)


def test_actions_on_a_real_incident_fit_their_description(branch, tmp_path):
    with branch.voice() as voice:
        incident_id = branch.incident(voice)["incident_id"]
    config = f'{CONFIG}\n[parameters]\nincident_id = "{incident_id}"\n'
    _fuzz(branch, tmp_path, config, "--include-path-regex", "/incidents/", "--phases", "fuzzing")
