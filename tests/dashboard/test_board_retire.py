"""Taking a plan out of use on its page: of the version that the page has shown."""

from __future__ import annotations

import re

import pytest
from board_branch import signed_in
from seeded import put

from gateway.desk import (
    drill_calendar,
    endings,
    floors,
    outside,
    playbooks,
    points,
    resources,
    team,
)
from gateway.desk.policies import PolicyPlan, StepPlan, Substitute
from gateway.desk.record import Record
from gateway.desk.translated import Translated
from gateway.duty import Exception_, Shift
from gateway.store import Work

NAME = Translated(zh="名", en="Name")
DAYS = {"first": "2099-01-01", "last": "2099-01-31"}
PLANS = {
    "/shifts/shift/x1": Shift(staff="g01", days=["mon"], starts="08:00", ends="17:00"),
    "/shifts/exception/x1": Exception_(staff="g01", what="away", **DAYS),
    "/shifts/post/x1": team.Post(name="Desk"),
    "/policies/policy/x1": PolicyPlan(
        name="P", kinds=["call"], steps=[StepPlan(after_s=0, tell="kind")]
    ),
    "/policies/substitute/security": Substitute(instead=["lead"]),
    "/playbooks/x1": playbooks.Playbook(name=NAME),
    "/directory/x1": outside.Contact(name=NAME),
    "/follow-ups/rules/x1": endings.Rule(zh="问", en="Ask", after_h=1, outcomes=["helped"]),
    "/drills/plans/x1": drill_calendar.DrillPlan(zh="练", en="Drill", **DAYS),
    "/plan/floors/x1": floors.Floor(name="1F", width_m=9, depth_m=9),
    "/points/x1": points.Point(label="Seat"),
    "/resources/x1": resources.Resource(what="aed", name="AED"),
    "/team/x1": team.Staff(name="Zhou", roles=["security"]),
}
KINDS = {
    "directory": "contact",
    "team": "staff",
    "rules": "followup_rule",
    "plans": "drill_plan",
    "floors": "floor",
}


@pytest.mark.parametrize("path", PLANS)
def test_the_page_says_which_version_it_has_shown(client, store, path) -> None:
    _, *rest, id = path.split("/")
    kind = KINDS.get(rest[-1], rest[-1].removesuffix("s"))
    record = Record(kind=kind, id=id, body=PLANS[path], version=7, by="l02")
    put(store, Work(records={(kind, id): record}))
    page = signed_in(client, "l01").get(path).text
    form = re.search(rf'<form[^>]*action="{path}/retire".*?</form>', page, re.DOTALL)
    assert form is not None
    assert re.search('name="version" value="7"', form[0])
