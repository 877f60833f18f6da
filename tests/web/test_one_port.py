"""The clinician's app as a site really gives it: by `wardwire serve`, on its one port, under its own policy."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.faults.site import WHOLE, served
from tests.store.test_commands import Terminal
from tests.web.ground import PATIENCE_MS, SCREENS
from wardwire.ops.ports import free_port

pytestmark = [pytest.mark.needs_chromium, pytest.mark.needs_webapp]


def test_a_nurse_opens_the_link_and_answers_a_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By the link of a terminal's code, over the front to the edge; another device's page rings and is accepted."""
    port = free_port()
    with served(f"front.listen=127.0.0.1:{port}", program=WHOLE) as site:
        site.start()
        site.until_ready()
        here, at, card = Terminal(capsys), ("--data", str(site.home)), str(tmp_path / "anna.card")
        codes = {}
        for who in ("Anna", "Ben"):
            assert here("people", "add", who, *at)[0] == 0, here.said
            codes[who] = here.json("people", "code", who, *at)["code"]
        api = f"http://127.0.0.1:{site.api}"
        assert here("device", "enrol", codes["Anna"], "--url", api, "--card", card)[0] == 0, here.said
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = browser.new_context(locale="en-GB", viewport={"width": 390, "height": 844}).new_page()
            refused: list[str] = []
            page.on("pageerror", lambda error: refused.append(str(error)))
            page.on("console", lambda said: refused.append(said.text) if "Content Security" in said.text else None)
            page.set_default_timeout(PATIENCE_MS)
            page.goto(f"http://localhost:{port}/#enrol={codes['Ben']}")
            page.get_by_role("button", name="Add device", exact=True).click()
            page.get_by_role("button", name="Open the inbox", exact=True).click()
            expect(page.locator(".link.live")).to_be_visible()
            send = ("device", "send", "Ben", "--text", "Bed 12, please.", "--choice", "Coming", "--card", card)
            # In a process of its own: the browser's loop runs in this thread.
            subprocess.run([sys.executable, "-m", "wardwire", *send], check=True, capture_output=True)
            row = page.locator("li.item", has_text="Bed 12, please.")
            row.get_by_role("button", name="Coming").click()
            expect(row).to_contain_text("Coming")
            SCREENS.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=SCREENS / "one-port.png")
            page.reload()  # the page is the service worker's now
            expect(page.locator("li.item", has_text="Bed 12, please.")).to_be_visible()
            browser.close()
        assert refused == []
