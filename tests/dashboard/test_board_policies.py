"""The pages of policies and of who stands in; what cards say of refusing and of offers."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from board_branch import signed_in
from seeded import a_call, put

from dashboard.desk import Answer
from dashboard.pages.cards import card
from gateway.desk.policies import MAX_STEPS, PolicyPlan, StepPlan, Substitute
from gateway.desk.record import Record
from gateway.store import Work
from protocol.messages import Fault, FieldFault, Offer, Refusal, Responder

PAGES = ("/policies", "/policies/new", "/policies/policy/default", "/policies/substitute/new")
STEPS = [StepPlan(after_s=0, tell="kind", ring_s=5), StepPlan(after_s=20, tell="outside")]


@pytest.fixture
def written(store):
    """A branch with two policies, one with a gap, and somebody to stand in."""
    work = Work()
    bodies = {
        ("policy", "default"): PolicyPlan(steps=STEPS),
        ("policy", "vault"): PolicyPlan(name="Vault at night", points=["vault"], steps=STEPS),
        ("substitute", "security"): Substitute(instead=["lead"]),
    }
    for (kind, id), body in bodies.items():
        work.records[kind, id] = Record(kind=kind, id=id, body=body)
    fault = Fault(
        subject="policy/vault",
        name="role_uncovered",
        since="2026-11-24T01:00:00.000Z",
        detail="security 2026-11-25 12:00-12:30",
    )
    work.faults_raised[fault.subject, fault.name] = fault
    put(store, work)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_is_there_in_both_languages(client, written, path, lang):
    reply = signed_in(client).get(f"{path}?lang={lang}", follow_redirects=True)
    assert reply.status_code == 200
    assert ('lang="zh-Hans"' in reply.text.split(">")[1] + ">") == (lang == "zh")


@pytest.mark.parametrize("path", PAGES)
def test_who_is_no_lead_looks_but_saves_nothing(client, written, path):
    page = signed_in(client, "g01").get(path).text
    assert '<button class="btn primary">Save' not in page
    assert "Add a policy" not in page


def test_the_list_names_the_gap_with_a_word_and_a_picture_and_the_most_specific_first(
    client, written
):
    page = signed_in(client).get("/policies").text
    assert page.index("Vault at night") < page.index("All other calls")
    gap = re.search(r'<p class="policy-fault warn">(.*?)</p>', page, re.S)[1]
    assert "<svg" in gap
    assert "Security 25 Nov 2026 12:00-12:30" in gap
    assert "rings each 5 s, 3 times" in page
    assert "Security: Duty lead" in re.sub(r"\s+", " ", page)


def test_the_editor_shows_what_is_saved_and_lets_rows_come_and_go(client, written):
    page = signed_in(client).get("/policies/policy/vault").text
    assert re.search(r'name="step_2_after_s"[^>]*value="20"', page)
    assert rows_of(page, "step") == 2
    assert 'value="add"' in page and 'value="add 1"' in page and 'value="remove 2"' in page


def rows_of(page, name):
    return len(set(re.findall(rf'name="({name}_\d+)_', page)))


class _Fields(HTMLParser):
    """What the fields of a page would post. found: {name: values}."""

    def __init__(self):
        super().__init__()
        self.found, self._select = {}, ""

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        is_off = attrs.get("type") == "checkbox" and "checked" not in attrs
        if tag == "input" and not is_off:
            self.found.setdefault(attrs.get("name"), []).append(attrs.get("value", ""))
        elif tag == "select":
            self._select = attrs["name"]
        elif tag == "option" and ("selected" in attrs or self._select not in self.found):
            self.found[self._select] = [attrs["value"]]


def typed_in(page):
    """What stands in the form of the plan; other forms of the page only press a button."""
    fields = _Fields()
    fields.feed(re.search(r'<form[^>]*class="[^"]*plan.*?</form>', page, re.DOTALL)[0])
    return fields.found


ASIDE = {
    "name": ["Half typed"],
    "kinds": ["urgent", "seat"],
    "points": ["point-1"],
    "roles_call": ["security"],
    "arrival_s": ["no number"],
    "day_and_night": ["y"],
}


def typed_steps(*steps):
    return {
        f"step_{number}_{name}": values
        for number, step in enumerate(steps, start=1)
        for name, values in step.items()
    }


A, B, C = (
    {"after_s": ["0"], "tell": ["kind"], "ring_s": ["5"], "rings": ["3"]},
    {"after_s": ["x<y"], "tell": ["roles"], "roles": ["security", "lead"]},
    {"after_s": ["90"], "tell": ["outside"], "rings": ["7"]},
)
NEW = {"after_s": [""], "tell": ["kind"]}


@pytest.mark.parametrize("path", ["/policies/new", "/policies/policy/vault"])
@pytest.mark.parametrize(
    ("asked", "after", "focus"),
    [
        ("add", (A, B, C, NEW), 4),
        ("add 1", (A, NEW, B, C), 2),
        ("add 3", (A, B, C, NEW), 4),
        ("remove 1", (B, C), 1),
        ("remove 2", (A, C), 2),
        ("remove 3", (A, B), 2),
        ("remove 4", (A, B, C), 3),
        ("add 9", (A, B, C), 3),
        ("remove 0", (A, B, C), 0),
        ("' OR 1", (A, B, C), 0),
    ],
)
def test_a_row_comes_or_goes_and_all_that_was_typed_stays(
    client, written, path, asked, after, focus
):
    client = signed_in(client)
    token = re.search(r'name="csrf-token" content="([^"]+)"', client.get(path).text)[1]
    form = {**ASIDE, **typed_steps(A, B, C), "rows": ["3"], "version": ["7"]}
    page = client.post(path, data={**form, "row": asked, "csrf_token": token}).text
    typed = typed_in(page)
    wanted = {**ASIDE, **typed_steps(*after), "rows": [str(len(after))], "version": ["7"]}
    assert {name: typed.get(name) for name in wanted} == wanted
    assert rows_of(page, "step") == len(after)
    assert re.findall(r'<input autofocus id="step_(\d+)_after_s"', page) == [str(focus)] * bool(
        focus
    )
    if asked.startswith(("add", "remove")) and asked != "remove 0":
        assert "field-error" not in page and "form-error" not in page, (
            "nothing was asked to be saved"
        )


def test_the_last_row_is_emptied_and_never_taken_away(client, written):
    client = signed_in(client)
    token = re.search(r'name="csrf-token" content="([^"]+)"', client.get("/policies/new").text)[1]
    form = {**typed_steps(B), "rows": "1", "row": "remove 1", "csrf_token": token}
    page = client.post("/policies/new", data=form).text
    assert rows_of(page, "step") == 1
    typed = typed_in(page)
    assert typed["step_1_after_s"] == [""] and "step_1_roles" not in typed


@pytest.mark.parametrize("rows", [None, "", "none"])
def test_rows_that_nobody_has_counted_are_not_lost(client, written, rows):
    client = signed_in(client)
    token = re.search(r'name="csrf-token" content="([^"]+)"', client.get("/policies/new").text)[1]
    form = {**typed_steps(A, B, C), "csrf_token": token}
    page = client.post("/policies/new", data=form if rows is None else form | {"rows": rows}).text
    assert rows_of(page, "step") == 3


def test_a_full_table_offers_no_more_rows(client, written):
    client = signed_in(client)
    token = re.search(r'name="csrf-token" content="([^"]+)"', client.get("/policies/new").text)[1]
    form = {"rows": str(MAX_STEPS - 1), "row": "add", "csrf_token": token}
    page = client.post("/policies/new", data=form).text
    assert rows_of(page, "step") == MAX_STEPS
    assert 'value="add' not in page
    form |= {"rows": str(MAX_STEPS)}
    assert rows_of(client.post("/policies/new", data=form).text, "step") == MAX_STEPS


@pytest.mark.parametrize(
    ("path", "row", "typed"),
    [
        ("/policies/substitute/new", "instead", {"role": "security"}),
        ("/shifts/shift/new", "break", {"starts": "12:00", "ends": "soon"}),
    ],
)
def test_other_tables_grow_and_shrink_alike(client, written, path, row, typed):
    client = signed_in(client)
    page = client.get(path).text
    token = re.search(r'name="csrf-token" content="([^"]+)"', page)[1]
    assert rows_of(page, row) == 1
    form = {f"{row}_1_{name}": value for name, value in typed.items()}
    form |= {"rows": "1", "csrf_token": token}
    page = client.post(path, data=form | {"row": "add"}).text
    assert rows_of(page, row) == 2
    wanted = {name: [form[name]] for name in form if name.startswith(row)}
    assert wanted.items() <= typed_in(page).items()
    page = client.post(path, data=form | {"rows": "2", "row": "remove 1"}).text
    assert rows_of(page, row) == 1
    assert all(typed_in(page)[name] == [""] for name in wanted)


def test_all_who_stand_in_are_shown_and_posted_again(client, written, store):
    """A plan of another program may have more than a page begins with."""
    roles = ["lead", "admin", "maintenance", "customer_service"]
    longer = Record(kind="substitute", id="security", body=Substitute(instead=roles), version=2)
    put(store, Work(records={("substitute", "security"): longer}))
    typed = typed_in(signed_in(client).get("/policies/substitute/security").text)
    assert [typed[f"instead_{row}_role"] for row in range(1, 5)] == [[one] for one in roles]


def test_more_rows_than_the_desk_takes_are_not_made(client, written):
    client = signed_in(client)
    page = client.get("/policies/policy/vault").text
    token = re.search(r'name="csrf-token" content="([^"]+)"', page)[1]
    form = {"csrf_token": token, "rows": "99999999", "name": "x" * 300}
    again = client.post("/policies/policy/vault", data=form)
    assert again.status_code == 200
    assert f'name="step_{MAX_STEPS}_after_s"' in again.text
    assert f'name="step_{MAX_STEPS + 1}_after_s"' not in again.text


def test_what_could_leave_a_call_unanswered_is_said_when_it_is_saved(client, written, monkeypatch):
    named = (FieldFault(field="roles", name="role_nobody_has", detail="maintenance"),)
    answer = Answer(ok=True, id="vault", version=2, faults=named)
    monkeypatch.setattr("dashboard.pages.forms.ask_desk", lambda *asked, **more: answer)
    client = signed_in(client)
    page = client.get("/policies/policy/vault").text
    token = re.search(r'name="csrf-token" content="([^"]+)"', page)[1]
    form = {"csrf_token": token, "rows": "4", "step_1_after_s": "0", "step_1_tell": "kind"}
    page = client.post("/policies/policy/vault", data=form, follow_redirects=True).text
    assert "Saved, but see to this. Asks for a role that nobody of the team has: Main" in page


# --- what a card says ---

RAISED = a_call(raised_at="2026-11-24T01:00:00.000Z", told={"g01": 0, "s01": 0})
OWNED = replace(
    RAISED, stage="accepted", owner="g01", responders=(Responder(staff="g01"),), told={"g01": 0}
)
NAMES = {"g01": "Li Na", "s01": "Zhao"}


def seen(incident, viewer):
    return card(incident, names=NAMES, viewer=viewer, now_ms=0)


def test_accepting_comes_first_and_who_was_told_may_say_no():
    mine = seen(RAISED, "g01")
    assert (mine.actions, mine.answers) == (("accept", "arrive"), ("busy", "refuse"))
    assert seen(RAISED, "x01").answers == (), "nobody asked them"
    assert seen(RAISED, None).answers == (), "a wall has no hands"
    assert seen(OWNED, "g01").answers == (), "the owner hands over instead"


def test_who_could_bring_a_missing_role_may_say_no_though_others_have_accepted():
    lacking = replace(OWNED, told={"g01": 0, "s01": 0}, missing_roles=("security",), substitutes={})
    roles = {"names": NAMES, "now_ms": 0, "viewer": "s01"}
    assert card(lacking, roles=("security",), **roles).answers == ("busy", "refuse")
    assert card(lacking, roles=("lead",), **roles).answers == ()
    stands_in = replace(lacking, substitutes={"security": "lead"})
    assert card(stands_in, roles=("lead",), **roles).answers == ("busy", "refuse")
    refused = (Refusal(staff="s01", how="busy", step=0, at=""),)
    assert card(replace(lacking, refused=refused), roles=("security",), **roles).answers == ()


def test_who_has_said_one_may_still_say_the_other():
    refused = replace(RAISED, refused=(Refusal(staff="g01", how="busy", step=0, at=""),))
    assert seen(refused, "g01").answers == ("refuse",)
    assert [(one.name, one.how) for one in seen(refused, None).gone] == [("Li Na", "busy")]


def test_an_offer_asks_whom_it_is_for_and_shows_it_to_everybody():
    offered = replace(OWNED, offer=Offer(to="s01", by="g01", at=""))
    assert seen(offered, "s01").actions == ("take", "decline")
    assert "take" not in seen(offered, "g01").actions
    assert (seen(offered, None).offered_by, seen(offered, None).offered_to) == ("Li Na", "Zhao")
