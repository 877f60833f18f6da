"""What people look after themselves in the app: their devices and their tones; also while there is no network."""

from __future__ import annotations

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import expect

from tests.conformance.device_pair import make_device
from tests.web.ground import PATIENCE_MS, SCREENS, Phone, Ward
from tests.web.test_lock import EVA
from wardwire.client.card import Card
from wardwire.client.device import Device
from wardwire.devices.frames import OrderFrame
from wardwire.directory.desk import DirectoryDesk
from wardwire.directory.device_settings import set_layer
from wardwire.model import ids
from wardwire.model.device_settings import Scope, Value

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.needs_chromium, pytest.mark.needs_webapp]

KEPT = "caches.keys().then(async names => (await Promise.all(names.map(async name => (await (await caches.open(name)).keys()).map(one => one.url)))).flat())"  # noqa: E501


async def whole(phone: Phone, name: str) -> None:
    """Keep a picture of the whole screen."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    await phone.page.screenshot(path=SCREENS / f"{name}.png", full_page=True)


async def state_of(ward: Ward, card: Card) -> tuple[bool, str]:
    """Whether a device is revoked, and what it is ordered."""
    device_id = ids.read_id(ids.DEVICE, card.place.device)
    [row] = await ward.site.fetch("SELECT revoked_at, ordered FROM devices WHERE id = $1", device_id)
    return row["revoked_at"] is not None, row["ordered"]


async def test_a_lost_device_is_reported_from_another_one(ward: Ward) -> None:
    """H280: Dr. Chen sees her devices, reports the tablet, removes the old phone, and last this one."""
    chen = await ward.enrolled("Dr. Chen")
    tablet = await ward.site.enrol(chen.person, "The tablet")
    old = await ward.site.enrol(chen.person, "An old phone")
    orders: list[OrderFrame] = []
    device: Device = make_device(tablet, on_order=orders.append)
    await ward.stack.enter_async_context(device)
    await chen.open("More")
    await chen.page.get_by_role("link", name="See my devices").click()
    rows = chen.page.locator("ul.devices li")
    await expect(rows).to_have_count(3)
    await expect(rows.filter(has_text="This device")).to_contain_text("My phone")
    await expect(rows.filter(has_text="This device").get_by_role("button")).to_have_count(0)
    await whole(chen, "devices")
    await chen.button("The tablet is lost").click()
    await expect(rows.filter(has_text="The tablet")).to_contain_text("put out at once")
    await whole(chen, "devices-lost-sure")
    await chen.button("Report it lost now").click()
    await expect(chen.page.get_by_text("The tablet was reported lost at")).to_be_visible()
    await expect(chen.page.get_by_role("heading", name="Lost devices")).to_be_visible()
    assert await state_of(ward, tablet) == (True, "wipe")
    await ward.site.refresh()
    await chen.button("Remove An old phone").click()
    await chen.button("Remove it now").click()
    await expect(chen.page.get_by_text("An old phone was removed at")).to_be_visible()
    await whole(chen, "devices-lost")
    assert await state_of(ward, old) == (True, "")
    async with ward.site.pool.acquire() as connection:
        own = await connection.fetchval(
            "SELECT id FROM devices WHERE person_id = $1 AND revoked_at IS NULL", chen.person
        )
    await chen.open("More")
    await chen.button("Remove this device").click()
    await chen.button("Remove it now").click()
    await expect(chen.button("Add device")).to_be_visible()
    [row] = await ward.site.fetch("SELECT revoked_why FROM devices WHERE id = $1", own)
    assert row["revoked_why"] == "removed by its person"  # the app waits for its answer before it forgets itself
    assert chen.errors == []


async def test_tones_are_the_persons_where_the_site_has_not_locked_them(ward: Ward) -> None:
    """H282: what is locked is said; nobody makes a priority silent here, of which the site would not know."""
    ben = await ward.enrolled("Ben")
    desk = DirectoryDesk(ward.site.ledger, ward.site.clock)
    layer: dict[str, Value] = {"tone.high": "alarm", "repeat_s.high": 20}
    await set_layer(desk, EVA, Scope.SITE, None, layer, ["tone.high", "repeat_s.high"])
    await ward.site.refresh()
    await ben.open("More")
    high = ben.page.locator("ul.settings li").filter(has_text="HIGH")
    await expect(high).to_contain_text("Alarm (set by hospital)")
    await expect(high).to_contain_text("again every 20 s until you answer (set by hospital)")
    await expect(high.get_by_role("combobox")).to_have_count(0)
    medium = ben.page.get_by_label("Tone for MEDIUM")
    await medium.select_option("soft")
    await expect(medium.locator("option")).to_have_text(["Alarm", "Urgent", "Chime", "Soft"])
    await ben.button("Play MEDIUM").click()
    await whole(ben, "more")
    await ben.page.reload()
    await ben.live()
    await ben.open("More")
    await expect(ben.page.get_by_label("Tone for MEDIUM")).to_have_value("soft")
    await set_layer(desk, EVA, Scope.SITE, None, {})
    await ward.site.refresh()
    await expect(ben.page.get_by_label("Tone for HIGH")).to_have_value("urgent")
    assert ben.errors == []


async def test_quiet_hours_are_set_and_tried_before(ward: Ward) -> None:
    """H281: Eva sees what would ring at two, and saves; a low message then comes without a sound."""
    eva = await ward.enrolled("Eva", timezone_id="America/Chicago")
    await eva.open("More")
    await eva.page.get_by_role("link", name="Set quiet hours").click()
    await expect(eva.page.get_by_text("You have no quiet hours.")).to_be_visible()
    lines = eva.page.locator("li.rung")
    await expect(lines.filter(has_text="LOW")).to_contain_text("does not ring: app your quiet hours")
    await expect(lines.filter(has_text="MEDIUM")).to_contain_text("rings: app as your hospital has it")
    await eva.page.get_by_label("MEDIUM", exact=True).check()
    await expect(lines.filter(has_text="MEDIUM")).to_contain_text("does not ring: app your quiet hours")
    await eva.page.get_by_label("For a message at").fill("12:00")
    await expect(lines.filter(has_text="LOW")).to_contain_text("rings: app as your hospital has it")
    await expect(lines.filter(has_text="CODE")).to_contain_text("rings: app as your hospital has it")
    await whole(eva, "quiet")
    now = ward.site.clock.now().astimezone(ZoneInfo("America/Chicago"))
    await eva.page.get_by_label("From").fill(f"{now - timedelta(minutes=30):%H:%M}")
    await eva.page.get_by_label("To", exact=True).fill(f"{now + timedelta(minutes=60):%H:%M}")
    await eva.button("Save").click()
    await expect(eva.page.get_by_text("Saved at")).to_be_visible()
    [row] = await ward.site.fetch("SELECT profiles, zone FROM preferences WHERE owner = $1", eva.person)
    assert (row["zone"], '"quiet":true' in row["profiles"].replace(" ", "")) == ("America/Chicago", True)
    await ward.site.refresh()
    await eva.open("Inbox")
    await ward.page_to(eva, "The list for tomorrow", priority="low")
    await ward.page_to(eva, "Come at once", priority="high")
    await expect(eva.row("Come at once")).to_have_class(re.compile("rings"))
    await expect(eva.row("The list for tomorrow")).not_to_have_class(re.compile("rings"))
    await eva.page.goto(f"{ward.front.url}/#/more/quiet")
    await eva.button("Have none").click()
    await expect(eva.page.get_by_text("You have no quiet hours since")).to_be_visible()
    assert eva.errors == []


async def test_the_settings_open_without_a_network(ward: Ward) -> None:
    """Nobody had opened them before: they are kept with the app; what needs the site says so."""
    dora = await ward.enrolled("Dora")
    await dora.page.wait_for_function(f"{KEPT}.then(all => all.some(one => one.includes('/assets/more-')))")
    await dora.page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    ward.front.cut()
    try:
        await dora.page.reload()
        await expect(dora.page.locator(".link.away, .link.connecting")).to_be_visible()
        await dora.open("More")
        await dora.page.get_by_label("Language").select_option("de")
        await dora.page.get_by_role("link", name="Meine Geräte ansehen").click()
        await expect(dora.page.get_by_role("alert")).to_contain_text("rufen Sie die Vermittlung an")
        await whole(dora, "devices-away-german")
    finally:
        ward.front.restore()
    await expect(dora.page.get_by_text("Dieses Gerät", exact=True)).to_be_visible(timeout=PATIENCE_MS)
    await whole(dora, "devices-german")
    await dora.page.goto(f"{ward.front.url}/#/more/quiet")
    await expect(dora.page.get_by_text("Ihre Ruhezeiten", exact=True).first).to_be_visible()
    await whole(dora, "quiet-german")
    await dora.page.goto(f"{ward.front.url}/#/more")
    await expect(dora.page.get_by_role("heading", name="Mehr")).to_be_visible()
    await whole(dora, "more-german")
