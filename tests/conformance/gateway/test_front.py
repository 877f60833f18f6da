"""The one port: TLS, requests to the server of pages, devices to the edge; on both event loops."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest
import uvicorn
from cryptography import x509

from tests.conformance.device_pair import PATIENCE_S, make_device, until
from tests.conformance.websocket import by_websocket
from wardwire.app.http import Server
from wardwire.engine import front_watch
from wardwire.engine.front_watch import Shown, look_at
from wardwire.gateway import front as module
from wardwire.gateway.certificate import Certificate
from wardwire.gateway.front import Behind, Front
from wardwire.gateway.limits import Limits
from wardwire.ops.authority import Authority, ensure_authority, server_certificate
from wardwire.ops.nats import NatsPair
from wardwire.ops.ports import LOOPBACK, bind
from wardwire.testing.site import open_site

GET = b"GET /seen HTTP/1.1\r\nHost: ward.example\r\nX-Forwarded-For: 10.9.9.9\r\n\r\n"


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answer with what was heard; `/flood` with more than anybody takes."""
    body = b""
    while (event := await receive())["type"] == "http.request":
        body += event.get("body", b"")
        if not event.get("more_body"):
            break
    told = {"from": scope["client"][0], "scheme": scope["scheme"], "path": scope["path"], "length": len(body)}
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    if scope["path"] == "/flood":
        for nth in range(1_000):
            await send({"type": "http.response.body", "body": bytes(100_000), "more_body": True})
            Site.flooded = nth + 1
    await send({"type": "http.response.body", "body": json.dumps(told).encode()})


@dataclass
class Site:
    """A front, and the certificate that its clients trust."""

    front: Front
    authority: Authority
    port: int
    certificate: Certificate
    flooded = 0

    @property
    def tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.authority.certificate)
        context.set_alpn_protocols(["h2", "http/1.1"])
        return context

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        async with asyncio.timeout(PATIENCE_S):
            return await asyncio.open_connection(LOOPBACK, self.port, ssl=self.tls, server_hostname=LOOPBACK)


async def answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Read one answer that says its length, or is chunked in one piece."""
    async with asyncio.timeout(PATIENCE_S):
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
        if length:
            body = await reader.readexactly(int(length))
        else:
            body = (await reader.readuntil(b"0\r\n\r\n")).partition(b"\r\n")[2].partition(b"\r\n")[0]
        return int(head.split()[1]), body


Open = Callable[..., Awaitable[Site]]


@pytest.fixture
async def open_front(tmp_path: Path) -> AsyncIterator[Open]:
    """Open a front before a server on a socket of its own."""
    authority = ensure_authority(tmp_path, "Ward 3", None)
    async with contextlib.AsyncExitStack() as stack:

        async def make(*, nats: str = "", behind: bool = True, limits: Limits | None = None) -> Site:
            path = str(tmp_path / "api.sock")
            if behind:
                config = uvicorn.Config(
                    echo, uds=path, loop="none", lifespan="off", log_config=None, forwarded_allow_ips="*"
                )
                server = Server(config)
                running = asyncio.ensure_future(server.serve())
                stack.callback(running.cancel)
                await until(lambda: server.started)
            tls = server_certificate(authority, "front", [])
            certificate = Certificate(tls.certificate, tls.key)
            host, _, port = nats.rpartition(":")
            listening = bind(LOOPBACK, 0, what="A test", key="")
            listening.listen()
            front = Front(
                listening,
                behind=Behind(http=path, nats=(host, int(port)) if nats else None),
                limits=limits or Limits(connections=100, connections_total=100, heads_per_min=6_000),
                context=lambda: certificate.context,
            )
            serving = asyncio.ensure_future(front.serve())

            async def end() -> None:
                serving.cancel()
                await asyncio.gather(serving, return_exceptions=True)
                listening.close()

            stack.push_async_callback(end)
            return Site(front, authority, listening.getsockname()[1], certificate)

        yield make


async def test_requests_go_on_with_who_the_client_is(open_front: Open) -> None:
    """One connection, several requests, one with a body in pieces; nobody is believed who they say they are."""
    site = await open_front()
    reader, writer = await site.connect()
    assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "http/1.1"
    post = b"POST /seen HTTP/1.1\r\nHost: ward.example\r\nContent-Length: 300000\r\n\r\n"
    for said, length in ((GET, 0), (post + bytes(300_000), 300_000), (GET, 0)):
        writer.write(said)
        status, body = await answer(reader)
        assert (status, json.loads(body)) == (
            200,
            {"from": LOOPBACK, "scheme": "https", "path": "/seen", "length": length},
        )
    assert site.front.counts.requests == 3
    writer.close()
    await until(lambda: site.front.limits.open == 0)


async def test_when_what_is_behind_is_away_it_is_said_and_the_front_stays(open_front: Open) -> None:
    """503 with the word to try again, for pages and for devices; when it is back all is well."""
    site = await open_front(behind=False)
    reader, writer = await site.connect()
    writer.write(GET)
    status, body = await answer(reader)
    assert (status, body) == (503, b"Wardwire is starting, or a part of it is away. Try again in a moment.\n")
    assert await reader.read() == b""
    writer.close()
    assert site.front.away["http"]
    nowhere = b"GET /nats HTTP/1.1\r\nHost: w\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
    reader, writer = await site.connect()
    writer.write(nowhere)
    assert (await answer(reader))[0] == 503
    writer.close()


async def test_a_head_that_does_not_end_is_not_waited_for(open_front: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the first nor a later one: who opens connections and says little holds none of them."""
    monkeypatch.setattr(module, "HEAD_PATIENCE_S", 0.5)
    site = await open_front()
    reader, writer = await site.connect()
    writer.write(GET[:20])
    assert (await answer(reader))[0] == 408
    writer.close()
    reader, writer = await site.connect()
    writer.write(GET + GET[:20])
    assert (await answer(reader))[0] == 200
    async with asyncio.timeout(PATIENCE_S):
        assert await reader.read() == b""
    writer.close()
    assert site.front.counts.refused == {"408": 2}


async def test_a_reader_that_stops_reading_stops_the_writer(open_front: Open) -> None:
    """What is behind writes no further than a few buffers hold: nobody fills our memory by not reading."""
    site = await open_front()
    _, writer = await site.connect()
    cast(asyncio.Transport, writer.transport).pause_reading()
    writer.write(GET.replace(b"/seen", b"/flood"))
    await until(lambda: Site.flooded > 0)
    reader, second = await site.connect()
    for _ in range(300):  # time enough for all of the 100 MB, if nothing stops them
        second.write(GET)
        await answer(reader)
    second.close()
    assert Site.flooded < 300
    writer.transport.abort()
    await until(lambda: site.front.limits.open == 0)


async def test_one_address_cannot_take_all_connections(open_front: Open) -> None:
    """The third is closed before any TLS is spoken, and counted; when one ends there is room again."""
    site = await open_front(limits=Limits(connections=2, connections_total=9, heads_per_min=600))
    held = [await site.connect(), await site.connect()]
    with pytest.raises((OSError, EOFError)):
        await site.connect()
    assert site.front.counts.refused == {"connections": 1}
    held[0][1].close()
    await until(lambda: site.front.limits.open == 1)
    held.append(await site.connect())
    for _, writer in held:
        writer.close()


async def test_who_asks_too_often_waits_and_then_is_refused(open_front: Open) -> None:
    """A burst is served; of a storm the first is told when to come again."""
    site = await open_front(limits=Limits(connections=9, connections_total=9, heads_per_min=6))
    reader, writer = await site.connect()
    for _ in range(6):
        writer.write(GET)
        assert (await answer(reader))[0] == 200
    writer.close()
    reader, writer = await site.connect()
    writer.write(GET)
    assert (await answer(reader))[0] == 429
    writer.close()


async def test_a_renewed_certificate_is_shown_to_the_next_client(open_front: Open) -> None:
    """Who is connected stays connected; a broken file leaves the old one in use."""
    site = await open_front()
    reader, writer = await site.connect()
    old = writer.get_extra_info("ssl_object").getpeercert()["serialNumber"]
    assert not site.certificate.renew()
    server_certificate(site.authority, "front", ["ward.example"])
    assert site.certificate.renew()
    _, second = await site.connect()
    assert second.get_extra_info("ssl_object").getpeercert()["serialNumber"] != old
    (site.authority.folder / "front.key").write_text("not a key")
    assert not site.certificate.renew()
    _, third = await site.connect()
    writer.write(GET)
    assert (await answer(reader))[0] == 200
    for each in (writer, second, third):
        each.close()


async def test_a_look_sees_the_certificate_and_whether_somebody_answers(
    open_front: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody answers where connections only wait in a queue, as they do while a front is started anew."""
    site = await open_front()
    look = look_at("0.0.0.0", site.port, tls=True)
    shown = await look()
    (leaf, *_) = x509.load_pem_x509_certificates((site.authority.folder / "front.pem").read_bytes())
    assert shown == Shown(leaf.not_valid_after_utc)
    monkeypatch.setattr(front_watch, "PATIENCE_S", 0.2)
    with bind(LOOPBACK, 0, what="", key="") as queue:
        queue.listen()
        waits = look_at(LOOPBACK, queue.getsockname()[1], tls=False)
        assert await waits() is None
    assert await waits() is None


async def test_a_device_says_hello_through_the_port_that_shows_the_pages(
    open_front: Open, database_url: str, nats_pair: NatsPair
) -> None:
    """Bytes are moved blindly: login, page, answer; a page of another origin is let through to nothing."""
    site = await open_front(nats=nats_pair.logins().edge_websocket)
    url = f"wss://{LOOPBACK}:{site.port}/nats"
    ours = {"extra_headers": {"Origin": f"https://{LOOPBACK}:{site.port}"}}
    async with (
        open_site(database_url, nats_pair.logins()) as core,
        by_websocket(url, tls=site.tls, **ours) as way,
        by_websocket(url, tls=site.tls, extra_headers={"Origin": "https://mallory.example"}) as foreign,
    ):
        core.nats = replace(core.nats, edge_url=way)
        people = await core.add_person("Anna"), await core.add_person("Ben")
        anna, ben = [make_device(await core.enrol(person)) for person in people]
        async with anna, ben:
            assert site.front.blind == 2
            stored = await anna.page(ben.card.place.person, "Bed 12, please.", timeout_s=PATIENCE_S)
            assert (await ben.next_event(PATIENCE_S)).id == stored.message
        await until(lambda: site.front.blind == 0)
        core.nats = replace(core.nats, edge_url=foreign)
        strange = make_device(await core.enrol(people[0]))
        strange.start()
        await until(lambda: site.front.counts.refused.get("403", 0) > 0)
        assert not strange.connected
        await strange.close()
