"""Administration of who is reached, in a browser, as a site gives it: people, devices, on call, policies, places; and
the app on the same port.

One site for all, in the order that they stand here.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.web.office import Office, look, open_office, picture

pytestmark = [pytest.mark.needs_chromium, pytest.mark.needs_webapp]
STAFF = "id,name,title,departments\n17,Dr. Okafor,cardiologist,Cardiology\n18,Eva,charge nurse,4 West\n"


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    """A site with its front, and a browser."""
    with open_office() as office:
        yield office


@pytest.fixture(scope="module")
def dora(office: Office) -> Page:
    """The page of Dora, who is signed in."""
    page = office.page(office.context())
    office.sign_in(page, "dora", "/admin#/people")
    expect(page.get_by_role("heading", name="People", exact=True)).to_be_visible()
    return page


def at(page: Page, place: str, heading: str) -> None:
    """Go to a section."""
    page.evaluate("place => { location.hash = place }", f"#/{place}")
    expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()


def add_place(page: Page, name: str, kind: str) -> None:
    """Enter a place by the form that is open; it is there, and the form is empty again."""
    page.get_by_label("Kind").select_option(kind)
    field = page.get_by_label("Name", exact=True).last
    field.fill(name)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("link", name=name, exact=True)).to_be_visible()
    expect(field).to_have_value("")


def find(field: Locator, typed: str, name: str) -> None:
    """Choose somebody by a few letters."""
    field.fill(typed)
    field.page.locator(".found").get_by_role("button", name=name).first.click()


def tab_to(page: Page, words: str) -> None:
    """Go to a control by the Tab key alone."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if words in str(page.evaluate("document.activeElement.innerText || document.activeElement.ariaLabel || ''")):
            return
    raise AssertionError(f"the Tab key never comes to {words!r}")


def test_a_list_is_looked_at_and_taken_in(office: Office, dora: Page) -> None:
    """What would change stands there before it does; then two people are there."""
    dora.get_by_role("link", name="Import a list").click()
    dora.get_by_label("Or its text").fill(STAFF)
    dora.get_by_role("button", name="Look what would change").click()
    expect(dora.get_by_text("2 new · 0 changed")).to_be_visible()
    assert look(dora, "admin-import") == []
    dora.get_by_role("button", name="Take it in").click()
    expect(dora.get_by_role("heading", name="Taken in")).to_be_visible()
    at(dora, "people", "People")
    expect(dora.get_by_role("link", name="Dr. Okafor")).to_be_visible()
    assert look(dora, "admin-people") == []


def test_a_device_of_a_new_person_is_let_in_and_put_out(office: Office, dora: Page, tmp_path: Path) -> None:
    """Dr. Chen is entered, gets a code as a picture, registers a device by it, and loses it again."""
    dora.get_by_role("link", name="New person").click()
    dora.get_by_label("Name", exact=True).fill("Dr. Chen")
    dora.get_by_label("Title").fill("cardiologist")
    dora.get_by_role("button", name="Add this person").click()
    expect(dora.get_by_role("heading", name="Dr. Chen")).to_be_visible()
    dora.get_by_role("button", name="Add a device").click()
    expect(dora.get_by_role("img", name="Code to scan")).to_be_visible()
    assert look(dora, "admin-enrol") == []
    code = dora.locator(".card .large").inner_text()
    words = ["device", "enrol", code, "--card", str(tmp_path / "chen.json"), "--name", "Chen's phone"]
    subprocess.run([sys.executable, "-m", "wardwire", *words, "--url", office.url], check=True, capture_output=True)
    dora.get_by_role("button", name="Done").click()
    expect(dora.get_by_role("link", name="Chen's phone")).to_be_visible()

    dora.get_by_text("Add another way").click()
    dora.get_by_label("Address").fill("chen@ward.example")
    dora.get_by_role("button", name="Add", exact=True).click()
    expect(dora.get_by_text("not verified")).to_be_visible()
    dora.get_by_role("button", name="It reaches them chen@ward.example").click()
    expect(dora.get_by_text(re.compile(r"^verified \d"))).to_be_visible()
    assert look(dora, "admin-person") == []

    at(dora, "devices", "Devices")
    dora.get_by_role("link", name="Chen's phone").click()
    expect(dora.get_by_role("heading", name="Settings")).to_be_visible()
    assert look(dora, "admin-device") == []
    at(dora, "devices", "Devices")
    assert look(dora, "admin-devices") == []
    dora.get_by_role("button", name="Put out Chen's phone").click()
    dora.get_by_label("It is lost: put out, and wiped").check()
    dora.get_by_label("Why").fill("left in a taxi")
    dora.get_by_role("button", name="Do it now").click()
    lost = dora.get_by_role("table", name="Lost devices")
    at(dora, "people", "People")
    at(dora, "devices", "Devices")
    expect(lost.get_by_text("not heard yet")).to_be_visible()
    expect(dora.get_by_text("No device is like this.")).to_be_visible()
    assert office.complaints == []


def test_an_override_is_made_by_keys_alone(office: Office, dora: Page) -> None:
    """A role with a rotation; Dr. Okafor goes before it for two hours, and nothing was clicked."""
    at(dora, "oncall", "On call")
    dora.get_by_text("New role", exact=True).click()
    dora.get_by_label("Role", exact=True).fill("Cardiology 1st")
    dora.get_by_role("button", name="Add", exact=True).click()
    expect(dora.get_by_role("heading", name="Cardiology 1st", exact=True)).to_be_visible()
    dora.get_by_role("link", name="Plan", exact=True).click()
    expect(dora.get_by_role("heading", name="Rotations", exact=True)).to_be_visible()
    dora.get_by_label("Time zone").fill("America/Chicago")
    dora.get_by_role("button", name="Add a rotation").click()
    dora.get_by_label("First turn begins").fill("2026-01-05T08:00")
    find(dora.get_by_label("Add somebody"), "chen", "Dr. Chen")
    dora.get_by_role("button", name="Look what would come of it").click()
    expect(dora.get_by_role("heading", name="What would hold in the next four weeks")).to_be_visible()
    assert look(dora, "admin-plan") == []
    dora.get_by_role("button", name="Save the plan").click()
    expect(dora.get_by_role("button", name=re.compile(r"^Dr\. Chen, ")).first).to_be_visible()

    dora.locator("h1").click()
    tab_to(dora, "Override…")
    dora.keyboard.press("Enter")
    expect(dora.get_by_role("dialog")).to_be_visible()
    dora.keyboard.type("okafor")
    expect(dora.locator(".found")).to_contain_text("Dr. Okafor")
    dora.keyboard.press("Enter")
    expect(dora.get_by_role("dialog").get_by_text("Choose another")).to_be_visible()
    tab_to(dora, "Override")
    dora.keyboard.press("Enter")
    expect(dora.get_by_role("dialog")).to_have_count(0)
    dora.get_by_text("As a list", exact=True).click()
    expect(dora.get_by_role("button", name=re.compile(r"^Dr\. Okafor, ")).first).to_be_visible()
    # What is drawn opens the same form, with its times in it.
    track = dora.locator(".tl-track.drawable").nth(1)
    track.scroll_into_view_if_needed()
    box = track.bounding_box() or {"x": 0, "y": 0, "width": 0, "height": 0}
    middle = box["y"] + box["height"] / 2
    dora.mouse.move(box["x"] + box["width"] * 0.7, middle)
    dora.mouse.down()
    dora.mouse.move(box["x"] + box["width"] * 0.8, middle, steps=5)
    dora.mouse.up()
    form = dora.get_by_role("dialog")
    expect(form).to_be_visible()
    begins, ends = (form.locator("input[type=datetime-local]").nth(nth).input_value() for nth in range(2))
    assert timedelta(hours=12) < datetime.fromisoformat(ends) - datetime.fromisoformat(begins) < timedelta(hours=22)
    form.get_by_role("button", name="Cancel").click()
    dora.get_by_role("button", name="Look 52 weeks ahead").click()
    expect(dora.get_by_text("Hours in 52 weeks").first).to_be_visible()
    assert look(dora, "admin-oncall-role") == []
    dora.get_by_role("combobox").filter(has_text="six weeks").select_option("six weeks")
    expect(dora.locator(".timeline")).to_have_count(6)
    assert look(dora, "admin-oncall-month") == []
    at(dora, "oncall", "On call now")
    assert look(dora, "admin-oncall") == []
    assert office.complaints == []


def test_a_policy_is_played_refused_and_published(office: Office, dora: Page) -> None:
    """Its last step reaches nobody: it is not published, until the desk stands in it."""
    at(dora, "policies", "Drafts")
    dora.get_by_text("New policy").click()
    dora.get_by_label("Name", exact=True).fill("Monitor alarm")
    dora.get_by_role("button", name="Begin a draft").click()
    expect(dora.get_by_role("heading", name="Draft: Monitor alarm")).to_be_visible()
    dora.get_by_text("Change step 2").click()
    second = dora.locator(".ladder > li").nth(1)
    second.get_by_role("button", name="Remove the operators' desk").click()
    second.get_by_role("button", name="Add whoever has the bed second").click()
    dora.get_by_role("button", name="Check and keep").click()
    expect(dora.get_by_text("Checked and kept.")).to_be_visible()
    dora.get_by_role("button", name="Play it").click()
    expect(dora.get_by_text("The last step reaches nobody").first).to_be_visible()
    assert look(dora, "admin-draft") == []
    dora.get_by_role("button", name="Publish…").click()
    dora.get_by_role("button", name="Publish now").click()
    expect(dora.get_by_role("dialog").get_by_role("alert")).to_contain_text("Not published")
    assert look(dora, "admin-refused") == []
    dora.get_by_role("dialog").get_by_role("button", name="Cancel").click()

    dora.get_by_text("Change step 2").click()
    dora.locator(".ladder > li").nth(1).get_by_role("button", name="Add the operators' desk").click()
    dora.get_by_role("button", name="Check and keep").click()
    expect(dora.get_by_text("Checked and kept.")).to_be_visible()
    dora.get_by_role("button", name="Play it").click()
    expect(dora.get_by_text("It was played since its last change.")).to_be_visible()
    dora.get_by_role("button", name="Publish…").click()
    dora.get_by_role("button", name="Publish now").click()
    expect(dora.get_by_role("heading", name="Versions")).to_be_visible()
    expect(dora.get_by_text("Version 1", exact=True)).to_be_visible()
    assert look(dora, "admin-policy") == []
    dora.get_by_role("button", name="Draft a change").click()
    expect(dora.get_by_text("It says what holds already.")).to_be_visible()
    dora.get_by_text("Change step 1").click()
    dora.get_by_label("Waits, seconds").first.fill("90")
    row = dora.get_by_role("row", name=re.compile("^changed"))
    expect(row).to_contain_text("1 min 30 s")
    dora.get_by_role("button", name="Drop the draft").click()
    expect(dora.get_by_role("heading", name="Drafts")).to_be_visible()
    assert office.complaints == []


def test_beds_are_given_and_a_group_is_looked_at(office: Office, dora: Page) -> None:
    """Two beds at once to Eva; a rule that finds the cardiologists before it is saved."""
    at(dora, "places", "Places")
    dora.get_by_text("Add a place", exact=True).click()
    add_place(dora, "4 West", "unit")
    dora.get_by_role("link", name="4 West", exact=True).click()
    expect(dora.get_by_role("heading", name="Beds", exact=True)).to_be_visible()
    dora.get_by_text("Add a place in it", exact=True).click()
    for bed in ("4W-11", "4W-12"):
        add_place(dora, bed, "bed")
    dora.get_by_text("Give beds to somebody").click()
    dora.get_by_role("button", name="All of them").click()
    find(dora.get_by_label("To", exact=True), "eva", "Eva")
    dora.get_by_role("button", name="Give", exact=True).click()
    expect(dora.get_by_role("link", name="Eva")).to_have_count(2)
    assert look(dora, "admin-place") == []
    at(dora, "places", "Places")
    assert look(dora, "admin-places") == []

    at(dora, "groups", "Groups")
    dora.get_by_text("New group").click()
    dora.get_by_label("Name", exact=True).fill("Cardiologists")
    dora.get_by_role("button", name="Add", exact=True).click()
    expect(dora.get_by_role("heading", name="0 people in it")).to_be_visible()
    dora.get_by_label("Rule").fill('title contains "cardiologist"')
    dora.get_by_role("button", name="Look who would be in it").click()
    expect(dora.get_by_text("2 people would be in it.")).to_be_visible()
    assert look(dora, "admin-group") == []
    dora.get_by_role("button", name="Save the group").click()
    expect(dora.get_by_role("heading", name="2 people in it")).to_be_visible()
    assert office.complaints == []


def test_what_hangs_on_somebody_is_told_before_they_are_disabled(office: Office, dora: Page) -> None:
    """Eva has beds; Dr. Chen is on call and in a group; in German, too."""
    at(dora, "people", "People")
    dora.get_by_role("link", name="Eva").click()
    expect(dora.get_by_role("heading", name="Eva", exact=True)).to_be_visible()
    dora.get_by_role("button", name="Disable", exact=True).click()
    expect(dora.get_by_role("dialog")).to_contain_text("Nothing is open for them.")
    expect(dora.get_by_role("dialog")).to_contain_text("4W-11")
    dora.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    at(dora, "people", "People")
    dora.get_by_role("link", name="Dr. Chen").click()
    expect(dora.get_by_role("heading", name="Dr. Chen", exact=True)).to_be_visible()
    dora.get_by_role("button", name="Disable", exact=True).click()
    dialog = dora.get_by_role("dialog")
    # What the override has told Dr. Chen may be on its way still, or may have lapsed.
    expect(dialog).to_contain_text(re.compile("(Nothing|Something) is open for them"))
    expect(dialog).to_contain_text("in the rotation")
    expect(dialog).to_contain_text("Cardiologists")
    assert look(dora, "admin-disable") == []
    dialog.get_by_role("button", name="Disable now").click()
    expect(dora.get_by_text("Disabled: gets no messages, and cannot sign in.")).to_be_visible()
    dora.get_by_label("Language").select_option("Deutsch")
    expect(dora.get_by_text("Gesperrt: bekommt keine Nachrichten und kann sich nicht anmelden.")).to_be_visible()
    assert look(dora, "admin-person-de") == []
    assert office.complaints == []


def test_a_nurse_opens_the_link_and_answers_a_page(office: Office) -> None:
    """The app as the site gives it, by the link of a terminal's code: another device's page rings and is accepted."""
    card = office.enrol("Anna")
    office.run("people", "add", "Ben")
    code = office.run("people", "code", "Ben")["code"]
    page = office.page(office.context(viewport={"width": 390, "height": 844}))
    page.goto(f"{office.url}/#enrol={code}")
    page.get_by_role("button", name="Add device", exact=True).click()
    page.get_by_role("button", name="Open the inbox", exact=True).click()
    expect(page.locator(".link.live")).to_be_visible()
    send = ("device", "send", "Ben", "--text", "Bed 12, please.", "--choice", "Coming")
    office.run(*send, "--card", card, here=False)
    row = page.locator("li.item", has_text="Bed 12, please.")
    row.get_by_role("button", name="Coming").click()
    expect(row).to_contain_text("Coming")
    picture(page, "one-port")
    page.reload()  # the page is the service worker's now
    expect(page.locator("li.item", has_text="Bed 12, please.")).to_be_visible()
    page.context.close()
    assert office.complaints == []
