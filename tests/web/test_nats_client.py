"""Our NATS client for browsers beside the project's own, through the same cases against a real server.

What is common to both is what a client must do; a case that only ours is asked is one that the app depends on.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, async_playwright

from wardwire.ops.binaries import find_nats
from wardwire.ops.ports import free_port
from wardwire.ops.process import polls

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.needs_chromium, pytest.mark.needs_webapp]

KINDS = ["ours", "theirs"]
MAX_PAYLOAD = 4_096


class Server:
    """A NATS server with WebSocket, which can be killed and started again on its port."""

    def __init__(self, folder: Path) -> None:
        self.port, self.websocket = free_port(), free_port()
        self._conf = folder / "nats.conf"
        self._conf.write_text(
            f"listen: 127.0.0.1:{self.port}\nmax_payload: {MAX_PAYLOAD}\n"
            f'websocket {{ listen: "127.0.0.1:{self.websocket}", no_tls: true }}\n'
        )
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until it greets."""
        self._child = subprocess.Popen([find_nats(), "-c", self._conf], stderr=subprocess.DEVNULL)
        for _ in polls(20.0):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.websocket), 0.5):
                return
        raise AssertionError("the server does not listen")

    def kill(self) -> None:
        """Kill, as a crash would."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()


@dataclass
class Bench:
    """A page with both clients, and their server."""

    page: Page
    server: Server

    async def open(self, name: str, kind: str) -> None:
        """Connect a client."""
        await self.page.evaluate(
            "([name, kind, url]) => open(name, kind, url)", [name, kind, f"ws://127.0.0.1:{self.server.websocket}"]
        )

    async def do(self, name: str, call: str, *arguments: str) -> Any:
        """Call something of a client."""
        return await self.page.evaluate(
            f"([name, ...rest]) => window.of(name).{call}(...rest) ?? null", [name, *arguments]
        )

    async def until(self, name: str, expression: str) -> None:
        """Wait until something is so of a client (`c`)."""
        await self.page.wait_for_function(
            f"name => {{ const c = window.of(name); return {expression}; }}", arg=name, timeout=30_000
        )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bench(built_pages: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bench]:
    """Both clients in one page."""
    server = Server(tmp_path_factory.mktemp("nats"))
    server.start()
    async with async_playwright() as play:
        browser = await play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = await browser.new_page()
        await page.goto(f"{built_pages}/nats.html")
        await page.wait_for_function("window.ready", timeout=30_000)
        yield Bench(page, server)
        await browser.close()
    server.kill()


@pytest.mark.parametrize("kind", KINDS)
async def test_messages_come_in_order_whole_and_once(bench: Bench, kind: str) -> None:
    """A thousand messages, with every kind of letter, come in order; one's own do not come back."""
    await bench.open(f"{kind}-a", kind)
    await bench.open(f"{kind}-b", "theirs")
    await bench.do(f"{kind}-a", "subscribe", f"{kind}.in.>")
    await bench.do(f"{kind}-a", "request", "nobody", "")  # the subscription has been taken
    await bench.page.evaluate(
        "([name, subject]) => { for (let i = 0; i < 1000; i++) window.of(name).publish(subject + (i % 7), "
        "`${i} \\r\\n Ä‮ 💉 ${'x'.repeat(i % 300)}`); }",
        [f"{kind}-b", f"{kind}.in."],
    )
    await bench.do(f"{kind}-a", "publish", f"{kind}.in.own", "mine")
    await bench.until(f"{kind}-a", "c.heard().length >= 1000")
    heard = await bench.do(f"{kind}-a", "heard")
    assert [int(text.split(" ")[0]) for _, text in heard] == list(range(1000))
    assert heard[299][1] == f"299 \r\n Ä‮ 💉 {'x' * 299}"


@pytest.mark.parametrize("kind", KINDS)
async def test_requests_are_answered_and_nobody_is_said_at_once(bench: Bench, kind: str) -> None:
    """Each request gets its own answer; where nobody listens that is said, not waited for."""
    await bench.open(f"{kind}-asks", kind)
    await bench.open(f"{kind}-serves", kind)
    await bench.do(f"{kind}-serves", "serve", f"{kind}.upper")
    assert await bench.do(f"{kind}-serves", "request", f"{kind}.none", "?") == "no responders"
    answers = await bench.page.evaluate(
        "([name, subject]) => Promise.all([...'abcdef'].map(one => window.of(name).request(subject, one)))",
        [f"{kind}-asks", f"{kind}.upper"],
    )
    assert answers == list("ABCDEF")


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_too_large_is_not_sent(bench: Bench, kind: str) -> None:
    """More than the server takes is refused here; the connection lives on."""
    await bench.open(f"{kind}-large", kind)
    assert await bench.do(f"{kind}-large", "publish", f"{kind}.x", "x" * (MAX_PAYLOAD + 1)) == "not sent"
    assert await bench.do(f"{kind}-large", "publish", f"{kind}.x", "x" * MAX_PAYLOAD) == "sent"
    assert await bench.do(f"{kind}-large", "request", "nobody", "") == "no responders"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_killed_server_is_come_back_to_with_all_subscriptions(bench: Bench, kind: str) -> None:
    """Killed for a second: the client finds out, tries without end, and hears again what it had subscribed to."""
    await bench.open(f"{kind}-back", kind)
    await bench.do(f"{kind}-back", "subscribe", f"{kind}.back")
    bench.server.kill()
    await bench.until(f"{kind}-back", "c.state() !== 'connected'")
    await asyncio.to_thread(bench.server.start)
    await bench.until(f"{kind}-back", "c.state() === 'connected'")
    await bench.do(f"{kind}-back", "request", "nobody", "")
    await bench.open(f"{kind}-back-b", "theirs")
    await bench.do(f"{kind}-back-b", "publish", f"{kind}.back", "again")
    await bench.until(f"{kind}-back", "c.heard().length === 1")


async def test_what_is_published_while_away_is_refused_and_not_kept(bench: Bench) -> None:
    """Ours only: who must not lose it has it on the disk, and says it again; it must not go out twice."""
    await bench.open("away", "ours")
    bench.server.kill()
    await bench.until("away", "c.state() !== 'connected'")
    assert await bench.do("away", "publish", "x", "lost") == "not sent"
    await asyncio.to_thread(bench.server.start)
    await bench.until("away", "c.state() === 'connected'")
