"""The demo's own page: one address from which each window of the hospital is opened.

It listens on the loopback alone, because it hands out devices and a sign-in of people who do not exist.
"""

from __future__ import annotations

import asyncio
import contextlib
import html
from collections.abc import AsyncIterator, Awaitable, Callable, Container, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from wardwire.model.errors import WardwireError
from wardwire.ops.ports import LOOPBACK
from wardwire.testing.demo.accounts import SignIn
from wardwire.testing.demo.cast import CHEN
from wardwire.testing.demo.rest import Rest

DESK = "Dora"  # whose devices the board and the console are

HEAD_MAX, PATIENCE_S = 8_192, 10.0
_HEADERS = (
    "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\n"
    "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'\r\n"
)
_STYLE = """
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
body { max-width: 44rem; margin: 3rem auto; padding: 0 1rem }
li { margin: 1rem 0 } a { font-weight: 600 } code { user-select: all }
"""


_NONE = "<li>None is built: run <code>make web</code>, and begin the demo anew.</li>"


class Picture(NamedTuple):
    """What a phone's camera reads, instead of an address. `svg` is ours."""

    svg: str
    about: str


class Window(NamedTuple):
    """Something to open.

    Attributes:
        path: Its address on the demo's page.
        about: HTML.
        open: Makes the address that it leads to, anew each time: a code for a device is good once.
    """

    path: str
    title: str
    about: str
    open: Callable[[], Awaitable[str | Picture]]


class Windows:
    """Serves the page; what it lists may be put there while it does."""

    def __init__(self, site: str) -> None:
        self._site = site
        self.windows: Sequence[Window] = ()
        self.address = ""

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Serve while inside; `address` is then what a person opens."""
        server = await asyncio.start_server(self._serve, LOOPBACK, 0, limit=HEAD_MAX)
        self.address = f"http://localhost:{server.sockets[0].getsockname()[1]}"
        try:
            yield
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            async with asyncio.timeout(PATIENCE_S):
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                writer.write((await self._answer(head)).encode())
                await writer.drain()
        writer.close()

    async def _answer(self, head: Sequence[str]) -> str:
        method, _, rest = head[0].partition(" ")
        path = rest.partition(" ")[0]
        # A page elsewhere cannot point its own name at this port and read what is here.
        host = next((line[5:].strip() for line in head[1:] if line.lower().startswith("host:")), "")
        if method != "GET" or host.rpartition(":")[0] not in ("localhost", LOOPBACK):
            return _reply("405 Method Not Allowed", "Only GET, on localhost.")
        if path == "/":
            return _reply("200 OK", render(self._site, self.windows), "text/html")
        window = next((window for window in self.windows if window.path == path), None)
        if window is None:
            return _reply("404 Not Found", "There is no such window.")
        try:
            opened = await window.open()
        except WardwireError as error:
            return _reply("503 Service Unavailable", f"{window.title} cannot be opened now: {error}. Try again.")
        if isinstance(opened, Picture):
            return _reply("200 OK", _page(window.title, f"<p>{opened.about}</p>{opened.svg}"), "text/html")
        return _reply("303 See Other", "", also=f"Location: {opened}\r\n")


def list_windows(
    front: str,
    operator: Rest,
    people: Mapping[str, Any],
    accounts: Mapping[str, SignIn],
    *,
    built: Container[str],
    lan: bool,
    opened: Callable[[], None],
) -> list[Window]:
    """Say what can be opened.

    Args:
        front: The address of the site's one port.
        built: The pages that there are; what is not built is not offered.
        lan: A phone in this network can open it, too.
        opened: Called when somebody becomes Dr. Chen in a browser.
    """

    async def code_of(name: str) -> Mapping[str, str]:
        issued: Mapping[str, str] = await operator.post(f"/v1/people/{people[name]['id']}/codes")
        return issued

    async def phone() -> str:
        opened()
        return (await code_of(CHEN))["url"]

    async def scan() -> Picture:
        opened()
        trust = html.escape(f"{front}/trust")
        about = f"First open <code>{trust}</code> on the phone, once, and install the demo's certificate. Then scan:"
        return Picture((await code_of(CHEN))["qr"], about)

    async def of_desk(path: str) -> str:
        return f"{front}{path}#{urlsplit((await code_of(DESK))['url']).fragment}"

    async def board() -> str:
        return await of_desk("/board")

    async def console() -> str:
        return await of_desk("/console")

    async def admin() -> str:
        return f"{front}/admin"

    def signed_in(name: str) -> str:
        own = accounts.get(name)
        if own is None:
            return "This folder is of an older demo: `wardwire demo --fresh` makes one with sign-ins."
        return f"Sign in as <code>{own.login}</code> with <code>{own.password}</code>: that is {name}."

    windows = {
        "/board.html": [Window("/board", "The board", "Which alerts run now, and who has them.", board)],
        "/index.html": [
            Window("/phone", "Dr. Chen's phone", "It rings every now and then: answer what comes.", phone),
            *([Window("/scan", "Dr. Chen's phone, on a phone", "One in this network, by its camera.", scan)] * lan),
        ],
        "/console.html": [Window("/console", "The operators' console", signed_in(DESK), console)],
        "/admin.html": [Window("/admin", "Administration", signed_in("Eva"), admin)],
    }
    return [window for name, some in windows.items() if name in built for window in some]


def render(site: str, windows: Sequence[Window]) -> str:
    """Write the page."""
    listed = "".join(
        f'<li><a href="{html.escape(window.path)}" target="_blank" rel="noopener">{html.escape(window.title)}</a>'
        f"<br>{window.about}</li>"
        for window in windows
    )
    return _page(
        site,
        "<p>A hospital lives on this machine, and everybody in it is invented. Open its windows side by side:</p>"
        f"<ul>{listed or _NONE}</ul><p>It ends with the demo in your terminal.</p>",
    )


def _page(title: str, body: str) -> str:
    title = html.escape(title)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style><h1>{title}</h1>{body}</html>'
    )


def _reply(status: str, body: str, media: str = "text/plain", also: str = "") -> str:
    length = len(body.encode())
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: {media}; charset=utf-8\r\n{_HEADERS}{also}Content-Length: {length}\r\n"
        f"Connection: close\r\n\r\n{body}"
    )
