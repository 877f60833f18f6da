"""The clinician's app in words that no language has: each view on a narrow phone, and nothing is cut."""

from __future__ import annotations

import pytest
from playwright.async_api import ViewportSize, expect

from tests.web.ground import PHONE, SCREENS, Ward
from tests.web.pseudo import look
from wardwire.flow.statement import Responses

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.needs_chromium, pytest.mark.needs_webapp]
DATA = (
    "Anna", "Eva", "Bed 12, please.", "Busy", "English", "Deutsch", "web/1",
    "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "AM", "PM",  # as the browser writes them
)  # fmt: skip
VIEWS = ("inbox", "new", "directory", "status", "more", "more/devices", "more/quiet")
NARROW: ViewportSize = {"width": 320, "height": PHONE["height"]}


async def test_no_word_of_the_app_is_cut_and_each_stands_in_the_catalogue(ward: Ward) -> None:
    """H224: from the code to each view, at 320 pixels, the width that WCAG 1.4.10 asks for."""
    eva = await ward.browser_of("Eva", viewport=NARROW)
    await eva.page.goto(f"{ward.front.url}/?pseudo#enrol={await ward.code(eva.person)}")
    code = await eva.page.locator("input").first.input_value()
    await look(eva.page, (*DATA, code))
    await eva.page.locator("button.first").click()
    await expect(eva.page.locator("ol.steps")).to_be_visible()
    await look(eva.page, DATA)
    await eva.page.locator("main > button.first").click()
    await eva.live()
    message = await ward.page_to(eva, "Bed 12, please.", responses=Responses(accept_decline=True, choices=("Busy",)))
    await expect(eva.page.locator("li.item")).to_be_visible()
    for view in VIEWS:
        await eva.page.goto(f"{ward.front.url}/?pseudo#/{view}")
        await expect(eva.page.locator("main h1")).to_be_attached()
        if view == "more/devices":
            await expect(eva.page.locator("ul.devices li")).to_be_visible()
        if view == "more/quiet":
            await expect(eva.page.locator("li.rung")).to_have_count(4)
        await look(eva.page, DATA)
        await eva.page.screenshot(path=SCREENS / f"pseudo-{view.replace('/', '-')}.png")
    await eva.page.goto(f"{ward.front.url}/?pseudo#/message/{message}")
    await expect(eva.page.get_by_text("Bed 12, please.")).to_be_visible()
    await look(eva.page, DATA)
    await eva.page.screenshot(path=SCREENS / "pseudo-message.png")
