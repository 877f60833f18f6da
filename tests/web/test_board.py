"""The board on a wall: set up once, then without a hand. What runs, who has it; what is stale, what is a drill."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, ViewportSize, expect

from tests.conformance.device_pair import make_device
from tests.web.faces import look as look_at
from tests.web.ground import SCREENS, Phone, Ward
from tests.web.pseudo import look
from wardwire.client.device import Device
from wardwire.devices.register import revoke_device
from wardwire.model.policy import Step
from wardwire.model.priority import Priority
from wardwire.model.rights import WATCH

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.needs_chromium, pytest.mark.needs_webapp]
WALL: ViewportSize = {"width": 1920, "height": 1080}
WIDTHS = (390, 1024, 1920)
LONG = timedelta(hours=2)
DATA = ("4 West", "Nurse call", "Anna", "Ben", "Board", "Dr. Chen")


async def picture(page: Page, name: str) -> None:
    """Hold what is on the screen against axe, in each theme and width, and keep a screenshot for a person's eyes."""
    wrong = []
    for theme in ("light", "dark", "night"):

        async def keep(at: str, theme: str = theme) -> None:
            SCREENS.mkdir(parents=True, exist_ok=True)
            await page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
            await page.screenshot(path=SCREENS / f"board-{at}-{theme}.png")

        wrong += await look_at(page, name, theme, WIDTHS, keep, forced=True)
    assert wrong == []
    await page.set_viewport_size(WALL)


@dataclass
class Wall:
    """A board, and people who are called."""

    ward: Ward
    board: Phone
    ben: Device

    @property
    def page(self) -> Page:
        """What hangs on the wall."""
        return self.board.page

    async def alert(self, priority: Priority = Priority.HIGH, **fields: Any) -> str:
        """Anna calls by the policy."""
        stored = await self.ward.anna.page(
            (), "K+ 6.9", subject="Mr. Sample", policy="Nurse call", place="unit:4 West", priority=priority,
            timeout_s=60, force=True, **fields,
        )  # fmt: skip
        return stored.message


async def new_board(ward: Ward, name: str) -> Phone:
    """A browser for a wall, with the link of its code open."""
    board = await ward.browser_of(name, viewport=WALL, bypass_csp=True)
    await board.page.goto(f"{ward.front.url}/board.html#enrol={await ward.code(board.person)}&unit=4%20West")
    return board


async def give(ward: Ward, board: Phone, *scopes: str) -> None:
    """Say what a board may."""
    await ward.site._change("UPDATE people SET scopes = $3, version = $1 WHERE id = $2", board.person, list(scopes))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def wall(ward: Ward) -> AsyncIterator[Wall]:
    """A unit with a policy, Ben who is called, and a browser on the wall."""
    site = ward.site
    await site.add_unit("4 West")
    await site.add_policy("Nurse call", Step(("person:Ben",), LONG))
    ben = make_device(await site.enrol(await site.add_person("Ben")))
    await ben.connect()
    board = await new_board(ward, "Board")
    await give(ward, board, WATCH)
    await board.button("Start the board").click()
    await expect(board.page.get_by_text("No alerts are running here.")).to_be_visible()
    yield Wall(ward, board, ben)
    await ben.close()


async def test_a_board_follows_what_runs(wall: Wall) -> None:
    """H220: an alert from its beginning until somebody has it, without a hand; never what the alert says."""
    await expect(wall.page.get_by_text("No alerts are running here.")).to_be_visible()
    await picture(wall.page, "empty")
    high = await wall.alert()
    code = await wall.alert(Priority.CODE)
    rows = wall.page.locator("li.row")
    await expect(rows).to_have_count(2)
    await expect(rows.first).to_have_class(re.compile(r"\bred\b"))
    await expect(rows.first).to_contain_text("No answer yet")
    await expect(rows.first.locator(".cell.D")).to_contain_text("Ben")
    assert "K+" not in await wall.page.inner_text("body")
    assert "Sample" not in await wall.page.inner_text("body")
    await picture(wall.page, "code")
    await wall.ben.respond(code, "accept", timeout_s=60)
    await expect(rows.first).to_contain_text("Ben has it")
    await expect(rows.first).not_to_have_class(re.compile(r"\bred\b"))
    drill = await wall.alert(Priority.CODE, drill=True)
    await expect(wall.page.locator("li.row.drill")).to_contain_text("Drill")
    await expect(wall.page.locator(".banner.drill")).to_be_visible()
    await expect(wall.page.locator("li.row.red")).to_have_count(0)
    await picture(wall.page, "drill")
    for message in (high, code, drill):
        await wall.ward.anna.cancel(message, timeout_s=60)
    await expect(rows).to_have_count(0)
    assert wall.board.errors == []


async def test_a_board_and_a_phone_in_one_browser_are_two_devices(wall: Wall) -> None:
    """H301: neither waits for the other to be closed, and each gets what is its own person's."""
    ward = wall.ward
    eva = await ward.enrolled("Eva")
    person = await ward.site.add_person("Board at Eva's desk", scopes=[WATCH])
    page = await eva.context.new_page()
    await page.goto(f"{ward.front.url}/board.html#enrol={await ward.code(person)}&unit=4%20West")
    await page.get_by_role("button", name="Start the board").click()
    await expect(page.get_by_text("No alerts are running here.")).to_be_visible()
    await ward.page_to(eva, "To Eva herself.")
    await expect(eva.row("To Eva herself.")).to_be_visible()
    alert = await wall.alert()
    await expect(page.locator("li.row")).to_have_count(1)
    await ward.anna.cancel(alert, timeout_s=60)
    await expect(page.locator("li.row")).to_have_count(0)
    await eva.context.close()


async def test_a_board_that_is_not_fresh_says_so_loudly(wall: Wall) -> None:
    """H221: the cable was out, and the board showed the alerts of then. It says so, and is right again by itself."""
    message = await wall.alert()
    await expect(wall.page.locator("li.row")).to_have_count(1)
    wall.ward.front.cut()
    await expect(wall.page.locator(".banner.old")).to_contain_text("No connection since")
    await picture(wall.page, "stale")
    await wall.ward.anna.cancel(message, timeout_s=60)
    other = await wall.alert(Priority.MEDIUM)
    wall.ward.front.restore()
    await expect(wall.page.locator("li.row.medium")).to_have_count(1)
    await expect(wall.page.locator("li.row.high")).to_have_count(0)
    await expect(wall.page.locator(".banner.old")).to_have_count(0)
    await wall.page.reload()  # as after a power cut: it comes up by itself
    await expect(wall.page.locator("li.row.medium")).to_have_count(1)
    await wall.ward.anna.cancel(other, timeout_s=60)
    await expect(wall.page.locator("li.row")).to_have_count(0)


async def test_no_word_is_cut_and_each_stands_in_the_catalogue(wall: Wall) -> None:
    """H224: in another language the words are longer; a board on which they are cut is misread."""
    message = await wall.alert(Priority.CODE, drill=True)
    await wall.page.goto(f"{wall.ward.front.url}/board.html?pseudo")
    await expect(wall.page.locator("li.row")).to_have_count(1)
    for width in WIDTHS:
        await wall.page.set_viewport_size({"width": width, "height": 1080})
        await look(wall.page, DATA)
    await wall.page.screenshot(path=SCREENS / "board-pseudo.png")
    await wall.page.set_viewport_size(WALL)
    await wall.ward.anna.cancel(message, timeout_s=60)
    await wall.page.goto(f"{wall.ward.front.url}/board.html")
    await expect(wall.page.get_by_text("No alerts are running here.")).to_be_visible()


async def test_a_board_without_the_right_or_put_out_shows_nothing(wall: Wall) -> None:
    """H223: who may not watch is told why; a board that was put out shows no alert any more."""
    message = await wall.alert()
    site, board = wall.ward.site, await new_board(wall.ward, "Board 2")
    await picture(board.page, "enrol")
    await board.button("Start the board").click()
    await expect(board.page.get_by_role("alert")).to_contain_text("boards:watch")
    await picture(board.page, "refused")
    await give(wall.ward, board, WATCH)
    await board.button("Start again").click()
    await expect(board.page.locator("li.row")).to_have_count(1)
    [device] = site.people.directory.devices_of[board.person]
    await revoke_device(
        site.ledger, site.clock, device_id=device, why="lost", by="test", kick=site.system.kick,
        announce=lambda one: site.connection.publish("core.revoked", one.hex.encode()),
    )  # fmt: skip
    await expect(board.page.get_by_text("It was removed by an administrator.")).to_be_visible()
    await expect(board.page.locator("li.row")).to_have_count(0)
    await picture(board.page, "ended")
    await wall.ward.anna.cancel(message, timeout_s=60)
    await expect(wall.page.locator("li.row")).to_have_count(0)


async def test_thousands_of_alerts_stay_live(built_pages: str, wall: Wall) -> None:
    """H222: of 5,000 alerts 50 change each second: the page holds those near the screen, and hears each key."""
    page = await wall.board.context.new_page()
    await page.goto(f"{built_pages}/board.html")
    await page.evaluate("fill(5000)")
    assert await page.evaluate("live()") == 5_000
    assert await page.locator("li.row").count() <= 40
    running = page.evaluate("run(50, 2)")
    for _ in range(20):
        await page.keyboard.press("ArrowDown")
    assert (await running)["told"] == 100
    assert await page.evaluate("keys()") == 20
    await page.close()
