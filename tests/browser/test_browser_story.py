"""A branch from nothing to the month's review, by its pages alone, as its lead lives it.

One story on purpose: each step stands on what the steps before it left behind, as in a branch.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from bad_services import Reply, Service
from browser_branch import Demo, running
from playwright.sync_api import Locator, Page, expect
from running_branch import wait_until

LEAD, AIDER, GUARD, SERVICE, DEPUTY = "101", "102", "103", "104", "105"
PINS = {AIDER: "240613", GUARD: "240614", SERVICE: "240615", DEPUTY: "240616"}
# {point: what the lead calls it}
POINTS = {"point-1": "Counter 1", "point-2": "Courtesy seat", "point-3": "Cash desk"}
COMING = {"en": re.compile("I am coming"), "zh-Hans": re.compile("我来处理|我也过去")}
Screens = Callable[..., Page]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A branch of which nobody has said anything yet: machines, and one lead."""
    folder = tmp_path_factory.mktemp("story")
    yield from running(Demo(folder, "--empty", "--units", "2", "--points", "3"))


@pytest.fixture
def chat() -> Iterator[Service]:
    """The service behind the team's chat."""
    service = Service(Reply()).start()
    yield service
    service.stop()


@pytest.mark.timeout(300)  # half a minute on a calm machine, many times that on a busy one
def test_a_lead_sets_up_a_branch_and_sees_a_fainted_customer_through(
    demo: Demo, screen: Screens, chat: Service, tmp_path: Path
) -> None:
    lead = screen("/", staff=LEAD, size="desk")
    the_branch_is_empty(lead)
    the_place_is_written(lead)
    the_opening_hours_are_written(lead)
    the_team_is_added(lead, demo)
    posts_and_shifts_are_planned(lead)
    the_points_are_named(lead)
    the_teams_chat_is_added(lead, demo, chat)
    the_policy_is_made_theirs(lead)
    the_resources_are_listed(lead)
    the_branch_opens(lead)

    phones = everybody_has_a_phone(screen)
    a_drill_is_held(lead, phones)

    a_customer_presses_and_holds(lead, screen)
    the_chat_hears_of_it(chat, demo)
    everybody_comes(phones)
    the_customer_has_fainted(phones)
    the_ambulance_is_called(phones)
    the_card_is_handed_over(phones[AIDER], tmp_path)
    the_call_is_closed(lead, phones)
    the_follow_ups_are_seen_to(lead, phones[AIDER])

    the_branch_closes(lead)
    the_month_is_reviewed(lead, tmp_path)


# --- what every step uses -------------------------------------------------------------------


def go(page: Page, title: str) -> None:
    """To a page of the branch, by its tile: what has no tile is found by nobody."""
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Branch").click()
    page.locator("a.hub-tile", has_text=title).click()
    expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved.").first).to_be_visible()


def now_here() -> datetime:
    """The branch's clock."""
    return datetime.now(ZoneInfo("Asia/Shanghai"))


def in_days(days: int) -> str:
    return (now_here().date() + timedelta(days=days)).isoformat()


def row(page: Page, text: str) -> Locator:
    return page.locator(".day-row", has_text=text)


# --- the branch is set up -------------------------------------------------------------------


def the_branch_is_empty(lead: Page) -> None:
    """The board is calm, and the opening check says everything that is missing."""
    lead.get_by_role("link", name="Devices").click()
    for point in POINTS:
        expect(lead.locator("li.point", has_text=point)).to_contain_text("Has no name yet")
    go(lead, "Opening check")
    for role in ("Customer service", "First aid", "Security"):
        gap = row(lead, f"{role}: Nobody on duty covers this role")
        expect(gap).to_contain_text("Call somebody in")
        expect(row(lead, "Policy All other calls")).to_contain_text(role)
    for point in POINTS:
        expect(row(lead, point)).to_contain_text("Has no name yet")
    go(lead, "Team")
    expect(lead.locator("li.person")).to_have_count(1)


def the_place_is_written(lead: Page) -> None:
    go(lead, "Directory")
    expect(lead.get_by_text("Not written down yet")).to_be_visible()
    lead.get_by_role("link", name="Write the address").click()
    for name, zh, en in (
        ("name", "人民路支行", "Renmin Road branch"),
        ("address", "人民路1号", "1 Renmin Road"),
        ("entrance", "东门", "the east door"),
    ):
        lead.fill(f"#{name}_zh", zh)
        lead.fill(f"#{name}_en", en)
    lead.fill("#phone", "010-5555 6666")
    save(lead)
    expect(lead.get_by_text("1 Renmin Road")).to_be_visible()


def the_opening_hours_are_written(lead: Page) -> None:
    go(lead, "Opening hours")
    for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun"):
        lead.fill(f"#{day}_opens", "08:30")
        lead.fill(f"#{day}_closes", "17:30")
    save(lead)


def the_team_is_added(lead: Page, demo: Demo) -> None:
    for staff, name, role, duty in (
        (AIDER, "Li Na", "First aid", "plan"),
        (GUARD, "Zhang Qiang", "Security", "plan"),
        (SERVICE, "Wang Fang", "Customer service", "plan"),
        (DEPUTY, "Zhao Min", "Duty lead", "always"),
    ):
        go(lead, "Team")
        lead.get_by_role("link", name="Add somebody").click()
        lead.fill("#id", staff)
        lead.fill("#name", name)
        lead.get_by_role("checkbox", name=role).check()
        lead.select_option("#duty", duty)
        if staff == AIDER:
            lead.fill("#first_aid", in_days(400))
            lead.fill("#aed", in_days(400))
        save(lead)
        lead.fill("#pin", PINS[staff])
        lead.get_by_role("button", name="Set the PIN").click()
        expect(lead.get_by_text("The new PIN counts")).to_be_visible()
    demo.given_pins |= PINS
    expect(lead.locator("li.person", has_text="Li Na")).to_contain_text("First aid until")
    expect(lead.locator("li.person", has_text="Zhao Min")).to_contain_text("On duty · Always")


def posts_and_shifts_are_planned(lead: Page) -> None:
    for post in ("Guide's desk", "Counters", "Hall"):
        go(lead, "Shifts")
        lead.get_by_role("link", name="Add a post").click()
        lead.fill("#name", post)
        save(lead)
    # A day and a night, so that the story can be told at any hour; their seam is at night, since a
    # minute of business without them would rightly be named.
    for name, post in (
        ("Li Na", "Guide's desk"),
        ("Zhang Qiang", "Hall"),
        ("Wang Fang", "Counters"),
    ):
        lead.get_by_role("link", name="Plan a shift").click()
        lead.select_option("#staff", label=name)
        lead.select_option("#post", label=post)
        for day in lead.locator("input[name=days]").all():
            day.check()
        lead.fill("#starts", "03:00")
        lead.fill("#ends", "02:59")
        save(lead)
        expect(lead.locator("table.week tr", has_text=name)).to_contain_text(post)
    go(lead, "Team")
    for name in ("Li Na", "Zhang Qiang", "Wang Fang"):
        expect(lead.locator("li.person", has_text=name)).to_contain_text("On duty · By the shifts")


def the_points_are_named(lead: Page) -> None:
    for point, name in POINTS.items():
        go(lead, "Points")
        unnamed = lead.locator("li.person", has_text=point)
        expect(unnamed).to_contain_text("Nobody has given it a name yet.")
        unnamed.get_by_role("heading").get_by_role("link").click()
        expect(lead.locator("#id")).to_have_value(point)
        lead.fill("#label", name)
        lead.fill("#area", "Hall")
        save(lead)
    expect(lead.locator("li.person.amber")).to_have_count(0)


def the_teams_chat_is_added(lead: Page, demo: Demo, chat: Service) -> None:
    """It is known to work before anybody needs it; its messages lead to the board."""
    go(lead, "Channels")
    lead.get_by_role("link", name="Add a group's channel").click()
    lead.fill("#id", "team-chat")
    lead.select_option("#kind", label="Webhook")
    lead.fill("#url", chat.url)
    save(lead)
    expect(lead.locator("li.person", has_text="team-chat")).to_contain_text("works")
    lead.get_by_role("link", name="Write the board's address").click()
    lead.fill("#url", demo.url)
    save(lead)
    expect(lead.locator("#board-address")).to_contain_text(demo.url)


def the_policy_is_made_theirs(lead: Page) -> None:
    """By now somebody is there for all that it asks; an urgent call shall ask for all three."""
    go(lead, "Policies")
    expect(lead.locator("main")).not_to_contain_text("Asks for a role that nobody")
    lead.get_by_role("link", name="All other calls").click()
    lead.fill("#step_2_after_s", "0")
    lead.get_by_role("button", name="Save", exact=True).click()
    expect(lead.locator("#step_2_after_s-error")).to_be_visible()
    lead.fill("#step_2_after_s", "20")
    more = lead.locator("details.policy-more")
    if more.get_attribute("open") is None:
        more.locator("summary").click()
    urgent = more.get_by_role("group", name="Urgent call")
    for role in ("First aid", "Security", "Customer service"):
        urgent.get_by_role("checkbox", name=role).check()
    save(lead)


def the_resources_are_listed(lead: Page) -> None:
    for what, name, days in (
        ("first_aid_kit", "First-aid kit", 300),
        ("aed", "AED by the door", 9),
    ):
        go(lead, "Resources")
        lead.get_by_role("link", name="Add a resource").click()
        lead.select_option("#what", what)
        lead.fill("#name", name)
        lead.fill("#area", "Hall")
        lead.fill("#expires", in_days(days))
        save(lead)
    expect(lead.locator("li.resource", has_text="First-aid kit")).to_contain_text("1 of 1 there")


def the_branch_opens(lead: Page) -> None:
    """All that is not right by now is a battery that ends soon and that nobody has walked the round
    of buttons, which the lead takes on by name."""
    lead.get_by_role("link", name="Devices").click()
    expect(lead.locator(".unit.amber")).to_contain_text("AED by the door")
    go(lead, "Opening check")
    expect(lead.locator(".day-row")).to_have_count(2)
    row(lead, "AED by the door").get_by_label("I take this on, because").fill("battery is ordered")
    untested = row(lead, "No button was ever tested")
    untested.get_by_label("I take this on, because").fill("the round is at noon")
    lead.get_by_role("button", name="Open the branch").click()
    expect(lead.get_by_text("The branch is open.")).to_be_visible()
    expect(lead.locator(".day-record")).to_contain_text("battery is ordered")


# --- a drill ----------------------------------------------------------------------------------


def everybody_has_a_phone(screen: Screens) -> dict[str, Page]:
    """Each signs in on a phone of their own, with the PIN that the lead gave them."""
    langs = {AIDER: "en", GUARD: "zh", SERVICE: "en"}
    return {staff: screen("/", staff=staff, size="phone", lang=langs[staff]) for staff in langs}


def a_drill_is_held(lead: Page, phones: dict[str, Page]) -> None:
    """The real path, marked as practice wherever it shows; its score stands beside real calls."""
    go(lead, "Drills")
    lead.get_by_role("link", name="Begin a drill").click()
    lead.select_option("#point", label="Cash desk")
    lead.select_option("#kind", label="Urgent call")
    lead.get_by_role("button", name="Begin it now").click()
    expect(lead.get_by_text("A drill is running")).to_be_visible()
    for phone in phones.values():
        expect(phone.locator("article.card.is-drill .label")).to_have_text("Cash desk")
        accept(phone)
    aider = phones[AIDER]
    aider.locator("article.card h2 a").tap()
    aider.get_by_role("button", name="I have arrived").tap()
    aider.get_by_role("button", name="Fainted").tap()
    expect(aider.get_by_text("Drill: do not really call")).to_be_visible()
    tick(aider, "check_breathing")
    close(aider, ended="Helped")
    aider.get_by_role("link", name="Board", exact=True).tap()
    expect(lead.get_by_text("A drill is running")).to_have_count(0)
    go(lead, "Drills")
    score = lead.get_by_role("row").filter(has_text="Cash desk")
    expect(score).to_contain_text("3 / 3")
    expect(score.locator(".ok")).not_to_have_count(0)


def accept(phone: Page) -> None:
    phone.get_by_role("button", name=COMING[phone.locator("html").get_attribute("lang")]).tap()


def close(phone: Page, *, ended: str) -> None:
    """Says how it ended; what it was is known by then."""
    phone.get_by_text("Close…").tap()
    phone.get_by_role("button", name=ended).tap()
    expect(phone.get_by_text("How did it end?")).to_have_count(0)


# --- a customer faints ----------------------------------------------------------------------


def a_customer_presses_and_holds(lead: Page, screen: Screens) -> None:
    """Until the call is an urgent one; the lamp at the seat says that the team knows."""
    lead.get_by_role("link", name="Board", exact=True).click()
    hall = screen("/demo", staff=DEPUTY, size="desk")
    seat = hall.get_by_role("region", name="Courtesy seat")
    seat.get_by_role("button", name="HELP").hover()
    hall.mouse.down()
    expect(lead.locator("article.card .kind")).to_have_text("Urgent call")
    hall.mouse.up()
    expect(lead.locator("article.card .label")).to_have_text("Courtesy seat")
    expect(seat.locator(".lamp")).to_have_attribute("data-lamp", "recorded")


def the_chat_hears_of_it(chat: Service, demo: Demo) -> None:
    def told() -> str | None:
        notices = [one.json for one in chat.requests]
        links = [one["link"] for one in notices if one["kind"] == "urgent" and not one["drill"]]
        return links[-1] if links else None

    link = wait_until("a message about the customer", told)
    assert link.startswith(f"{demo.url}/a/")


def everybody_comes(phones: dict[str, Page]) -> None:
    """Each of the three roles accepts; until then every screen says which one is missing."""
    missing = ["First aid", "Security", "Customer service"]
    seen = phones[SERVICE].locator("article.card .missing")
    for phone in phones.values():
        for role in missing:
            expect(seen).to_contain_text(role)
        accept(phone)
        expect(seen.get_by_text(missing.pop(0))).to_have_count(0)
    for name in ("Li Na", "Zhang Qiang", "Wang Fang"):
        expect(phones[AIDER].locator(".people")).to_contain_text(name)


def the_customer_has_fainted(phones: dict[str, Page]) -> None:
    """What it is is chosen by whoever is there, and is the same list on every phone at once."""
    for phone in phones.values():
        phone.locator("article.card h2 a").tap()
    aider, guard = phones[AIDER], phones[GUARD]
    aider.get_by_role("button", name="I have arrived").tap()
    aider.get_by_role("button", name="Fainted").tap()
    expect(aider.locator(".list-warning")).to_contain_text("Do not move them")
    expect(guard.locator(".list-warning")).to_contain_text("不要搬动")
    tick(aider, "check_breathing")
    tick(guard, "fetch_aed")
    expect(guard.locator('[data-key="step-check_breathing"].is-done')).to_contain_text("Li Na")
    aid = guard.locator("#near li", has_text="AED by the door")
    aid.get_by_role("button").tap()
    expect(guard.locator("#timeline")).to_contain_text("AED by the door")
    for name, answer in (("Awake?", "Unclear"), ("Breathing normally?", "Yes")):
        seen = aider.get_by_role("group", name=name).get_by_role("button", name=answer)
        seen.tap()
        expect(seen).to_have_attribute("aria-pressed", "true")
    aider.fill("#age", "78")
    aider.get_by_role("button", name="Add to the script").tap()
    expect(aider.locator("#script")).to_contain_text("About 78 years old.")


def tick(page: Page, step: str) -> None:
    page.locator(f'[data-key="step-{step}"] .tickbox').click()
    expect(page.locator(f'[data-key="step-{step}"].is-done')).to_be_visible()


def the_ambulance_is_called(phones: dict[str, Page]) -> None:
    """By a person: the page has the number and the words, and keeps what was said."""
    service, guard = phones[SERVICE], phones[GUARD]
    step = service.locator('[data-key="step-call_120"]')
    step.get_by_role("link", name="What to say").tap()
    expect(service.locator(".script-number")).to_have_attribute("href", "tel:120")
    expect(service.locator("#script-en")).to_contain_text("1 Renmin Road")
    expect(service.locator("#script-zh")).to_contain_text("人民路1号")
    service.fill("#said", "eight minutes")
    service.get_by_role("button", name="Write the call down").tap()
    expect(guard.locator('[data-key="step-call_120"].is-done')).to_contain_text("Wang Fang")
    expect(guard.locator('[data-key="step-after_ambulance"]')).to_contain_text("迎接救护车")
    tick(guard, "after_ambulance")
    expect(guard.locator(".call-made.on-their-way")).to_contain_text("eight minutes")
    guard.get_by_role("button", name="已到场", exact=True).tap()
    expect(guard.locator(".call-made")).to_contain_text("到场")


def the_card_is_handed_over(aider: Page, folder: Path) -> None:
    """On paper, to the crew: where, who, since when, what was done."""
    aider.get_by_role("link", name="Hand-over card").tap()
    sheet = aider.locator(".sheet")
    for text in (
        *("Hand-over to the ambulance", "Renmin Road branch", "1 Renmin Road", "Courtesy seat"),
        *("Fainted", "78", "Unclear", "Ring 120 at once", "Li Na", "Zhang Qiang"),
    ):
        expect(sheet).to_contain_text(text)
    printed(aider, folder / "card.pdf")
    aider.get_by_role("link", name="Courtesy seat").tap()


def printed(page: Page, path: Path) -> None:
    """A PDF of at least a page, and not an empty one."""
    pdf = page.pdf(path=path, prefer_css_page_size=True)
    assert pdf.startswith(b"%PDF") and len(pdf) > 5_000


def the_call_is_closed(lead: Page, phones: dict[str, Page]) -> None:
    """Not by the branch closing over it, but by a person who says how it ended."""
    go(lead, "Closing sweep")
    expect(row(lead, "This call is still open")).to_be_visible()
    lead.get_by_role("button", name="Close the branch").click()
    expect(lead.get_by_role("alert").first).to_contain_text("Not closed")
    aider = phones[AIDER]
    close(aider, ended="Ambulance 120")
    expect(aider.locator("#facts")).to_contain_text("Ambulance 120")
    expect(phones[GUARD].locator(".stage-closed").first).to_be_visible()


def the_follow_ups_are_seen_to(lead: Page, aider: Page) -> None:
    """What the outcome leaves to do has an owner and a time; what is done leaves the list."""
    go(lead, "Follow-ups")
    lead.get_by_role("link", name="All", exact=True).click()
    for text in ("Tell the family", "Ring the customer the next day"):
        line = lead.locator("li.person", has_text=text)
        expect(line).to_contain_text("Li Na")
        expect(line).to_contain_text("until")
    aider.goto(aider.url.partition("/incidents")[0] + "/follow-ups")
    mine = aider.locator("li.person", has_text="Tell the family")
    mine.get_by_role("button", name="Done").tap()
    expect(aider.locator("li.person", has_text="Tell the family")).to_have_count(0)
    lead.get_by_role("link", name="Done", exact=True).click()
    expect(lead.locator("li.person", has_text="Tell the family")).to_contain_text("Li Na")


def the_branch_closes(lead: Page) -> None:
    go(lead, "Closing sweep")
    expect(lead.locator("#ready")).to_contain_text("Nobody is left behind")
    lead.get_by_role("button", name="Close the branch").click()
    expect(lead.get_by_text("The branch is closed.")).to_be_visible()
    lead.get_by_role("link", name="Board", exact=True).click()
    expect(lead.get_by_text("The branch is closed for today")).to_be_visible()


def the_month_is_reviewed(lead: Page, folder: Path) -> None:
    """The real call counts; the drill stands beside it and counts apart."""
    lead.get_by_role("link", name="Reports", exact=True).click()
    lead.get_by_role("link", name="Monthly review", exact=True).click()
    heading = lead.get_by_role("heading", level=1)
    expect(heading).to_contain_text("Monthly review")
    expect(lead.locator(".month-head")).to_contain_text("Renmin Road branch")
    tile = lead.locator(".tile", has_text="drill besides")
    expect(tile.locator(".tile-number")).to_have_text("1")
    expect(tile).to_contain_text("1 drill besides")
    for title in ("What stands out", "Slowest calls"):
        expect(lead.get_by_role("heading", name=title)).to_be_visible()
    # Plots take a moment each; a page is printed when it is all there.
    for plot in lead.locator("figure.plot img").all():
        plot.scroll_into_view_if_needed()
        expect(plot).to_have_js_property("complete", True, timeout=30_000)
        expect(plot).not_to_have_js_property("naturalWidth", 0)
    printed(lead, folder / "month.pdf")
