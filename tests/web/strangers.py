"""Browsers that Playwright does not drive as Debian has them: Firefox by WebDriver BiDi, WebKitGTK by WebDriver.

Each goes to an address and runs a script in the page; that is all that a story needs.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import httpx
import msgspec
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from wardwire.ops.ports import free_port

PATIENCE_S = 90.0


class Stranger(Protocol):
    """A browser with one page."""

    async def go(self, url: str) -> None:
        """Open an address."""
        ...

    async def run(self, body: str) -> Any:
        """Run the body of an async function in the page; returns what it returns, raises where it fails."""
        ...


class _Words(WSListener):
    """Commands of WebDriver BiDi and their answers, by number."""

    def __init__(self) -> None:
        self.waiting: dict[int, asyncio.Future[Any]] = {}

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is WSMsgType.CLOSE:
            transport.disconnect()
            return
        word = msgspec.json.decode(frame.get_payload_as_bytes())
        future = self.waiting.pop(word.get("id") or 0, None)
        if future is not None and not future.done():
            future.set_result(word)


class Firefox:
    """Firefox, spoken to by WebDriver BiDi (W3C); made by `open_firefox`."""

    def __init__(self, line: WSTransport, words: _Words) -> None:
        self._line = line
        self._words = words
        self._page = ""

    async def say(self, method: str, **parameters: Any) -> Any:
        """Give a command; returns its result."""
        number = len(self._words.waiting) + 1
        while number in self._words.waiting:
            number += 1
        answer = self._words.waiting[number] = asyncio.get_running_loop().create_future()
        word = {"id": number, "method": method, "params": parameters}
        self._line.send(WSMsgType.TEXT, msgspec.json.encode(word))
        async with asyncio.timeout(PATIENCE_S):
            told = await answer
        assert told["type"] == "success", told
        return told["result"]

    async def begin(self) -> None:
        """Begin a session, with the page that is there."""
        await self.say("session.new", capabilities={})
        self._page = (await self.say("browsingContext.getTree"))["contexts"][0]["context"]

    async def go(self, url: str) -> None:
        """Open an address."""
        await self.say("browsingContext.navigate", context=self._page, url=url, wait="complete")

    async def run(self, body: str) -> Any:
        """Run a script. What it returns is given as JSON, because BiDi's own values are of many kinds."""
        told = await self.say(
            "script.evaluate",
            expression=f"(async () => JSON.stringify(await (async () => {{ {body} }})() ?? null))()",
            target={"context": self._page},
            awaitPromise=True,
            userActivation=True,
        )
        assert told["type"] == "success", told["exceptionDetails"]["text"]
        return msgspec.json.decode(told["result"]["value"])


class WebKit:
    """WebKitGTK's MiniBrowser, spoken to by WebDriver (W3C); made by `open_webkit`."""

    def __init__(self, driver: httpx.AsyncClient, session: str) -> None:
        self._driver = driver
        self._session = session

    async def go(self, url: str) -> None:
        """Open an address."""
        await self._say("url", url=url)

    async def run(self, body: str) -> Any:
        """Run a script."""
        script = (
            f"const done = arguments[0]; (async () => {{ {body} }})()"
            ".then((value) => done({ value: value ?? null }), (error) => done({ error: String(error) }))"
        )
        told = await self._say("execute/async", script=script, args=[])
        assert "error" not in told, told["error"]
        return told["value"]

    async def _say(self, command: str, **parameters: Any) -> Any:
        answer = await self._driver.post(f"/session/{self._session}/{command}", json=parameters)
        assert answer.is_success, answer.text
        return answer.json()["value"]


@asynccontextmanager
async def open_firefox() -> AsyncIterator[Firefox]:
    """Start Firefox without a window, with a profile of its own."""
    program = shutil.which("firefox-esr") or shutil.which("firefox")
    assert program is not None
    with TemporaryDirectory(ignore_cleanup_errors=True) as home:
        (Path(home) / "profile").mkdir()
        command = [program, "--headless", "--remote-debugging-port=0", "--profile", f"{home}/profile"]
        async with _running(command, home) as process:
            assert process.stderr is not None
            async with asyncio.timeout(PATIENCE_S):
                while not (found := re.search(rb"listening on (ws://\S+)", line := await process.stderr.readline())):
                    assert line, "Firefox ended before it listened"
            words = _Words()
            reading = asyncio.create_task(_drain(process.stderr))
            line_, _ = await ws_connect(lambda: words, f"{found[1].decode()}/session")
            firefox = Firefox(line_, words)
            await firefox.begin()
            yield firefox
            line_.disconnect()
            reading.cancel()


@asynccontextmanager
async def open_webkit() -> AsyncIterator[WebKit]:
    """Start WebKitGTK on a display that nobody sees."""
    port = free_port()
    with TemporaryDirectory(ignore_cleanup_errors=True) as home:
        command = ["xvfb-run", "-a", "WebKitWebDriver", f"--port={port}"]
        async with (
            _running(command, home) as process,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S) as driver,
        ):
            assert process.stderr is not None
            reading = asyncio.create_task(_drain(process.stderr))
            session = await _session(driver)
            yield WebKit(driver, session)
            await driver.delete(f"/session/{session}")
            reading.cancel()


async def _session(driver: httpx.AsyncClient) -> str:
    timeouts = {"script": int(1_000 * PATIENCE_S)}
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                answer = await driver.post("/session", json={"capabilities": {"alwaysMatch": {"timeouts": timeouts}}})
            except httpx.TransportError:  # it does not listen yet
                await asyncio.sleep(0)
                continue
            assert answer.is_success, answer.text
            return str(answer.json()["value"]["sessionId"])


@asynccontextmanager
async def _running(command: list[str], home: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a browser in a group of its own, and end all that it has started."""
    own = {"HOME": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home, "XDG_DATA_HOME": home}
    process = await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, **own, "LIBGL_ALWAYS_SOFTWARE": "1", "WEBKIT_DISABLE_COMPOSITING_MODE": "1"},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        os.killpg(process.pid, 15)
        try:
            async with asyncio.timeout(10):
                await process.wait()
        except TimeoutError:
            os.killpg(process.pid, 9)
            await process.wait()


async def _drain(stream: asyncio.StreamReader) -> None:
    while await stream.read(65_536):
        pass
