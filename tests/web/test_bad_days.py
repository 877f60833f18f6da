"""What goes wrong around the app: each has its words, and nothing is lost or shown twice."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.web.disk import until_kept
from tests.web.ground import Ward
from tests.web.test_app import responses_to, until
from wardwire.devices import frames, hello

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.needs_chromium, pytest.mark.needs_webapp]

# A clock that is an hour late, or early, for every way of asking.
LATE = """(() => { const Real = Date, late = %d;
  globalThis.Date = class extends Real {
    constructor(...parts) { if (parts.length) super(...parts); else super(Real.now() - late); }
    static now() { return Real.now() - late; }
  }; })()"""


async def test_a_browser_that_deletes_what_was_kept_says_so(ward: Ward) -> None:
    """They are not reachable here any more, and one answer was not sent: said at once, and after a reload."""
    ben = await ward.enrolled("Ben")
    await ward.page_to(ben, "Are you there?")
    await expect(ben.row("Are you there?")).to_be_visible()
    await until(ward, ben.person, ["delivered"])
    ward.front.cut()
    await ben.row("Are you there?").get_by_role("button", name="Accept").click()
    await expect(ben.row("Are you there?")).to_contain_text("waiting to be sent")
    await ben.page.evaluate("() => { indexedDB.deleteDatabase('wardwire'); }")
    for _ in range(2):
        await expect(ben.page.get_by_text("The browser has deleted what this app had kept here.")).to_be_visible()
        await expect(ben.page.get_by_role("alert")).to_have_text("1 answer was not sent. Call the people concerned.")
        await ben.picture("evicted")
        ward.front.restore()
        await ben.page.reload()
    assert await responses_to(ward, ben.person) == ["delivered"]
    await ben.button("Add this device again").click()
    await expect(ben.button("Add device")).to_be_visible()


async def test_a_wifi_that_answers_for_the_site_is_not_believed(ward: Ward) -> None:
    """The app that is kept opens, is offline, and is the same afterwards; a code is not lost to it."""
    eva = await ward.enrolled("Eva")
    await ward.page_to(eva, "Kept here")
    await expect(eva.row("Kept here")).to_be_visible()
    await eva.page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    ward.front.portal = True
    ward.front.cut()
    ward.front.restore()
    await eva.page.reload()
    await expect(eva.row("Kept here")).to_be_visible()
    await expect(eva.page.locator(".link.away")).to_be_visible()
    await eva.picture("portal")
    ward.front.portal = False
    await eva.live()
    await eva.page.reload()
    await eva.live()

    frank = await ward.browser_of("Frank")
    code = await ward.code(frank.person)
    await frank.page.goto(f"{ward.front.url}/#enrol={code}")
    await expect(frank.button("Add device")).to_be_visible()
    ward.front.portal = True
    await frank.button("Add device").click()
    await expect(frank.page.get_by_role("alert")).to_contain_text("a sign-in page of the Wi-Fi may be in between")
    ward.front.portal = False
    await frank.button("Add device").click()
    await expect(frank.page.get_by_text("You are reachable, Frank.")).to_be_visible()


@pytest.mark.parametrize("late_min", [60, -60])
async def test_a_clock_that_is_wrong_shows_no_wrong_times(ward: Ward, late_min: int) -> None:
    """An hour off: ages and times are the site's, an answer can be taken back, and *More* says how far it is off."""
    dora = await ward.browser_of(f"Dora {late_min}")
    await dora.context.add_init_script(LATE % (late_min * 60_000))
    await dora.page.goto(f"{ward.front.url}/#enrol={await ward.code(dora.person)}")
    await dora.button("Add device").click()
    await dora.button("Open the inbox").click()
    await dora.live()
    await ward.page_to(dora, "Come, please")
    row = dora.row("Come, please")
    await expect(row.locator("time.age")).to_have_text("now")
    await row.get_by_role("button", name="Accept").click()
    await expect(row).to_contain_text("You accepted")
    await expect(row.get_by_role("button", name="Undo")).to_be_visible()
    [stored] = await ward.site.fetch("SELECT responded_at FROM deliveries WHERE person_id = $1", dora.person)
    shown = await row.locator(".said span").inner_text()
    hour = await dora.page.evaluate(
        "at => new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' }).format(at)",
        stored["responded_at"].timestamp() * 1_000,
    )
    assert abs(seconds(shown.removeprefix("You accepted, ")) - seconds(hour)) < 120
    await dora.open("More")
    await expect(dora.page.get_by_text(f"This device's clock is {-late_min} min off.")).to_be_visible()


def seconds(written: str) -> int:
    """Seconds of a day, of HH:MM:SS."""
    hours, minutes, rest = written.split(":")
    return int(hours) * 3_600 + int(minutes) * 60 + int(rest)


async def test_an_app_of_another_version_says_what_it_still_hears(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too old: `code` alone, and it says so. Not spoken any more, or not yet: nothing is heard, and it says so."""
    kim = await ward.enrolled("Kim")
    alert = kim.page.get_by_role("alert")
    for changes, words in (
        ({hello: {"MINIMUM": 2}}, "it gets calls of priority CODE and nothing else"),
        ({frames: {"OLDEST": 2, "PROTOCOL": 2}}, "This app is too old for the site and hears nothing."),
        ({frames: {"OLDEST": 0, "PROTOCOL": 0}}, "The site is older than this app"),
    ):
        with monkeypatch.context() as patch:
            for module, values in changes.items():
                for name, value in values.items():
                    patch.setattr(module, name, value)
            ward.front.cut()
            await expect(kim.page.locator(".link.away")).to_be_visible()
            ward.front.restore()
            await expect(alert.filter(has_text=words)).to_be_visible()
        ward.front.cut()
        ward.front.restore()
        await expect(alert).to_have_count(0)
        await kim.live()
    await ward.page_to(kim, "Still here")
    await expect(kim.row("Still here")).to_have_count(1)


async def test_an_app_that_was_updated_waits_for_a_tap(ward: Ward) -> None:
    """In mid-shift: it says that a new version is ready, goes on hearing, and keeps what was begun."""
    ivan = await ward.enrolled("Ivan")
    await ivan.open("New")
    await ivan.page.get_by_label("Text", exact=True).fill("Half a sentence")
    await until_kept(ivan.page, "state", "draft", bool)
    ward.front.renamed = True
    ward.front.cut()
    await expect(ivan.page.locator(".link.away")).to_be_visible()
    ward.front.restore()
    await expect(ivan.page.get_by_text("A new version is ready.")).to_be_visible()
    await ivan.picture("update")
    await ward.page_to(ivan, "Heard meanwhile")
    await until(ward, ivan.person, ["delivered"])
    await ivan.button("Reload").click()
    await expect(ivan.page.get_by_label("Text", exact=True)).to_have_value("Half a sentence")
    await ivan.open("Inbox")
    await expect(ivan.row("Heard meanwhile")).to_have_count(1)
    await expect(ivan.page.get_by_text("A new version is ready.")).to_have_count(0)
    ward.front.renamed = False
