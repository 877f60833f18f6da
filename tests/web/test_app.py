"""What a clinician does with the app: enrol, hear, answer, be away and come back; nothing lost, nothing twice."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest
from playwright.async_api import expect

from tests.conformance.device_pair import make_device
from tests.ward import OPERATOR
from tests.web.disk import until_draft
from tests.web.ground import PATIENCE_MS, Phone, Ward
from wardwire.flow.statement import Responses
from wardwire.model import ids

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.needs_chromium, pytest.mark.needs_webapp]


async def responses_to(ward: Ward, person: object) -> list[str]:
    """What the site has stored of somebody's answers, oldest first."""
    rows = await ward.site.fetch("SELECT state FROM deliveries WHERE person_id = $1 ORDER BY message_id", person)
    return [row["state"] for row in rows]


async def until(ward: Ward, person: object, states: list[str]) -> None:
    """Wait until somebody's deliveries stand like this."""
    stand: list[str] = []
    try:
        async with asyncio.timeout(PATIENCE_MS / 1_000):
            while (stand := await responses_to(ward, person)) != states:  # noqa: ASYNC110
                await asyncio.sleep(0)  # what it waits for happens on another connection
    except TimeoutError:
        raise AssertionError(f"they stand {stand}, not {states}") from None


async def test_enrol_hear_and_answer(ward: Ward) -> None:
    """Ben opens the link, is reachable, accepts Anna's page in its row; the site has it; Undo takes it back."""
    ben = await ward.enrolled("Ben")
    await expect(ben.page.get_by_text("No messages yet.")).to_be_visible()
    await ward.page_to(ben, "Bed 12, please.", callback="4417")
    row = ben.row("Bed 12, please.")
    await expect(row).to_contain_text("HIGH")
    await expect(row).to_contain_text("From Anna")
    await until(ward, ben.person, ["delivered"])
    await row.get_by_role("button", name="Accept").click()
    await expect(row).to_contain_text("You accepted")
    await until(ward, ben.person, ["accepted"])
    await row.get_by_role("button", name="Undo").click()
    await expect(row.get_by_role("button", name="Accept")).to_be_visible()
    await until(ward, ben.person, ["read"])
    assert ben.errors == []


async def test_a_message_that_is_open_for_a_second_is_read(ward: Ward) -> None:
    """Dr. Chen opens a message with a choice to make, reads it, and chooses."""
    chen = await ward.enrolled("Dr. Chen")
    await ward.page_to(chen, "Potassium 6.9", responses=Responses(choices=("On my way", "Busy")))
    await chen.row("Potassium 6.9").get_by_role("button", name="Potassium 6.9").click()
    await until(ward, chen.person, ["read"])
    await chen.button("On my way").click()
    await expect(chen.page.get_by_text("You answered: On my way")).to_be_visible()
    await until(ward, chen.person, ["answered"])


async def test_answers_wait_while_the_site_is_away(ward: Ward) -> None:
    """Four answers while the radio is gone wait on the disk, outlive a reload, and are said once each afterwards."""
    eva = await ward.enrolled("Eva")
    for nth in range(4):
        await ward.page_to(eva, f"Question {nth}", id=f"eva-{nth}")
    await expect(eva.page.locator("li.item")).to_have_count(4)
    await until(ward, eva.person, ["delivered"] * 4)
    ward.front.cut()
    await expect(eva.page.get_by_text("Offline", exact=True)).to_be_visible()
    for nth in range(4):
        await eva.row(f"Question {nth}").get_by_role("button", name="Accept").click()
    await expect(eva.page.get_by_text("Accept: waiting to be sent")).to_have_count(4)
    await eva.picture("offline")
    await eva.page.reload()
    await expect(eva.page.get_by_text("Accept: waiting to be sent")).to_have_count(4)
    assert await responses_to(ward, eva.person) == ["delivered"] * 4
    ward.front.restore()
    await eva.live()
    await expect(eva.page.get_by_text("You accepted")).to_have_count(4)
    await until(ward, eva.person, ["accepted"] * 4)
    assert eva.errors == []


async def test_what_came_while_away_is_there_once(ward: Ward) -> None:
    """What was sent while the phone was gone is shown once, and confirmed; so is what it had before."""
    dora = await ward.enrolled("Dora")
    await ward.page_to(dora, "Before")
    await expect(dora.row("Before")).to_be_visible()
    ward.front.cut()
    await ward.page_to(dora, "Meanwhile")
    ward.front.restore()
    await expect(dora.row("Meanwhile")).to_have_count(1)
    await expect(dora.row("Before")).to_have_count(1)
    await until(ward, dora.person, ["delivered", "delivered"])


async def test_a_second_tab_follows_the_first(ward: Ward) -> None:
    """Two tabs are one device: both show a message, the second answers it, and takes over when the first goes."""
    okafor = await ward.enrolled("Dr. Okafor")
    second = await okafor.context.new_page()
    await second.goto(ward.front.url)
    await expect(second.locator(".link.live")).to_be_visible()
    await ward.page_to(okafor, "Consult, please")
    await expect(okafor.row("Consult, please")).to_be_visible()
    there = second.locator("li.item", has_text="Consult, please")
    await there.get_by_role("button", name="Accept").click()
    await expect(there).to_contain_text("You accepted")
    await expect(okafor.row("Consult, please")).to_contain_text("You accepted")
    await okafor.page.close()
    await ward.page_to(okafor, "Once more")
    await expect(second.locator("li.item", has_text="Once more")).to_be_visible()
    await until(ward, okafor.person, ["accepted", "delivered"])
    replaced = await ward.site.facts("SessionReplaced")
    assert [fact for fact in replaced if okafor.to in str(dict(fact))] == []


async def test_a_message_is_written_and_its_way_is_seen(ward: Ward) -> None:
    """Who will get it stands on the button, and that nothing reaches him; what was begun outlives a reload."""
    mallory = await ward.enrolled("Mallory")
    frank = await ward.site.add_person("Frank Nurse")
    await mallory.open("New")
    await mallory.page.get_by_label("To", exact=True).fill("frank")
    await mallory.page.locator(".found").get_by_role("button", name="Frank Nurse").click()
    await mallory.page.get_by_label("Text", exact=True).fill("Pump in room 4 is empty.")
    await expect(mallory.page.get_by_text("Frank Nurse cannot be reached on any device now.")).to_be_visible()
    await until_draft(mallory.page, "Pump in room 4 is empty.")
    await mallory.page.reload()
    await expect(mallory.button("Send to Frank Nurse")).to_be_enabled()
    await mallory.button("Send to Frank Nurse").click()
    row = mallory.row("Pump in room 4 is empty.")
    await expect(row).to_contain_text("To Frank Nurse")
    await expect(row).to_contain_text("not reached")
    await until(ward, frank, ["unreachable"])


async def test_a_used_code_is_refused_in_plain_words(ward: Ward) -> None:
    """A wrong code says what to do, and so does one that was used; the same page takes the right one."""
    grace = await ward.browser_of("Grace")
    await grace.page.goto(ward.front.url)
    await grace.page.get_by_label("Code", exact=True).fill("23456-789AB")
    await grace.button("Add device").click()
    await expect(grace.page.get_by_role("alert")).to_have_text("This code is not valid. Ask for another one.")
    code = await ward.code(grace.person)
    await grace.page.get_by_label("Code", exact=True).fill(code)
    await grace.button("Add device").click()
    await expect(grace.page.get_by_text("You are reachable, Grace.")).to_be_visible()
    other = await ward.browser_of("Mallory who has seen it")
    await other.page.goto(f"{ward.front.url}/#enrol={code}")
    await other.button("Add device").click()
    await expect(other.page.get_by_role("alert")).to_contain_text("Ask for another one.")


async def device_of(phone: Phone) -> UUID:
    """The id of a browser as a device."""
    written = await phone.page.evaluate(
        "new Promise(r => indexedDB.open('wardwire').onsuccess = e => e.target.result.transaction('device')"
        ".objectStore('device').get('card').onsuccess = e => r(e.target.result.device))"
    )
    return ids.read_id(ids.DEVICE, written)


async def test_a_revoked_device_forgets_everything(ward: Ward) -> None:
    """Revoked while it is connected: keys and messages are gone from the disk, and the screen says why."""
    heidi = await ward.enrolled("Heidi")
    await ward.page_to(heidi, "A secret")
    await expect(heidi.row("A secret")).to_be_visible()
    await ward.site.registration().revoke(OPERATOR, await device_of(heidi), "lost")
    await expect(heidi.page.get_by_text("It was removed: by you on another device")).to_be_visible()
    await heidi.picture("revoked")
    left = await heidi.page.evaluate(
        "new Promise(r => indexedDB.open('wardwire').onsuccess = e => { const t = e.target.result.transaction(["
        "'device', 'messages', 'outbox']); let n = 0; for (const s of t.objectStoreNames) t.objectStore(s).count()"
        ".onsuccess = c => { n += c.target.result; }; t.oncomplete = () => r(n); })"
    )
    assert left == 0
    await heidi.page.reload()
    await expect(heidi.page.get_by_text("It was removed: by you on another device")).to_be_visible()


async def test_a_device_that_was_revoked_while_away_says_what_was_not_sent(ward: Ward) -> None:
    """It is not let in any more: the person is told so, and that their answer still waits; it is never sent."""
    judy = await ward.enrolled("Judy")
    await ward.page_to(judy, "Are you there?")
    row = judy.row("Are you there?")
    await expect(row).to_be_visible()
    await until(ward, judy.person, ["delivered"])
    ward.front.cut()
    await row.get_by_role("button", name="Accept").click()
    await expect(row).to_contain_text("waiting to be sent")
    await ward.site.registration().revoke(OPERATOR, await device_of(judy), "lost")
    ward.front.restore()
    told = judy.page.get_by_role("alert").filter(has_text="does not let this device in")
    await expect(told).to_contain_text("1 of your messages and answers wait here")
    await judy.picture("refused")
    assert await responses_to(ward, judy.person) == ["delivered"]


async def test_the_shell_opens_without_a_network(ward: Ward) -> None:
    """With the site gone a reload shows what the device has, says that it is old, and plays by the same rules."""
    ivan = await ward.enrolled("Ivan")
    await ward.page_to(ivan, "Kept here")
    await expect(ivan.row("Kept here")).to_be_visible()
    await ivan.page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    ward.front.cut()
    await ivan.page.reload()
    await expect(ivan.row("Kept here")).to_be_visible()
    await expect(ivan.page.get_by_text("What you see may be old")).to_be_visible()
    ward.front.restore()
    await ivan.live()


async def test_what_cannot_be_kept_is_not_confirmed(ward: Ward) -> None:
    """A message is seen while the disk is slow, and confirmed when it is there. While the storage is full the
    app says so and confirms nothing; with room again the message is there.
    """
    kim = await ward.enrolled("Kim")
    await kim.page.evaluate(
        "() => { window.slow = true; const put = IDBObjectStore.prototype.put;"
        " const hold = (store) => { if (window.slow) store.get('none').onsuccess = () => hold(store); };"
        " IDBObjectStore.prototype.put = function (...a) {"
        " const made = put.apply(this, a); if (this.name === 'messages') hold(this); return made; }; }"
    )
    await ward.page_to(kim, "Slow disk")
    await expect(kim.row("Slow disk")).to_have_count(1)
    nora = await ward.site.add_person("Nora")
    beside = make_device(await ward.site.enrol(nora))
    await beside.connect()
    await ward.anna.page([ids.write_id(ids.PERSON, nora)], "Beside", timeout_s=30)
    await until(ward, nora, ["delivered"])  # the site has heard whoever spoke before
    assert (await responses_to(ward, kim.person))[0] in ("pending", "unreachable")
    await kim.page.evaluate("window.slow = false")
    await until(ward, kim.person, ["delivered"])
    await beside.close()
    await kim.page.evaluate(
        "() => { window.full = true; const put = IDBObjectStore.prototype.put;"
        " IDBObjectStore.prototype.put = function (...a) {"
        " if (window.full && this.name === 'messages') throw new DOMException('full', 'QuotaExceededError');"
        " return put.apply(this, a); }; }"
    )
    await ward.page_to(kim, "No room")
    await expect(kim.page.get_by_text("This device can keep nothing")).to_be_visible()
    assert (await responses_to(ward, kim.person))[1] in ("pending", "unreachable")
    await kim.page.evaluate("window.full = false")
    await expect(kim.row("No room")).to_have_count(1)
    await until(ward, kim.person, ["delivered", "delivered"])
    await expect(kim.page.get_by_text("This device can keep nothing")).to_be_hidden()
