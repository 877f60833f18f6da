"""A whole site under `serve` with its front, a browser, and people who sign in."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import asyncpg
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect, sync_playwright

from tests.faults.site import WHOLE, Served, served
from tests.web.faces import ASK, AXE, LOADED, RULES, TOO_WIDE, looked_at, violations
from tests.web.ground import PATIENCE_MS, SCREENS
from wardwire.cli.main import main
from wardwire.ops.ports import free_port

PASSWORD = "four words of a nurse"
DESK: ViewportSize = {"width": 1280, "height": 900}
expect.set_options(timeout=PATIENCE_MS)
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WIDTHS = (320, 768, 1280)


@dataclass
class Office:
    """The site, the browser in front of it, and whatever a page said that it should not."""

    site: Served
    browser: Browser
    url: str
    cards: Path
    complaints: list[str] = field(default_factory=list)

    def run(self, *words: str, here: bool = True) -> Any:
        """Run a command of `wardwire`, at this site unless `here` is false; returns its JSON.

        In a thread of its own, because the browser's loop runs in this one.
        """
        place = ("--data", str(self.site.home)) if here else ()
        with ThreadPoolExecutor(1) as thread, redirect_stdout(io.StringIO()) as said:
            status = thread.submit(main, [*words, *place, "--json"]).result()
        assert status == 0, f"{words} ended with {status}: {said.getvalue()}"
        return json.loads(said.getvalue() or "null")

    def add_account(self, name: str, login: str, *roles: str) -> str:
        """Make a person with an account; returns the person's id."""
        person: str = self.run("people", "add", name)["id"]
        chosen = [word for role in roles for word in ("--role", role)]
        self.run("account", "add", person, "--login", login, *chosen)
        self.set_password(login)
        return person

    def set_password(self, login: str) -> None:
        """Set somebody's password to ours; wherever they are signed in, they are no longer."""
        words = [sys.executable, "-m", "wardwire", "account", "password", login, "--password-file", "-"]
        command = [*words, "--data", str(self.site.home)]
        subprocess.run(command, input=PASSWORD, text=True, check=True, capture_output=True)

    def enrol(self, name: str) -> str:
        """Make a person with a device; returns where its card is."""
        self.run("people", "add", name)
        card = str(self.cards / f"{name}.card")
        code = self.run("people", "code", name)["code"]
        self.run("device", "enrol", code, "--url", f"http://127.0.0.1:{self.site.api}", "--card", card, here=False)
        return card

    def change_database(self, statement: str) -> None:
        """Do something to the database as only its owner can."""

        async def change() -> None:
            connection = await asyncpg.connect(self.site.logins().database.owner)
            try:
                await connection.execute(statement)
            finally:
                await connection.close()

        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, change()).result()

    def context(self, **options: Any) -> BrowserContext:
        """A browser of somebody, who is not signed in yet."""
        context = self.browser.new_context(locale="en-GB", viewport=options.pop("viewport", DESK), **options)
        context.set_default_timeout(PATIENCE_MS)
        return context

    def page(self, context: BrowserContext) -> Page:
        """A page that tells of its faults."""
        page = context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "console", lambda said: self.complaints.append(said.text) if "Content Security" in said.text else None
        )
        return page

    def sign_in(self, page: Page, login: str, path: str, password: str = PASSWORD) -> None:
        """Go to a page that sends to the sign-in page, and sign in there."""
        page.goto(f"{self.url}{path}")
        page.get_by_label("Name").fill(login)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in", exact=True).click()


def picture(page: Page, name: str) -> None:
    """Keep a screenshot for a person's eyes."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    page.evaluate("scrollTo(0, 0)")  # else what stays at the top lies over the middle of the picture
    page.screenshot(path=SCREENS / f"{name}.png", full_page=True)


def look(page: Page, name: str) -> list[str]:
    """What is wrong with what is on the screen, in three widths and both themes; keeps a picture where axe looks."""
    wrong = []
    if not page.evaluate(LOADED):
        page.evaluate(AXE.read_text())
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            wide = page.evaluate(TOO_WIDE)
            if wide > 0:
                wrong.append(f"{name} at {width}: {wide} px too wide")
            if width in looked_at(theme, WIDTHS):
                picture(page, f"{name}-{theme}-{width}")
                wrong += violations(page.evaluate(ASK, ["", RULES]), f"{name} {theme} at {width}")
    page.set_viewport_size(DESK)
    return wrong


@contextmanager
def open_office(*sets: str) -> Iterator[Office]:
    """Open a site for a while; Dora may administer and audit it."""
    port = free_port()
    own = f"front.listen=127.0.0.1:{port}"
    with TemporaryDirectory() as cards, served(own, *sets, program=WHOLE) as site:
        site.start()
        site.until_ready(patience_s=180)
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            office = Office(site, browser, f"http://localhost:{port}", Path(cards))
            office.add_account("Dora", "dora", "administrator", "operator", "auditor")
            yield office
            browser.close()
