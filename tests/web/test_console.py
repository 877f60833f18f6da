"""The operator's console in a browser, by keys alone: find, see who answers, page, cover; go on without a site."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.conformance.device_pair import make_device
from tests.web.faces import look
from tests.web.ground import SCREENS, Ward
from tests.web.pseudo import look as words_of
from tests.web.switchboard import WIDE, Console, Switchboard, open_switchboard
from wardwire.engine.upkeep import Alarm, AlarmOver
from wardwire.model import ids

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.needs_chromium, pytest.mark.needs_webapp]

# What is data on the desk, or the browser's, and no word of ours.
NAMES = (
    *["Jan", "Feb", "Mar", "Apr", "May", "June", "Jun", "July", "Jul", "Aug", "Sept", "Sep", "Oct", "Nov", "Dec"],
    "Anna", "Dora", "Dr. Okafor", "Dr. Chen", "Grace Obi", "Grace", "Heidi", "Ivan", "Night porter", "Console",
    "English", "Deutsch", "The lift is stuck.", "Please come to bed 12.", "Oxygen to 4 West.", "Quiet night.",
    "The laboratory says nothing, still.", "The pharmacy says nothing.", "The kitchen says nothing.",
    "It speaks again.", "it speaks again", "The cook was told.",
    # An alarm is stored in English, as a message is in its sender's words.
    "A message of priority medium has reached no device of Dr. Chen, and its sender does not know.",
)  # fmt: skip

KEPT = """Promise.all(['/console', '/sheets/call-down', '/sheets/on-call'].map((one) => caches.match(one)))
    .then((found) => found.every(Boolean))"""

# Counts how often half a second has passed in the page, until it says that nobody is there: a machine that stands
# still is no fault of the page's.
UNTIL_AWAY = """() => new Promise((resolve) => { let ticks = 0; const counting = setInterval(() => { ticks += 1;
    if (!document.querySelector("p.stale")) return; clearInterval(counting); resolve(ticks); }, 500); })"""

# Nobody has answered for ten minutes, as far as the console has kept it.
LONG_AGO = """() => new Promise((resolve, reject) => { const asked = indexedDB.open("wardwire-console");
    asked.onsuccess = () => { const put = asked.result.transaction("state", "readwrite");
        const state = put.objectStore("state");
        state.get("away").onsuccess = (got) => state.put(got.target.result - 600_000, "away");
        put.oncomplete = () => { asked.result.close(); resolve(); }; put.onabort = reject; }; })"""

# Counts the pulses of tones that the page makes from here on.
HEARD = """() => { const start = OscillatorNode.prototype.start; window.pulses = 0;
    OscillatorNode.prototype.start = function (...at) { window.pulses += 1; return start.apply(this, at); }; }"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def board(ward: Ward) -> AsyncIterator[Switchboard]:
    """The one port of the module's ward."""
    async with open_switchboard(ward) as board:
        yield board


async def on_call(board: Switchboard, person: UUID, name: str) -> None:
    """Let somebody hold a role of theirs from an hour ago to tomorrow."""
    site, role = board.ward.site, uuid4()
    now = site.clock.now()
    await site._change("INSERT INTO roles (id, name, version) VALUES ($2, $3, $1)", role, name)
    await site._change(
        "INSERT INTO shifts (id, role_id, person_id, starts_at, ends_at, version) VALUES ($2, $3, $4, $5, $6, $1)",
        uuid4(), role, person, now - timedelta(hours=1), now + timedelta(hours=20),
    )  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def dora(board: Switchboard) -> Console:
    """Dora at her console."""
    return await board.operator("Dora", "dora")


async def test_dora_pages_by_keys_and_sees_it_arrive(board: Switchboard, dora: Console) -> None:
    """H225: what is chosen stays chosen when the site puts the list right; who gets it is shown before it is sent."""
    site = board.ward.site
    okafor = await site.add_person("Dr. Okafor")
    phone = make_device(await site.enrol(okafor, "Okafor's phone"))
    async with phone:
        await dora.keys("Escape")
        await dora.page.keyboard.type("okaf")
        await expect(dora.option("Dr. Okafor")).to_have_attribute("aria-selected", "true")
        await expect(dora.page.get_by_role("heading", name="Dr. Okafor")).to_be_visible()
        await dora.picture("detail")
        await dora.keys("Enter")
        await expect(dora.page.get_by_label("Text", exact=True)).to_be_focused()
        await expect(dora.page.locator(".promise")).to_contain_text("Dr. Okafor")
        await dora.page.keyboard.type("Please come to bed 12.")
        await dora.picture("page")
        await dora.keys("Control+Enter")
        row = dora.page.locator(".board .rows > li", has_text="Please come to bed 12.")
        await expect(row).to_contain_text("delivered")
        await expect(dora.omnibox).to_be_focused()
        event = await phone.next_event(60)
        await phone.respond(event.id, "accept", timeout_s=60)
        await expect(row).to_contain_text("accepted")
        await dora.picture("accepted")
    await board.ward.anna.page("Dr. Okafor", "The lift is stuck.", timeout_s=60)

    # What came of it is in the log: found by typing, told step by step, written anew by a key.
    await dora.keys("F9")
    await expect(dora.page.get_by_label("Look for")).to_be_focused()
    lines = dora.page.locator("#log-list > li")
    await expect(lines).to_have_count(1)  # her own
    await expect(lines).to_contain_text("Dora to Dr. Okafor")
    await expect(lines).to_contain_text("Dr. Okafor: accepted, after")
    await dora.page.get_by_label("Everybody's").check()
    await expect(lines).to_have_count(2)
    await dora.page.get_by_label("Look for").fill("okafor bed")
    await expect(lines).to_have_count(1)
    await dora.picture("log")
    await dora.keys("ArrowDown", "Enter")
    steps = dora.page.locator("section", has_text="Step by step")
    await expect(steps.locator("ol > li").first).to_be_visible()
    await expect(steps).to_contain_text("on a device after")
    await expect(steps).to_contain_text("accepted after")
    await dora.picture("way")
    await dora.keys("Backspace")
    await expect(lines).to_be_focused()
    await dora.keys("Control+r")
    await expect(dora.page.get_by_label("Text", exact=True)).to_have_value("Please come to bed 12.")
    await expect(dora.page.locator(".chips")).to_contain_text("Dr. Okafor")
    await dora.page.get_by_label("Text", exact=True).fill("")
    await dora.page.get_by_role("button", name="Take Dr. Okafor out").click()
    await dora.keys("Escape")
    await dora.page.keyboard.type(f"t {event.id}")
    await dora.keys("Enter")
    await expect(dora.page.get_by_text("Whom it reached")).to_be_visible()
    assert dora.errors == []


async def test_cover_is_set_for_somebody_else_in_one_line(board: Switchboard, dora: Console) -> None:
    """`s lee off 18:00 chen`, Enter, Ctrl+Enter: who is off, until when, and who answers."""
    site = board.ward.site
    grace = await site.add_person("Grace Obi")
    chen = await site.add_person("Dr. Chen")
    await dora.keys("Escape")
    await dora.page.keyboard.type("s grace off 18:00 chen")
    await expect(dora.option("Grace Obi")).to_be_visible()
    await dora.keys("Enter")
    await expect(dora.page.get_by_role("heading", name="Status of Grace Obi")).to_be_visible()
    await expect(dora.page.get_by_label("Until", exact=False)).to_have_value("18:00")
    await dora.page.get_by_role("combobox", name="Who covers").fill("dr. chen")
    await expect(dora.option("Dr. Chen")).to_be_visible()
    await dora.keys("Enter")
    await dora.picture("status")
    await dora.keys("Control+Enter")
    await expect(dora.page.get_by_text("Grace Obi is off.")).to_be_visible()
    set_ = site.people.directory.people[grace]
    assert (set_.status, set_.cover) == ("off", ids.write_id(ids.PERSON, chen))
    await dora.keys("Escape")
    await dora.page.keyboard.type("grace obi")
    await expect(dora.page.locator(".facts")).to_contain_text("Dr. Chen")


async def test_the_console_goes_on_while_the_site_is_away(board: Switchboard, dora: Console) -> None:
    """H226, H288, A8: it says since when, finds in its own copy; what is sent waits, outlives a reload, goes once.

    A8: *No server since* within 10 s although every line stays open, the sheets within 2 s; what stands on them in
    tests/conformance/test_pages.py, what the servers do when they are back in tests/faults and tests/stories.
    """
    site = board.ward.site
    heidi = await site.add_person("Heidi")
    await on_call(board, heidi, "Night porter")
    await dora.page.reload()
    await dora.live()
    await expect(dora.page.locator(".copy")).to_contain_text("kept here")
    await dora.page.keyboard.type("heidi")
    await expect(dora.option("Heidi")).to_be_visible()
    await dora.page.wait_for_function(KEPT)
    await dora.keys("F8")
    line = dora.page.get_by_role("row", name="Night porter")
    await expect(line).to_contain_text("Heidi")
    await dora.picture("on-call")
    await dora.page.emulate_media(media="print")
    await expect(dora.page.get_by_role("heading", name="Results")).to_be_hidden()
    await expect(line).to_be_visible()
    await dora.picture("on-call-printed")
    await dora.page.emulate_media(media="screen")
    waited = asyncio.ensure_future(dora.page.evaluate(UNTIL_AWAY))
    await board.front.hush()
    assert await waited <= 20
    since = dora.page.get_by_role("alert").filter(has_text="No server since")
    said = await since.inner_text()
    sheet = await dora.page.context.new_page()
    for path, title in (("call-down", "Call-down sheet"), ("on-call", "Who is on call")):
        took = []
        for _ in range(3):
            await sheet.goto(f"{board.front.url}/sheets/{path}")
            await expect(sheet.get_by_role("heading", name=title)).to_be_visible()
            await expect(sheet.get_by_role("row", name="Night porter")).to_contain_text("Heidi")
            took.append(await sheet.evaluate("performance.getEntriesByType('navigation')[0].domComplete"))
        assert min(took) < 2_000, took
    await sheet.screenshot(path=SCREENS / "console-sheet.png")
    await sheet.close()
    await board.front.cut()
    assert await since.inner_text() == said  # it is away since then, however often it tries
    await dora.keys("Escape")
    await dora.page.keyboard.type("heid")
    await expect(dora.option("Heidi")).to_have_attribute("aria-selected", "true")
    await expect(dora.page.locator(".facts")).to_contain_text("not known")
    await dora.keys("Enter")
    await dora.page.keyboard.type("The lift is stuck.")
    await expect(dora.page.locator(".promise")).to_contain_text("will wait here")
    await dora.keys("Control+Enter")
    waiting = dora.page.locator(".board .waits", has_text="The lift is stuck.")
    await expect(waiting).to_contain_text("waiting to be sent")
    await dora.picture("away")
    await dora.page.evaluate(LONG_AGO)
    await dora.page.reload()
    await expect(waiting).to_contain_text("waiting to be sent")
    await expect(since).to_be_visible()
    assert await since.inner_text() != said  # it was kept, as it lies there now
    await dora.keys("F8")
    await expect(dora.page.get_by_role("row", name="Night porter")).to_contain_text("Heidi")
    await expect(dora.page.get_by_text("counted on to now")).to_be_visible()
    await dora.picture("on-call-away")
    await dora.keys("F9")
    await expect(dora.page.get_by_text("the log is not known")).to_be_visible()
    board.front.open()
    await dora.live()
    await expect(dora.page.locator(".board .rows > li", has_text="The lift is stuck.")).to_have_count(1)
    await expect(waiting).to_have_count(0)
    sent = await site.fetch("SELECT count(*) AS n FROM deliveries WHERE person_id = $1", heidi)
    assert sent[0]["n"] == 1

    # What was called by hand meanwhile is entered from paper, by keys alone.
    await expect(dora.page.get_by_text("Was anybody called by hand?")).to_be_visible()
    await dora.keys("Escape")
    await dora.page.keyboard.type("heidi")
    await expect(dora.option("Heidi")).to_have_attribute("aria-selected", "true")
    await dora.keys("Alt+p")
    await expect(dora.page.get_by_label("Called at")).to_be_focused()
    called = await dora.page.evaluate("new Date(Date.now() - 1_200_000).toTimeString().slice(0, 5)")
    await dora.page.keyboard.type(called)
    await dora.page.get_by_label("Text", exact=True).fill("Oxygen to 4 West.")
    await dora.picture("paper")
    await dora.keys("Control+Enter")
    await expect(dora.page.get_by_text(f"Heidi, {called}: it is in the log.")).to_be_visible()
    await dora.keys("F9")
    line = dora.page.locator("#log-list > li", has_text="Oxygen to 4 West.")
    await expect(line).to_contain_text("Paper")
    await expect(line).to_contain_text("Heidi: accepted, after 0:00 · made by hand")
    await dora.page.get_by_role("button", name="Nobody was").click()
    assert dora.errors == []


async def test_an_alarm_rings_until_a_person_has_it(board: Switchboard, dora: Console) -> None:
    """H261: it is there at once, and heard; a key takes it; what is over is said, and never just gone."""
    site, page = board.ward.site, dora.page
    site.desk = dora.to  # so that it rings at her device too: shown once all the same
    await page.evaluate(HEARD)
    await dora.keys("Escape")
    await expect(page.get_by_text("Sounds on")).to_be_visible()
    site.lanes.put(Alarm("feed", "lab", "The laboratory says nothing.", site.rules))
    alarm = page.locator(".alarms li", has_text="The laboratory says nothing")
    await expect(alarm).to_contain_text("Nobody has it")
    await expect(page).to_have_title(re.compile(r"^\(\d\) Operator console$"))
    await page.wait_for_function("pulses > 0")
    site.lanes.put(Alarm("feed", "lab", "The laboratory says nothing, still.", site.rules))
    await expect(alarm).to_contain_text("raised 2 times")
    await expect(page.locator(".board").get_by_text("The laboratory says nothing")).to_have_count(1)
    await dora.keys("Alt+a")
    await expect(page.locator(".alarms li:focus")).to_contain_text("Nobody has it")
    await alarm.focus()
    await dora.picture("alarm")
    await dora.keys("Enter")
    await expect(alarm).to_contain_text("Dora has it since")
    taken = await site.fetch("SELECT taken_by FROM alarms WHERE subject = 'lab'")
    assert [row["taken_by"] for row in taken] == [dora.to]
    await alarm.focus()
    await dora.keys("c")
    await page.keyboard.type("It speaks again.")
    await dora.keys("Control+Enter")
    over = page.locator(".alarms li.over")
    await expect(over.filter(has_text="laboratory")).to_contain_text("Over, by Dora: It speaks again.")
    site.lanes.put(Alarm("feed", "pharmacy", "The pharmacy says nothing.", site.rules))
    await expect(page.locator(".alarms li", has_text="pharmacy")).to_contain_text("Nobody has it")
    site.lanes.put(AlarmOver("feed", "pharmacy", "it speaks again"))
    await expect(over.filter(has_text="pharmacy")).to_contain_text("Over, by the site itself: it speaks again")
    await dora.picture("alarm-over")
    site.desk = ""
    assert dora.errors == []


async def test_the_desk_changes_hands(board: Switchboard, dora: Console) -> None:
    """H273: what is open goes with a note to whoever comes, by keys alone; until then every console says so."""
    site = board.ward.site
    grace = await board.operator("Grace", "grace")
    await dora.keys("Escape", "Alt+h")
    await expect(dora.page.get_by_label("How it stands")).to_be_focused()
    site.lanes.put(Alarm("feed", "kitchen", "The kitchen says nothing.", site.rules))
    item = dora.page.locator("form .rows li", has_text="The kitchen says nothing.")
    await expect(item).to_be_visible()
    await dora.keys("Control+Enter")
    await expect(dora.page.get_by_text("whoever comes knows nothing")).to_be_visible()
    await dora.page.keyboard.type("Quiet night.")
    await item.get_by_role("textbox").fill("The cook was told.")
    await dora.picture("desk")
    await dora.page.reload()
    await dora.live()
    await dora.keys("Alt+h")
    await expect(item.get_by_role("textbox")).to_have_value("The cook was told.")
    await dora.keys("Control+Enter")
    await expect(dora.page.get_by_text("you still have the desk")).to_be_visible()
    await expect(grace.page.get_by_role("alert").filter(has_text="Dora handed the desk over")).to_be_visible()
    await dora.picture("desk-given")
    await grace.keys("Alt+h")
    offer = grace.page.locator("form.readback")
    await expect(offer).to_contain_text("Quiet night.")
    await expect(offer).to_contain_text("The cook was told.")
    await grace.picture("desk-offered")
    await grace.keys("Control+Enter")
    await expect(grace.page.get_by_text("You have the desk, from Dora.")).to_be_visible()
    await expect(grace.page.locator(".steps")).to_contain_text("Dora to Grace: Quiet night.")
    await expect(dora.page.get_by_text("you still have the desk")).to_have_count(0)
    site.lanes.put(AlarmOver("feed", "kitchen", "it speaks again"))
    assert dora.errors == grace.errors == []


async def test_the_desk_reads_its_own_language(board: Switchboard, dora: Console) -> None:
    """H224: no word is cut, and each stands in the catalogue; the language that is chosen is kept, and holds."""
    page, site = dora.page, board.ward.site
    await site.add_person("Ivan")
    await page.goto(f"{board.front.url}/console?pseudo")
    await dora.live()
    await page.keyboard.type("ivan")
    await expect(dora.option("Ivan")).to_have_attribute("aria-selected", "true")
    await expect(page.locator(".facts")).to_be_visible()
    known = ["Ctrl", "Alt", "Shift", "Enter", "Esc", *NAMES]
    for keys in (["Enter"], ["F8"], ["Alt+h"], ["Alt+p"], ["Escape", "F4"]):
        await dora.keys(*keys)
        await words_of(page, known)
    await page.set_viewport_size({"width": 1280, "height": 900})
    await words_of(page, known)
    await page.set_viewport_size(WIDE)
    await page.goto(f"{board.front.url}/console")
    await dora.live()
    await page.locator("body").click(position={"x": 5, "y": 700})
    await dora.keys("?")
    await page.get_by_role("dialog").get_by_label("Language").select_option("de")
    await expect(page.get_by_role("heading", name="Tasten")).to_be_visible()
    await dora.picture("german-keys")
    await dora.keys("Escape")
    await page.reload()
    await dora.live()
    await page.get_by_role("combobox", name="Suche oder Befehl").fill("ivan")
    await expect(dora.option("Ivan")).to_have_attribute("aria-selected", "true")
    await expect(page.locator(".facts")).to_contain_text("nicht erreichbar")
    await dora.picture("german-detail")
    await dora.keys("Enter")
    await expect(page.locator(".promise")).to_contain_text("Ivan")
    await page.get_by_label("Text", exact=True).fill("Bitte rufen Sie an.")
    await dora.picture("german-page")
    await dora.keys("Control+Enter")
    row = page.locator(".board .rows > li", has_text="Bitte rufen Sie an.")
    await expect(row).to_contain_text("nicht erreichbar")
    await dora.keys("F9")
    await expect(page.locator("#log-list > li").first).to_contain_text("Bitte rufen Sie an.")
    await dora.keys("ArrowDown", "Enter")
    steps = page.locator("section", has_text="Schritt für Schritt")
    await expect(steps).to_contain_text("fest gespeichert")
    await expect(steps).to_contain_text("nichts hat Ivan erreicht; der Absender erfährt es")
    await dora.picture("german-way")
    for name, key in (("on-call", "F8"), ("desk", "Alt+h"), ("paper", "Alt+p")):
        await dora.keys(key)
        await dora.picture(f"german-{name}")
    assert dora.errors == []


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_every_pane_can_be_read_and_used(board: Switchboard, theme: Any) -> None:
    """In both themes and three widths: nothing that axe objects to, nothing wider than the screen."""
    eva = await board.operator(f"Eva {theme}", f"eva-{theme}", color_scheme=theme)

    async def seen(name: str) -> list[str]:
        return await look(eva.page, name, theme, (320, 1280, 1920), eva.picture)

    wrong = await seen(f"{theme}-1-empty")
    await eva.page.keyboard.type("eva")
    await expect(eva.option(f"Eva {theme}")).to_be_visible()
    await expect(eva.page.locator(".facts")).to_contain_text("app")
    wrong += await seen(f"{theme}-2-detail")
    await eva.keys("Enter")
    await expect(eva.page.locator(".promise")).to_contain_text("Eva")
    wrong += await seen(f"{theme}-3-page")
    await eva.page.get_by_label("Text", exact=True).fill("To myself, to see it arrive.")
    await eva.keys("Control+Enter")
    await board.ward.page_to(cast(Any, eva), "Who is on call for cardiology?", priority="medium")
    board.ward.site.lanes.put(Alarm("feed", theme, f"The {theme} laboratory says nothing.", board.ward.site.rules))
    await expect(eva.page.get_by_role("heading", name="For you")).to_be_visible()
    await expect(eva.page.locator(".alarms")).to_contain_text(f"The {theme} laboratory says nothing.")
    wrong += await seen(f"{theme}-4-board")
    await eva.page.emulate_media(forced_colors="active")
    # Without axe: it knows the colours that were written, and not those that are shown.
    await eva.picture(f"{theme}-4-board-forced")
    await eva.page.emulate_media(forced_colors="none")
    await eva.keys("F9")
    await expect(eva.page.locator("#log-list > li")).to_have_count(1)
    wrong += await seen(f"{theme}-6-log")
    await eva.keys("ArrowDown", "Enter")
    await expect(eva.page.get_by_role("heading", name="Step by step")).to_be_visible()
    await expect(eva.page.locator("ol.steps > li").first).to_be_visible()
    wrong += await seen(f"{theme}-7-way")
    await on_call(board, eva.person, f"Porter in the {theme}")
    await eva.keys("F8")
    await expect(eva.page.get_by_role("row", name=f"Porter in the {theme}")).to_be_visible()
    wrong += await seen(f"{theme}-8-on-call")
    await eva.keys("Alt+h")
    await expect(eva.page.get_by_label("How it stands")).to_be_visible()
    await expect(eva.page.locator("form .rows li").first).to_be_visible()
    wrong += await seen(f"{theme}-9-desk")
    await eva.page.locator("body").click(position={"x": 5, "y": 700})
    await eva.keys("?")
    await expect(eva.page.get_by_role("dialog")).to_be_visible()
    wrong += await seen(f"{theme}-5-keys")
    assert wrong == []
    assert eva.errors == []
