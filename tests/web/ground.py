"""A ward with one browser for a module: Anna, who sends from a device of her own, and people who hold the app."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from playwright.async_api import Browser, BrowserContext, Locator, Page, async_playwright, expect

from tests.conformance.device_pair import make_device
from tests.web.front import Front
from wardwire.client.device import Device
from wardwire.devices.register import guess_limits, issue_code
from wardwire.directory.finder import Finder
from wardwire.flow.statement import Responses
from wardwire.model import ids
from wardwire.ops.nats import NatsPair
from wardwire.store.directory import Changes
from wardwire.testing.site import Site, open_site

ACCEPT = Responses(accept_decline=True)
PHONE = {"width": 390, "height": 844}
# A loaded machine is no reason to fail.
PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)
SCREENS = Path(__file__).parents[2] / ".data" / "screens"


@dataclass
class Phone:
    """The app of one person, in a browser of its own."""

    ward: Ward
    person: UUID
    context: BrowserContext
    page: Page
    errors: list[str] = field(default_factory=list)

    @property
    def to(self) -> str:
        """The person, as written."""
        return ids.write_id(ids.PERSON, self.person)

    def row(self, text: str) -> Locator:
        """The row of a message in the inbox."""
        return self.page.locator("li.item", has_text=text)

    def button(self, name: str) -> Locator:
        """A button by its words."""
        return self.page.get_by_role("button", name=name, exact=True)

    async def open(self, view: str) -> None:
        """Go to another view by the bar."""
        await self.page.get_by_role("navigation").get_by_text(view, exact=True).click()

    async def live(self) -> None:
        """Wait until the app says that it is connected."""
        await expect(self.page.locator(".link.live")).to_be_visible()

    async def picture(self, name: str) -> None:
        """Keep a screenshot for a person's eyes."""
        SCREENS.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=SCREENS / f"{name}.png", full_page=False)


@dataclass
class Ward:
    """A site, its front, a browser, and Anna."""

    site: Site
    front: Front
    browser: Browser
    stack: AsyncExitStack
    anna: Device
    finder: Finder

    async def page_to(self, phone: Phone, text: str, **fields: Any) -> str:
        """Anna sends a message to a phone; returns its id."""
        fields.setdefault("responses", ACCEPT)
        stored = await self.anna.page(phone.to, text, timeout_s=30, **fields)
        return stored.message

    async def code(self, person: UUID) -> str:
        """A code that lets one device in."""
        issued = await issue_code(
            self.site.ledger, self.site.clock, person_id=person, source="test", rates=guess_limits()
        )
        return issued.code

    async def browser_of(self, name: str, *, scopes: Sequence[str] = (), **options: Any) -> Phone:
        """A browser of somebody new, without a device."""
        person = await self.site.add_person(name, scopes=scopes)
        options.setdefault("viewport", PHONE)
        context = await self.browser.new_context(locale="en-GB", permissions=["notifications"], **options)
        self.stack.push_async_callback(context.close)
        context.set_default_timeout(PATIENCE_MS)
        phone = Phone(self, person, context, await context.new_page())
        phone.page.on("pageerror", lambda error: phone.errors.append(str(error)))
        phone.page.on(
            "console", lambda said: phone.errors.append(said.text) if "Content Security" in said.text else None
        )
        return phone

    async def enrolled(self, name: str, **options: Any) -> Phone:
        """Somebody who is enrolled, with the inbox open."""
        phone = await self.browser_of(name, **options)
        await phone.page.goto(f"{self.front.url}/#enrol={await self.code(phone.person)}")
        await phone.button("Add device").click()
        await phone.button("Open the inbox").click()
        await phone.live()
        return phone


@asynccontextmanager
async def open_ward(dsn: str, pair: NatsPair) -> AsyncIterator[Ward]:
    """Open a ward for a while."""
    async with AsyncExitStack() as stack:
        site = await stack.enter_async_context(open_site(dsn, pair.logins()))
        finder = Finder(lambda: site.people.directory, site.clock.now)

        def find(query: str, limit: int, kind: str) -> Any:
            finder.catch_up_at_once()
            return finder.find(query, limit, kind)

        def changed(changes: Changes) -> None:
            finder.changed(changes)
            site.doorway.directory_changed()

        site.people._changed = changed
        site.doorway._find = find
        front = Front(site.registration(), pair.logins().edge_websocket)
        await front.start()
        stack.push_async_callback(front.stop)
        play = await stack.enter_async_context(async_playwright())
        browser = await play.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--autoplay-policy=user-gesture-required"],
        )
        stack.push_async_callback(browser.close)
        anna = make_device(await site.enrol(await site.add_person("Anna", scopes=["messages:code"]), "Anna's phone"))
        await stack.enter_async_context(anna)
        yield Ward(site, front, browser, stack, anna, finder)
