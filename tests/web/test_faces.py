"""Every view in both themes and three widths: nothing that axe objects to, nothing wider than the screen."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect

from tests.web.faces import look
from tests.web.ground import Ward
from wardwire.flow.statement import Responses

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.needs_chromium, pytest.mark.needs_webapp]

WIDTHS = (320, 390, 1280)
NASTY = (
    "x" * 4_000,
    "مريض في الغرفة ١٢ <b>عاجل</b>",
    "<script>document.title = 'owned'</script><img src=x onerror=\"document.title='owned'\">",
    "zero\u200bwidth\u200d and \u202eturned\u202c and \x07bell",
)


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_every_view_can_be_read_and_used(ward: Ward, theme: Any) -> None:
    """From the code to the settings, with messages of each priority, and those that try to break the page."""
    phone = await ward.browser_of(f"Dr. Chen {theme}", color_scheme=theme)
    await phone.page.goto(f"{ward.front.url}/#enrol={await ward.code(phone.person)}")
    await expect(phone.button("Add device")).to_be_visible()

    async def seen(name: str) -> list[str]:
        return await look(phone.page, name, theme, WIDTHS, phone.picture, height=844)

    wrong = await seen(f"{theme}-1-enrol")
    await phone.button("Add device").click()
    await expect(phone.page.get_by_text("You are reachable").first).to_be_visible()
    wrong += await seen(f"{theme}-2-welcome")
    await phone.button("Open the inbox").click()
    wrong += await seen(f"{theme}-3-empty")

    await ward.page_to(
        phone, "Pump occlusion, bed 12", priority="medium", responses=Responses(choices=("On my way", "Busy"))
    )
    await ward.page_to(
        phone, "Potassium 6.9 mmol/l, 4 West", subject="Critical result", priority="high", callback="4417"
    )
    await ward.page_to(phone, "The meeting is at four.", priority="low", responses=Responses())
    await ward.page_to(
        phone, "Can you see bed 9?", priority="low", responses=Responses(accept_decline=True, free_text=True)
    )
    for nth, text in enumerate(NASTY):
        await ward.page_to(phone, text, priority="low", responses=Responses(), id=f"nasty-{theme}-{nth}")
    await expect(phone.page.locator("li.item")).to_have_count(8)
    await phone.row("Can you see bed 9?").get_by_role("button", name="Accept").click()
    await expect(phone.row("Can you see bed 9?")).to_contain_text("You accepted")
    assert await phone.page.title() != "owned"
    wrong += await seen(f"{theme}-4-inbox")
    await phone.page.emulate_media(forced_colors="active")
    # Without axe: it knows the colours that were written, and not those that are shown.
    await phone.picture(f"{theme}-4-inbox-forced")
    await phone.page.emulate_media(forced_colors="none")
    await phone.page.get_by_role("button", name="Critical result").click()
    await expect(phone.page.get_by_text("Potassium 6.9 mmol/l, 4 West")).to_be_visible()
    wrong += await seen(f"{theme}-5-message")

    await phone.open("New")
    await phone.page.get_by_label("To", exact=True).fill("anna")
    await expect(phone.page.locator(".found")).to_contain_text("Anna")
    wrong += await seen(f"{theme}-6-found")
    await phone.page.locator(".found").get_by_role("button", name="Anna").click()
    await phone.page.get_by_label("Text", exact=True).fill("Please come to bed 12.")
    wrong += await seen(f"{theme}-7-compose")
    await phone.open("Status")
    await expect(phone.page.get_by_text("You are available.")).to_be_visible()
    await phone.page.get_by_label("busy").check()
    wrong += await seen(f"{theme}-8-status")
    await phone.open("More")
    await expect(phone.page.get_by_role("heading", name="Test my alerts")).to_be_visible()
    wrong += await seen(f"{theme}-9-more")
    await phone.page.get_by_role("link", name="See my devices").click()
    await expect(phone.page.get_by_text("Let in since")).to_be_visible()
    wrong += await seen(f"{theme}-9-devices")
    await phone.open("More")
    await phone.page.get_by_role("link", name="Set quiet hours").click()
    await expect(phone.page.locator("li.rung")).to_have_count(4)
    wrong += await seen(f"{theme}-9-quiet")
    await phone.open("More")
    await phone.button("Set a passcode").click()
    await phone.page.get_by_label("New passcode").fill("274613")
    await phone.page.locator("form").get_by_role("button", name="Set a passcode").click()
    await phone.button("Lock now").click()
    await expect(phone.page.get_by_role("heading", name="Locked")).to_be_visible()
    wrong += await seen(f"{theme}-10-locked")
    assert wrong == []
    assert phone.errors == []


async def test_a_german_house_reads_german(ward: Ward) -> None:
    """The language is the browser's until somebody chooses another; the choice is kept."""
    phone = await ward.enrolled("Dora")
    await phone.open("More")
    await phone.page.get_by_label("Language").select_option("de")
    await phone.page.get_by_label("Darstellung").select_option("night")
    await phone.open("Eingang")
    await ward.page_to(phone, "Bett 12, bitte.")
    await expect(phone.row("Bett 12, bitte.").get_by_role("button", name="Annehmen")).to_be_visible()
    await phone.page.reload()
    await expect(phone.row("Bett 12, bitte.")).to_contain_text("HOCH")
    await phone.picture("german-night")


async def test_a_new_row_does_not_move_what_a_finger_is_on(ward: Ward) -> None:
    """While somebody touches the list a new message is counted above it; it takes its place when they let go."""
    phone = await ward.enrolled("Eva")
    await ward.page_to(phone, "First", priority="low")
    first = phone.row("First")
    await expect(first).to_be_visible()
    await first.hover()
    before = await first.bounding_box()
    await phone.page.mouse.move(200, (before or {"y": 0})["y"] + 20)
    await ward.page_to(phone, "Second", priority="high")
    fresh = phone.button("1 new message")
    await expect(fresh).to_be_visible()
    assert before is not None
    after = await first.bounding_box()
    assert after is not None
    assert abs(after["y"] - before["y"]) < 1
    await fresh.click()
    await expect(phone.page.locator("li.item").first).to_contain_text("Second")


async def test_sounds_are_blocked_until_somebody_taps(ward: Ward) -> None:
    """After a reload nothing may sound, and the app says so all the time; one tap lets it be heard."""
    phone = await ward.enrolled("Frank")
    await expect(phone.button("Sounds on")).to_be_visible()
    await phone.page.reload()
    await phone.live()
    await expect(phone.button("Sounds blocked")).to_be_visible()
    await phone.button("Sounds blocked").click()
    await expect(phone.button("Sounds on")).to_be_visible()


async def test_the_test_of_alerts_times_each_step(ward: Ward) -> None:
    """Somebody sends themselves a test and sees when the site had it, and when it was here."""
    phone = await ward.enrolled("Grace")
    await phone.open("More")
    await phone.button("Send me a test").click()
    await expect(phone.page.get_by_text("Arrived on this device after")).to_be_visible()
    await expect(phone.page.get_by_text("Stored by the site after")).to_be_visible()
    await expect(phone.page.get_by_text("The site knows that it arrived")).to_be_visible()
    await expect(phone.page.get_by_text("It rings now")).to_be_visible()
    await phone.button("I hear it").click()
    await expect(phone.page.get_by_text("You are reachable.")).to_be_visible()
    await phone.picture("test-of-alerts")
    await phone.open("Inbox")
    await expect(phone.page.locator("li.item")).to_contain_text("TEST")


async def test_a_status_is_set_with_who_covers(ward: Ward) -> None:
    """Off without anybody who covers cannot be saved; with Anna it is, and is what the app then says."""
    phone = await ward.enrolled("Heidi")
    await phone.open("Status")
    await expect(phone.page.get_by_text("You are available.")).to_be_visible()
    await phone.page.get_by_label("off", exact=True).check()
    await expect(phone.button("Save")).to_be_disabled()
    await phone.page.get_by_label("Who covers").fill("anna")
    await phone.page.locator(".found").get_by_role("button", name="Anna").click()
    await phone.button("Save").click()
    await expect(phone.page.get_by_text("You are off.")).to_be_visible()
