"""The app's lock: what is kept is sealed; a locked device hears, rings and says no more than the site allows."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.web.disk import everything, until_draft, until_kept
from tests.web.ground import PATIENCE_MS, Phone, Ward
from tests.web.test_app import device_of, responses_to, until
from wardwire.directory.desk import DirectoryDesk
from wardwire.directory.device_settings import set_layer
from wardwire.flow.statement import Responses
from wardwire.model.device_settings import Scope, Value
from wardwire.model.rights import DIRECTORY, Caller

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.needs_chromium, pytest.mark.needs_webapp]

EVA = Caller(source="test", scopes=frozenset({DIRECTORY}))
PASSCODE = "274613"
FINGER = {
    "protocol": "ctap2", "ctap2Version": "ctap2_1", "transport": "internal", "hasResidentKey": True,
    "hasUserVerification": True, "isUserVerified": True, "hasPrf": True, "automaticPresenceSimulation": True,
}  # fmt: skip


async def set_for(phone: Phone, **values: Value) -> None:
    """Set this device, and wait until it knows."""
    site = phone.ward.site
    written = {key.replace("__", "."): value for key, value in values.items()}
    desk = DirectoryDesk(site.ledger, site.clock)
    await set_layer(desk, EVA, Scope.DEVICE, await device_of(phone), written)
    await site.refresh()
    site.doorway.directory_changed()
    await until_kept(
        phone.page, "state", "settings", lambda there: bool(there) and written.items() <= there["values"].items()
    )


async def guard(phone: Phone, passcode: str = PASSCODE) -> None:
    """Set a passcode, as somebody does."""
    await phone.open("More")
    await phone.button("Set a passcode").click()
    await phone.page.get_by_label("New passcode").fill(passcode)
    await phone.page.locator("form").get_by_role("button", name="Set a passcode").click()
    await expect(phone.button("Lock now")).to_be_visible()


async def lock(phone: Phone) -> None:
    """Lock it now."""
    await phone.open("More")
    await phone.button("Lock now").click()
    await expect(phone.page.get_by_role("heading", name="Locked")).to_be_visible()


async def unlock(page: Page, passcode: str = PASSCODE) -> None:
    """Type a passcode."""
    await page.get_by_label("Passcode").fill(passcode)
    await page.get_by_role("button", name="Unlock", exact=True).click()


async def test_a_locked_app_rings_and_says_no_more_than_the_site_allows(ward: Ward) -> None:
    """Neither the screen nor the disk tells what was said; the passcode brings it back."""
    ben = await ward.enrolled("Ben")
    await ward.page_to(ben, "Potassium six point nine", subject="Critical result")
    await expect(ben.row("Critical result")).to_be_visible()
    await ben.open("New")
    await ben.page.get_by_label("Text", exact=True).fill("A draft of mine")
    await until_draft(ben.page, "A draft of mine")
    await guard(ben)
    await lock(ben)
    await ward.page_to(ben, "Bed twelve is arresting", patient="Jane Roe")
    await until(ward, ben.person, ["delivered", "delivered"])
    rows = ben.page.locator("li.item")
    await expect(rows).to_have_count(2)
    await expect(rows.first).to_contain_text("HIGH priority message. Response needed.")
    await expect(rows.first).to_have_class("item high rings")
    await ben.picture("locked")
    shown = await ben.page.content()
    disk = " ".join(await everything(ben.page))
    for secret in ("Potassium", "Critical result", "twelve", "Jane Roe", "Anna", "draft of mine"):
        assert secret not in shown, secret
        assert secret not in disk, secret
    assert "[key private true]" not in disk, "what opens it lies beside it"

    await unlock(ben.page, "111222")
    await expect(ben.page.get_by_role("alert")).to_contain_text("After 9 more wrong ones everything here is deleted.")
    await unlock(ben.page)
    await ben.open("Inbox")
    await expect(ben.row("Critical result")).to_be_visible()
    late = ben.row("Bed twelve is arresting")
    await expect(late).to_contain_text("From Anna")
    await late.get_by_role("button", name="Accept").click()
    await expect(late).to_contain_text("You accepted")
    await ben.open("New")
    await expect(ben.page.get_by_label("Text", exact=True)).to_have_value("A draft of mine")
    assert ben.errors == []


async def test_what_was_said_before_it_was_locked_is_sent(ward: Ward) -> None:
    """Also by an app that begins locked, where it says nothing of anybody; a text waits for the passcode."""
    chen = await ward.enrolled("Dr. Chen")
    await guard(chen)
    await chen.open("Inbox")
    await ward.page_to(chen, "One")
    await ward.page_to(chen, "Two", responses=Responses(free_text=True))
    await expect(chen.page.locator("li.item")).to_have_count(2)
    await until(ward, chen.person, ["delivered", "delivered"])
    await chen.page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    ward.front.cut()
    await chen.row("One").get_by_role("button", name="Accept").click()
    await expect(chen.row("One")).to_contain_text("waiting to be sent")
    await chen.row("Two").get_by_role("button", name="Reply").click()
    await chen.page.get_by_label("Your reply").fill("Give him calcium")
    await chen.row("Two").locator("form").get_by_role("button", name="Reply").click()
    await expect(chen.row("Two")).to_contain_text("waiting to be sent")
    assert "calcium" not in " ".join(await everything(chen.page))
    await chen.page.reload()
    await expect(chen.page.get_by_text("1 message of yours waits here.")).to_be_visible()
    ward.front.restore()
    await until(ward, chen.person, ["accepted", "delivered"])
    await chen.picture("locked-waiting")
    await unlock(chen.page)
    await until(ward, chen.person, ["accepted", "answered"])
    await expect(chen.row("Two")).to_contain_text("You answered: Give him calcium")
    await expect(chen.row("One")).to_contain_text("You accepted")


async def test_too_many_wrong_passcodes_empty_it(ward: Ward) -> None:
    """As many as the site says, counted across a reload; nothing is left, and the face says why."""
    eva = await ward.enrolled("Eva")
    await ward.page_to(eva, "Something")
    await guard(eva)
    await set_for(eva, wipe_after_wrong=3)
    await lock(eva)
    await unlock(eva.page, "one wrong")
    await expect(eva.page.get_by_role("alert")).to_contain_text("After 2 more")
    await eva.page.reload()
    await unlock(eva.page, "two wrong")
    await expect(eva.page.get_by_role("alert")).to_contain_text("After 1 more")
    await unlock(eva.page, "three wrong")
    await expect(eva.page.get_by_text("Too many wrong passcodes: everything on it was deleted.")).to_be_visible()
    await eva.picture("wiped")
    assert [one for one in await everything(eva.page) if "passcode" not in one] == []


async def test_it_locks_itself_and_every_tab(ward: Ward) -> None:
    """After the site's time without a touch, in both tabs; opening one opens the other. A site may want that."""
    dora = await ward.enrolled("Dora")
    await set_for(dora, passcode="required", lock_after_s=600)
    await expect(dora.page.get_by_text("Your hospital wants a passcode on this device.")).to_be_visible()
    await dora.picture("must-guard")
    await dora.page.get_by_label("New passcode").fill("123456")
    await dora.button("Set a passcode").click()
    await expect(dora.page.get_by_role("alert")).to_contain_text("too easy to guess")
    await dora.page.get_by_label("New passcode").fill(PASSCODE)
    await dora.button("Set a passcode").click()
    await expect(dora.page.get_by_text("No messages yet.")).to_be_visible()
    second = await dora.context.new_page()
    second.set_default_timeout(PATIENCE_MS)
    await second.goto(ward.front.url)
    await expect(second.get_by_text("No messages yet.")).to_be_visible()  # the first has let it in
    locked: Any = {"role": "heading", "name": "Locked"}
    await dora.page.evaluate("() => { const now = Date.now; Date.now = () => now() + 601_000; }")
    for page in (dora.page, second):
        await expect(page.get_by_role(**locked)).to_be_visible()
    await unlock(second)
    for page in (dora.page, second):
        await expect(page.get_by_text("No messages yet.")).to_be_visible()
    assert await responses_to(ward, dora.person) == []


async def test_a_finger_opens_what_the_passcode_opens(ward: Ward) -> None:
    """H289: also after a reload; another finger needs the passcode, and the disk tells a thief no more."""
    frank = await ward.enrolled("Frank")
    line = await frank.context.new_cdp_session(frank.page)
    await line.send("WebAuthn.enable")
    finger = await line.send("WebAuthn.addVirtualAuthenticator", {"options": FINGER})
    await ward.page_to(frank, "Potassium six point nine")
    await guard(frank)
    await frank.page.get_by_text("Also unlock by finger or face").click()
    for passcode, told in (("111222", "After 9 more wrong ones"), (PASSCODE, "your finger or face opens it, too")):
        await frank.page.get_by_label("Passcode", exact=True).fill(passcode)
        await frank.button("Ask this device").click()
        await expect(frank.page.get_by_text(told)).to_be_visible()
    await frank.picture("passkey")
    await lock(frank)
    await frank.page.reload()
    await frank.button("Unlock by finger or face").click()
    await frank.open("Inbox")
    await expect(frank.row("Potassium six point nine")).to_be_visible()
    await lock(frank)
    assert "[key private true]" not in " ".join(await everything(frank.page))
    verified = {"authenticatorId": finger["authenticatorId"], "isUserVerified": False}
    await line.send("WebAuthn.setUserVerified", verified)
    await frank.button("Unlock by finger or face").click()
    await expect(frank.page.get_by_role("alert")).to_contain_text("Use the passcode.")
    await frank.picture("passkey-locked")
    await unlock(frank.page)
    await frank.open("Inbox")
    await expect(frank.row("Potassium six point nine")).to_be_visible()
    assert frank.errors == []
