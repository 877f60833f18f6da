"""The two servers of the API: when they listen, and what they believe of those who come."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import uvicorn

from wardwire.app.ground import Ground
from wardwire.app.http import Server, _configs
from wardwire.ops.front import SOCKET_VARIABLE
from wardwire.settings_sources import load

CLAIMED, CAME_FROM = "10.9.9.9", ("127.0.0.1", 40_000)


async def seen_by(server: Any) -> str:
    """Let somebody on this machine claim to speak for another address; whom the application sees."""
    scope = {
        "type": "http",
        "client": CAME_FROM,
        "scheme": "http",
        "headers": [(b"x-forwarded-for", CLAIMED.encode())],
    }
    await server.loaded_app(scope, None, None)
    return cast(str, scope["client"][0])


async def test_only_the_front_speaks_for_other_addresses(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """H259: guesses of passwords are counted by address; a program on this machine does not choose one."""
    monkeypatch.setenv(SOCKET_VARIABLE, str(tmp_path / "api.sock"))
    settings = load(flags={"front.listen": "127.0.0.1:8043"}).settings
    ground = cast(Ground, SimpleNamespace(settings=settings))

    async def app(scope: Any, receive: Any, send: Any) -> None:
        """Answer nothing: the scope tells."""

    tcp, front = list(_configs(ground, app))
    for server in (tcp, front):
        server.load()
    assert await seen_by(tcp) == CAME_FROM[0]
    assert await seen_by(front) == CLAIMED


async def test_a_server_tells_when_it_listens(tmp_path: Path) -> None:
    """Not before: a core says that it is ready then, and whoever waited for that comes at once."""
    way = tmp_path / "api.sock"

    async def app(scope: Any, receive: Any, send: Any) -> None:
        """Nobody asks."""

    server = Server(uvicorn.Config(app, uds=str(way), lifespan="off", log_config=None))
    serving = asyncio.create_task(server.serve())
    await server.listening.wait()
    _, writer = await asyncio.open_unix_connection(way)
    writer.close()
    server.should_exit = True
    await serving
