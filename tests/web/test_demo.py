"""The demo in windows: Dr. Chen's phone rings, and what is answered there moves the board on the wall."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from tests.conformance.test_demo import address_of, start
from tests.web.ground import PATIENCE_MS, SCREENS
from wardwire.ops.account import drop_account
from wardwire.ops.postgres_throwaway import temporary_home

pytestmark = [pytest.mark.needs_chromium, pytest.mark.needs_webapp]


@pytest.fixture
def hospital() -> Iterator[str]:
    """The one address of a demo that runs meanwhile."""
    folder = temporary_home(drop_account())
    demo = start(folder)
    try:
        yield address_of(demo)
    finally:
        demo.send_signal(signal.SIGINT)
        demo.communicate(timeout=60)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def browser() -> Iterator[BrowserContext]:
    """A browser that has none of the hospital's pages open."""
    with sync_playwright() as play:
        engine = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        context = engine.new_context(locale="en-GB", permissions=["notifications"])
        context.set_default_timeout(PATIENCE_MS)
        yield context
        context.close()
        engine.close()


def window(context: BrowserContext, hospital: str, title: str) -> Page:
    """Open one of the windows as a person does: from the demo's page."""
    page = context.new_page()
    page.goto(hospital)
    with context.expect_page() as opened:
        page.get_by_role("link", name=title, exact=True).click()
    page.close()
    return opened.value


def test_dr_chen_answers_and_the_board_moves(hospital: str, browser: BrowserContext) -> None:
    """Done means: one address, two windows; it rings in the one, and the answer is seen in the other."""
    board = window(browser, hospital, "The board")
    board.get_by_role("button", name="Start the board").click()
    phone = window(browser, hospital, "Dr. Chen's phone")
    phone.set_viewport_size({"width": 390, "height": 844})
    phone.get_by_role("button", name="Add device").click()
    phone.get_by_role("button", name="Open the inbox").click()
    ringing = phone.locator("li.item.rings").first
    ringing.get_by_role("button", name="Accept").wait_for()
    message = ringing.get_attribute("data-id")
    row = board.locator(f"li.row[data-id={message}]")
    expect(row).to_contain_text("Nobody has it yet")
    phone.locator(f"li.item[data-id={message}]").get_by_role("button", name="Accept").click()
    expect(row).to_contain_text("Dr. Chen has it")
    SCREENS.mkdir(parents=True, exist_ok=True)
    board.screenshot(path=SCREENS / "demo-board.png")
    phone.screenshot(path=SCREENS / "demo-phone.png")
