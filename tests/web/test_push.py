"""Web Push at the browser's side: what the worker shows of what is pushed, and what the app says of a closed one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.async_api import expect

from tests.web.ground import PATIENCE_MS, Phone, Ward

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.needs_chromium, pytest.mark.needs_webapp]

SHOWN = "navigator.serviceWorker.ready.then(r => r.getNotifications()).then(all => all.map(n => [n.tag, n.body]))"


async def pusher(phone: Phone) -> Any:
    """What pushes to the worker of a phone, as a push service would."""
    session = await phone.context.new_cdp_session(phone.page)
    registrations: list[dict[str, Any]] = []
    session.on("ServiceWorker.workerRegistrationUpdated", lambda said: registrations.extend(said["registrations"]))
    await session.send("ServiceWorker.enable")
    await phone.page.evaluate("navigator.serviceWorker.ready.then(() => 1)")

    async def push(data: str) -> None:
        await phone.page.evaluate(
            "navigator.serviceWorker.ready.then(r => r.getNotifications()).then(all => all.forEach(n => n.close()))"
        )
        while not registrations:
            await phone.page.wait_for_timeout(50)
        await session.send(
            "ServiceWorker.deliverPushMessage",
            {"origin": phone.ward.front.url, "registrationId": registrations[-1]["registrationId"], "data": data},
        )

    return push


async def shown(phone: Phone, tag: str, body: str) -> None:
    """Wait until a notification says this, and nothing more."""
    await phone.page.wait_for_function(
        f"([tag, body]) => {SHOWN}.then(all => all.some(one => one[0] === tag && one[1] === body))",
        arg=[tag, body],
        timeout=PATIENCE_MS,
    )


async def test_what_is_pushed_is_told_in_plain_words_and_nothing_else(ward: Ward) -> None:
    """H284: of a message that is here, of one that is not, and of what is none; a name in it is never shown."""
    ben = await ward.enrolled("Ben")
    message = await ward.page_to(ben, "Potassium 6.9, Mrs. Smith")
    await expect(ben.row("Potassium")).to_be_visible()
    push = await pusher(ben)
    secret = {"text": "Mrs. Smith", "sender": "Mrs. Smith", "title": "Mrs. Smith"}
    await push(json.dumps({"id": message, "priority": "low", "level": "priority", **secret}))
    await shown(ben, message, "HIGH priority message.")
    other = f"msg_{'0' * 32}"
    await push(json.dumps({"id": other, "priority": "medium", "level": "priority", **secret}))
    await shown(ben, other, "A message is waiting. MEDIUM priority message.")
    await push(json.dumps({"id": other, "priority": "<b>", "level": "sender", **secret}))
    await shown(ben, other, "A message is waiting.")
    await push(json.dumps({"id": message, "level": "nothing", **secret}))
    await shown(ben, message, "New message")
    for broken in ("", "Mrs. Smith", "[]", "null", '{"id":"../Mrs. Smith"}'):
        await push(broken)
        await shown(ben, "wardwire", "A message is waiting.")
    await ben.row("Potassium").get_by_role("button", name="Accept").click()
    await expect(ben.row("Potassium")).to_contain_text("You accepted")
    await ben.open("More")
    await ben.page.get_by_label("Language").select_option("de")
    await push(json.dumps({"id": message, "priority": "high"}))
    await shown(ben, message, "Sie ist beantwortet oder vorbei.")
    assert "Smith" not in json.dumps(await ben.page.evaluate(SHOWN))
    assert ben.errors == []


async def test_an_app_that_nothing_wakes_says_so(ward: Ward) -> None:
    """Without a push service it is so for good, and said in the inbox; the site keeps no address of it."""
    eva = await ward.enrolled("Eva")
    await expect(eva.page.get_by_text("This browser cannot receive when it is closed")).to_be_visible()
    await eva.picture("closed")
    await eva.open("More")
    await expect(eva.page.get_by_text("no push service answers it")).to_be_visible()
    assert await ward.site.fetch("SELECT 1 FROM push_subscriptions") == []
    assert eva.errors == []
