"""The pages and the interface of resources, points, care, opening and closing."""

from __future__ import annotations

import pytest
from board_branch import eventually, signed_in, token_of
from seeded import put

from gateway.desk.business_day import BranchDay, Stretch
from gateway.desk.playbooks import Playbook
from gateway.desk.record import Record
from gateway.desk.resources import Resource
from gateway.desk.translated import Translated
from gateway.store import Work

PAGES = (
    "/resources",
    "/resources/new",
    "/points",
    "/points/new",
    "/care",
    "/opening",
    "/closing",
    "/hours",
)


def write(store, *records: Record) -> None:
    put(store, Work(records={(one.kind, one.id): one for one in records}))


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_is_there_for_a_lead_in_both_languages(client, path, lang):
    reply = signed_in(client).get(f"{path}?lang={lang}", follow_redirects=True)
    assert reply.status_code == 200
    assert ('lang="zh-Hans"' in reply.text.split(">")[1] + ">") == (lang == "zh")


@pytest.mark.parametrize("path", PAGES)
def test_a_machine_may_look_but_has_no_button(client, bearer, path):
    reply = client.get(path, headers=bearer)
    assert reply.status_code == 200
    assert '<button class="btn primary' not in reply.text


@pytest.mark.parametrize("path", ["/opening", "/closing", "/care", "/hours"])
def test_without_the_gateway_nothing_is_claimed_to_have_happened(client, path):
    signed_in(client)
    page = client.get(path)
    form = {"csrf_token": token_of(page.text), "point": "point-1", "reason": "x", "version": "0"}
    reply = client.post(path, data=form)
    assert "cut off from the gateway" in reply.text


def test_the_opening_page_names_a_role_nobody_covers(client, store):
    body = Resource(what="aed", name="The AED", count=1)
    write(store, Record(kind="resource", id="aed", body=body))
    page = signed_in(client).get("/opening").text
    assert "Nobody on duty covers this role" in page
    assert 'name="reason:role/first_aid:uncovered"' in page
    theirs = signed_in(client, "g01").get("/opening").text
    assert 'name="reason:role/first_aid:uncovered"' not in theirs


def test_what_a_guide_may_not_edit_is_shown_without_a_button(client, store):
    write(store, Record(kind="resource", id="aed", body=Resource(what="aed", name="The AED")))
    signed_in(client, "g01")
    assert "Add a resource" not in client.get("/resources").text
    assert ">Save<" not in client.get("/resources/aed").text
    assert client.get("/resources/none").status_code == 404
    assert client.get("/points/none").status_code == 404


def test_a_day_record_of_another_day_is_not_todays(client, store):
    write(
        store, Record(kind="day", id="2001-01-01", body=BranchDay(closed_at="x", closed_by="l01"))
    )
    assert "Closed at" not in signed_in(client).get("/closing").text


def test_the_interface_says_what_is_in_the_way_and_takes_the_reason(branch):
    def ask(do, **more):
        return branch.request(
            "POST",
            "/api/v1/requests",
            {"do": do, "by": "l01", **more},
            Authorization="Bearer a-token-for-tests",
        )

    kit = {"what": "first_aid_kit", "name": "Kit", "count": 0, "point": "point-1"}
    assert ask("resource.save", id="kit", body=kit).json["ok"]
    day = eventually(
        lambda: next(
            (
                one
                for one in [branch.get("/api/v1/day").json]
                if "resource/kit:too_few" in {item["key"] for item in one["not_ready"]}
            ),
            None,
        )
    )
    assert day["state"] == "unknown"
    refused = ask("day.open")
    assert (refused.status, refused.json["reason"]) == (409, "not_ready")
    assert {one["field"] for one in refused.json["faults"]} == {
        one["key"] for one in day["not_ready"]
    }
    accepted = [{"key": one["key"], "reason": "known"} for one in day["not_ready"]]
    assert ask("day.open", body={"accepted": accepted}).status == 200
    assert branch.get("/api/v1/day").json["state"] == "open"
    assert ask("resource.save", id="kit", body=kit | {"count": 2}).status == 200
    with branch.voice() as voice:
        incident_id = branch.incident(voice, "point-1")["incident_id"]
    [near] = branch.get(f"/api/v1/incidents/{incident_id}/resources").json
    assert (near["id"], near["where"], near["left"]) == ("kit", "point", 2)
    blocked = ask("day.close").json["faults"]
    assert f"incident/{incident_id}:open_incident" in {one["field"] for one in blocked}
    [mine] = [
        one
        for one in branch.get("/api/v1/day").json["not_over"]
        if one["subject"] == f"incident/{incident_id}"
    ]
    assert mine["may_accept"] is False
    assert branch.get("/api/v1/incidents/none/resources").status == 404


def test_every_page_of_the_day_says_that_a_day_was_never_closed(client, store):
    body = BranchDay(opened_at="2026-11-01T01:00:00.000Z", opened_by="l01")
    write(store, Record(kind="day", id="2026-11-01", body=body))
    signed_in(client)
    for path in ("/opening?lang=en", "/closing?lang=en"):
        assert "1 Nov 2026 was opened and never closed." in client.get(path).text
    assert "This sweep closes that day." in client.get("/closing").text
    assert 'data-key="day/2026-11-01:not_closed"' in client.get("/opening").text
    assert 'data-key="unclosed"' in client.get("/").text


def test_both_stretches_of_a_day_stand_on_its_page(client, store):
    first = Stretch(opened_at="2026-11-01T01:00:00.000Z", opened_by="g01")
    body = BranchDay(opened_at="2026-11-01T05:00:00.000Z", opened_by="l01", earlier=[first])
    write(store, Record(kind="day", id="2026-11-01", body=body))
    page = signed_in(client).get("/closing?lang=en").text
    assert page.count("Opened at") == 2


def test_a_resource_can_be_for_a_situation_of_the_branchs_own(store, client):
    heat = Playbook(name=Translated(zh="中暑", en="Heat stroke"))
    write(store, Record(kind="playbook", id="heat", body=heat))
    page = signed_in(client, "l01").get("/resources/new?lang=en").text
    assert 'value="heat"' in page and "Heat stroke" in page
