"""The demo's page: what it lists, where its windows lead, and who may ask."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, cast

import pytest

from wardwire.model.errors import Code, Unavailable
from wardwire.testing.demo.accounts import SignIn
from wardwire.testing.demo.rest import Rest
from wardwire.testing.demo.windows import Windows, list_windows

PEOPLE = {name: {"id": f"per_{name[0]}"} for name in ("Dr. Chen", "Dora")}


class Site:
    """A site that issues codes, or is away."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.away = False

    async def post(self, path: str, body: Any = None, *, identity: str = "") -> Mapping[str, str]:
        """Issue a code."""
        if self.away:
            raise Unavailable(Code.UNAVAILABLE, "no answer")
        self.asked.append(path)
        return {"url": f"https://ward/#enrol=CODE{len(self.asked)}", "qr": "<svg></svg>"}


async def ask(windows: Windows, path: str, *, method: str = "GET", host: str = "") -> str:
    """Ask the page for something; its whole answer."""
    port = int(windows.address.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{method} {path} HTTP/1.1\r\nHost: {host or f'localhost:{port}'}\r\n\r\n".encode())
    answer = (await reader.read()).decode()
    writer.close()
    return answer


ALL = ("/board.html", "/index.html", "/console.html", "/admin.html")


def listed(
    site: Site, *, lan: bool = False, opened: list[bool] | None = None, built: tuple[str, ...] = ALL
) -> Windows:
    """A page of this site's windows."""
    windows = Windows("Ward <1>")
    windows.windows = list_windows(
        "https://ward",
        cast(Rest, site),
        PEOPLE,
        {"Dora": SignIn("dora", "s3cret")},
        built=built,
        lan=lan,
        opened=lambda: (opened if opened is not None else []).append(True),
    )
    return windows


async def test_each_window_leads_into_the_site_with_a_code_of_its_own() -> None:
    """A code is good once, so that each click makes one; from then on Dr. Chen is somebody at a browser."""
    site, opened = Site(), list[bool]()
    windows = listed(site, opened=opened)
    async with windows.open():
        assert "Ward &lt;1&gt;" in await ask(windows, "/")
        assert not opened
        assert "Location: https://ward/#enrol=CODE1\r\n" in await ask(windows, "/phone")
        assert "Location: https://ward/#enrol=CODE2\r\n" in await ask(windows, "/phone")
        assert opened
        assert "Location: https://ward/board#enrol=CODE3\r\n" in await ask(windows, "/board")
        assert "Location: https://ward/console#enrol=CODE4\r\n" in await ask(windows, "/console")
        assert "Location: https://ward/admin\r\n" in await ask(windows, "/admin")
    assert site.asked == ["/v1/people/per_D/codes"] * 4


async def test_it_tells_with_what_to_sign_in_and_who_has_no_sign_in() -> None:
    """A folder of an older demo has none."""
    windows = listed(Site())
    async with windows.open():
        page = await ask(windows, "/")
    assert "<code>dora</code> with <code>s3cret</code>" in page
    assert "--fresh" in page


async def test_a_phone_of_the_network_reads_a_picture_where_it_may_come_in() -> None:
    """Only with --lan."""
    away, there = listed(Site()), listed(Site(), lan=True)
    async with away.open(), there.open():
        assert "404" in await ask(away, "/scan")
        assert "<code>https://ward/trust</code>" in (page := await ask(there, "/scan"))
        assert "<svg>" in page


@pytest.mark.parametrize(
    ("path", "method", "host"),
    [("/", "POST", ""), ("/", "GET", "mallory.example:80"), ("/phone", "GET", "10.0.0.1:1")],
)
async def test_nobody_else_is_answered(path: str, method: str, host: str) -> None:
    """A page elsewhere cannot point its own name at this port and read sign-ins and codes."""
    windows = listed(site := Site())
    async with windows.open():
        assert "405" in await ask(windows, path, method=method, host=host)
    assert site.asked == []


async def test_a_site_that_does_not_answer_is_said_so() -> None:
    """In words, not as a broken page."""
    site = Site()
    site.away = True
    windows = listed(site)
    async with windows.open():
        assert "503" in (answer := await ask(windows, "/phone"))
        assert "Try again" in answer


async def test_what_is_not_built_is_not_offered() -> None:
    """Nothing built: it says what builds it."""
    some, none = listed(Site(), built=("/admin.html",)), listed(Site(), built=())
    async with some.open(), none.open():
        assert "Administration" in (page := await ask(some, "/"))
        assert "console" not in page
        assert "404" in await ask(some, "/console")
        assert "make web" in await ask(none, "/")
