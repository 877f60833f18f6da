"""The operator's console before a real site: API, pages and devices on the one port, all in this process."""

from __future__ import annotations

import asyncio
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import uvicorn
from playwright.async_api import Locator, Page, ViewportSize, expect

from tests.conformance.device_pair import until
from tests.ward import OPERATOR
from tests.web.ground import PATIENCE_MS, SCREENS, Ward
from wardwire.access import passwords
from wardwire.access.accounts import Accounts, add_account
from wardwire.access.guesses import Guesses
from wardwire.access.hashing import Hasher
from wardwire.api.app import ROOTS, make_api
from wardwire.api.operation import Deps
from wardwire.app.http import Server
from wardwire.console.app import beside, make_pages
from wardwire.console.files import make_file
from wardwire.console.sheets import sheet_pages
from wardwire.console.shipped import STYLE, WEBAPP
from wardwire.console.sign_in import Standing, sign_in_pages
from wardwire.directory.desk import DirectoryDesk
from wardwire.gateway.front import Behind, Front
from wardwire.gateway.limits import Limits
from wardwire.model import ids
from wardwire.ops.ports import free_port
from wardwire.store.ledger import Ledger
from wardwire.testing.patience import PATIENT_S

WIDE: ViewportSize = {"width": 1920, "height": 1080}
PASSWORD = "blue kettle rain"


class OnePort:
    """The front as the gateway makes it, which can go away and come back on its port; or fall silent behind it.

    Args:
        ward: Its front stands between us and the edge.
    """

    def __init__(self, http: str, ward: Ward) -> None:
        self._behind = Behind(http=http, nats=("127.0.0.1", ward.front.port))
        self._flows = ward.front.flows
        self._mute: asyncio.Server | None = None
        self._running: asyncio.Task[None] | None = None
        self.port = free_port()

    @property
    def url(self) -> str:
        """Where browsers find it."""
        return f"http://localhost:{self.port}"

    def open(self) -> None:
        """Be there."""
        self._listening = socket.create_server(("127.0.0.1", self.port))
        limits = Limits(connections=500, connections_total=1_000, heads_per_min=100_000)
        self._front = Front(self._listening, behind=self._behind, limits=limits, context=lambda: None)
        self._running = asyncio.create_task(self._front.serve())

    async def hush(self) -> None:
        """Nobody behind it answers any more, while every line stays open; until `cut`."""
        self._flows.clear()

        async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        path = f"{self._behind.http}.mute"
        self._mute = await asyncio.start_unix_server(say_nothing, path)
        self._front.behind = Behind(http=path, nats=self._behind.nats)

    async def cut(self) -> None:
        """Put everybody out, and let nobody in."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
            self._running = None
            self._listening.close()
        if self._mute is not None:
            self._mute.close()
            self._mute = None
        self._flows.set()


class Console:
    """The console of one operator, in a browser of its own."""

    def __init__(self, board: Switchboard, person: UUID, page: Page) -> None:
        self.board = board
        self.person = person
        self.page = page
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda said: self.errors.append(said.text) if "Content Security" in said.text else None)

    @property
    def to(self) -> str:
        """The operator, as written."""
        return ids.write_id(ids.PERSON, self.person)

    @property
    def omnibox(self) -> Locator:
        """The one field."""
        return self.page.get_by_role("combobox", name="Search or command")

    def option(self, text: str) -> Locator:
        """Something that was found."""
        return self.page.get_by_role("option").filter(has_text=text)

    async def keys(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            await self.page.keyboard.press(key)

    async def live(self) -> None:
        """Wait until it says that it is connected."""
        await expect(self.page.locator(".link.live")).to_be_visible()

    async def picture(self, name: str) -> None:
        """Keep a screenshot for a person's eyes."""
        SCREENS.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=SCREENS / f"console-{name}.png")


class Switchboard:
    """The site's one port, and accounts."""

    def __init__(self, ward: Ward, at: Accounts, deps: Deps, front: OnePort) -> None:
        self.ward = ward
        self.at = at
        self.deps = deps
        self.front = front

    async def account(self, person: UUID, login: str, *roles: str) -> None:
        """Give somebody an account."""
        _, issued = await add_account(self.at, OPERATOR, person_id=person, login=login, roles=roles)
        await passwords.claim(self.at, self.deps.read, issued.code, PASSWORD)

    async def operator(self, name: str, login: str, **options: Any) -> Console:
        """Somebody who works at the console: account, browser, signed in by the page without a script, enrolled."""
        person = await self.ward.site.add_person(name, scopes=["messages:code"])
        await self.account(person, login, "operator")
        options.setdefault("viewport", WIDE)
        context = await self.ward.browser.new_context(locale="en-GB", **options)
        self.ward.stack.push_async_callback(context.close)
        context.set_default_timeout(PATIENCE_MS)
        console = Console(self, person, await context.new_page())
        await console.page.goto(f"{self.front.url}/console#enrol={await self.ward.code(person)}")
        await console.page.get_by_role("link", name="Sign in").click()
        await console.page.get_by_label("Name").fill(login)
        await console.page.get_by_label("Password").fill(PASSWORD)
        await console.page.get_by_role("button", name="Sign in", exact=True).click()
        await console.page.get_by_role("button", name="Add console").click()
        await console.live()
        return console


@asynccontextmanager
async def open_switchboard(ward: Ward) -> AsyncIterator[Switchboard]:
    """Open the one port of a ward."""
    site = ward.site
    async with AsyncExitStack() as stack:
        ledgers = [
            Ledger(f"web/{name}", open_connection=site.durable, patience_s=PATIENT_S)
            for name in ("desk", "alarms", "accounts")
        ]
        for ledger in ledgers:
            stack.push_async_callback(ledger.close)
        hasher = Hasher(memory_kib=64)
        stack.callback(hasher.close)
        deps = Deps(
            writer=site.lanes,
            rules=site.rules,
            clock=site.clock,
            reads=site.pool,
            desk=DirectoryDesk(ledgers[0], site.clock),
            alarms=ledgers[1],
            version="1.2.3",
            refresh=site.refresh,
            registration=site.registration(),
            finder=ward.finder,
            patience_s=PATIENT_S,
        )
        guesses = Guesses(deps.read, site.clock)
        at = Accounts(
            ledger=ledgers[2], clock=site.clock, hasher=hasher, guesses=guesses, site="St. Mary's", origin=""
        )
        deps = replace(deps, accounts=at)
        on = Standing(
            accounts=at, read=deps.read, rules=deps.rules, refresh=site.refresh, serving=deps.serving,
            provider=False, version="1.2.3",
        )  # fmt: skip
        style = {"/pages/style.css": STYLE, "/asyncapi.json": make_file("asyncapi.json", b"{}")}
        pages = make_pages({**WEBAPP, **style}, {**sign_in_pages(on), **sheet_pages(on)})
        app = beside(make_api(deps), pages, roots=ROOTS)
        uds = str(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ww"))) / "http")
        server = Server(
            uvicorn.Config(
                app,
                uds=uds,
                proxy_headers=True,
                forwarded_allow_ips="*",
                http="httptools",
                loop="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=1,
            )
        )
        finding = asyncio.create_task(ward.finder.run())
        serving = asyncio.create_task(server.serve())
        await until(lambda: server.started)
        front = OnePort(uds, ward)
        front.open()
        yield Switchboard(ward, at, deps, front)
        await front.cut()
        server.should_exit = True
        finding.cancel()
        await asyncio.gather(serving, finding, return_exceptions=True)
