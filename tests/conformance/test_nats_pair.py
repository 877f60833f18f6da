"""The pair of NATS servers, seen from outside with a client that is not ours (nats-py)."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import nats.errors
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from tests.engines import wait_for
from wardwire.carrier import jwt
from wardwire.carrier.nkeys import KeyPair, Kind
from wardwire.ops.nats import NatsLogins, NatsPair
from wardwire.ops.probe import count_leaves

ANNAS = "a" * 32
MALLORYS = "b" * 32


async def connect(url: str, key: KeyPair, **options: Any) -> Client:
    """Log in with a key by signing the server's nonce (nats-py's own way needs one more package)."""
    client = Client()
    client._public_nkey = key.public
    await client.connect(
        url,
        allow_reconnect=False,
        connect_timeout=10,
        signature_cb=lambda nonce: base64.b64encode(key.sign(nonce.encode())),
        **options,
    )
    return client


async def log_in(url: str, key: KeyPair) -> Client:
    """Connect and wait for the login's answer, which nats-py does not do by itself."""
    client = await connect(url, key)
    await client.flush(timeout=10)
    return client


class Door:
    """The least callout that can be: knows a few keys, and remembers who came in."""

    def __init__(self, logins: NatsLogins) -> None:
        self.issuer = KeyPair.from_seed(logins.issuer)
        self.known: dict[str, str] = {}
        self.connections: dict[str, tuple[str, int]] = {}

    async def answer(self, question: Msg) -> None:
        request = jwt.decode_request(question.data.decode())
        device = self.known.get(request.connect_opts.nkey)
        now = datetime.now(UTC)
        if device is None:
            reply = jwt.authorization_response(request, signer=self.issuer, now=now, error="unknown")
        else:
            self.connections[device] = (request.server_id.id, request.client_info.id)
            user = jwt.user_jwt(
                user_nkey=request.user_nkey,
                account="EDGE",
                name=device,
                publish=[f"d.{device}.up"],
                subscribe=[f"d.{device}.down.>"],
                expires=now + timedelta(hours=1),
                signer=self.issuer,
                now=now,
            )
            reply = jwt.authorization_response(request, signer=self.issuer, now=now, user=user)
        await question.respond(reply.encode())


class Site:
    """A core's connections, and a way to connect devices."""

    def __init__(self, pair: NatsPair, stack: AsyncExitStack) -> None:
        self.logins = pair.logins()
        self.door = Door(self.logins)
        self._stack = stack

    async def open(self) -> None:
        self.core = await self._core(self.logins.core)
        self.kick = await self._core(self.logins.kick)
        callout = await self._core(self.logins.callout)
        await callout.subscribe("$SYS.REQ.USER.AUTH", queue="callout", cb=self.door.answer)
        await callout.flush()
        await self._until_the_door_answers()

    async def _core(self, seed: str) -> Client:
        client = await connect(self.logins.url, KeyPair.from_seed(seed))
        self._stack.push_async_callback(client.close)
        return client

    async def _until_the_door_answers(self) -> None:
        """Our interest travels over the leaf; a login that comes before it is left waiting, so try anew."""
        for _ in range(20):
            try:
                await (await self.device("f" * 32, patience_s=1)).close()
                return
            except nats.errors.Error:
                continue
        raise AssertionError("the callout is not heard at the edge")

    async def device(self, name: str, *, patience_s: int = 10, **options: Any) -> Client:
        key = KeyPair.generate(Kind.USER)
        self.door.known[key.public] = name
        client = await connect(self.logins.edge_url, key, **options)
        self._stack.push_async_callback(client.close)
        await client.flush(timeout=patience_s)  # nats-py is back before the login was answered
        return client


@pytest.fixture
async def site(nats_pair: NatsPair) -> AsyncIterator[Site]:
    async with AsyncExitStack() as stack:
        site = Site(nats_pair, stack)
        await site.open()
        yield site


def heard(box: asyncio.Queue[Msg]) -> Callable[[Msg], Any]:
    async def put(message: Msg) -> None:
        box.put_nowait(message)

    return put


async def test_what_a_device_says_reaches_one_core(site: Site) -> None:
    """`d.*.up` passes edge, leaf and cage, and one of the queue group takes it."""
    box: asyncio.Queue[Msg] = asyncio.Queue()
    await site.core.subscribe("d.*.up", queue="core", cb=heard(box))
    await site.core.flush()
    anna = await site.device(ANNAS)
    await anna.publish(f"d.{ANNAS}.up", b"hello")

    message = await asyncio.wait_for(box.get(), 5)

    assert (message.subject, message.data) == (f"d.{ANNAS}.up", b"hello")


async def test_what_a_core_says_reaches_the_device_and_only_it(site: Site) -> None:
    """A publish with a reply subject arrives at Anna's device; Mallory's hears nothing."""
    annas: asyncio.Queue[Msg] = asyncio.Queue()
    mallorys: asyncio.Queue[Msg] = asyncio.Queue()
    anna, mallory = await site.device(ANNAS), await site.device(MALLORYS)
    await anna.subscribe(f"d.{ANNAS}.down.>", cb=heard(annas))
    await mallory.subscribe(f"d.{MALLORYS}.down.>", cb=heard(mallorys))
    await anna.flush()
    await mallory.flush()

    absent: asyncio.Queue[Msg] = asyncio.Queue()
    await site.core.subscribe("rep.one.*", cb=heard(absent))

    for attempt in range(500):  # until the interest has travelled over the leaf
        await site.core.publish(f"d.{ANNAS}.down.m", str(attempt).encode(), reply=f"rep.one.{attempt}")
        await site.core.flush()
        if not annas.empty():
            break
    first = (await asyncio.wait_for(annas.get(), 5)).data.decode()

    assert mallorys.empty()
    assert first not in [message.subject.rpartition(".")[2] for message in list(absent._queue)]  # type: ignore[attr-defined]


async def test_an_absent_device_is_known_to_be_absent_at_once(site: Site) -> None:
    """NATS answers *no responders*; nobody waits for a deadline."""
    with pytest.raises(nats.errors.NoRespondersError):
        await site.core.request(f"d.{'c' * 32}.down.m", b"anybody?", timeout=30)


@pytest.mark.parametrize(
    "subject",
    [
        f"d.{MALLORYS}.up",
        f"d.{ANNAS}.down.m",
        "core.wake",
        "$SYS.REQ.SERVER.PING",
        "$SYS.REQ.USER.AUTH",
        "rep.x.1",
    ],
)
async def test_a_device_may_not_speak_on_foreign_subjects(site: Site, subject: str) -> None:
    """Only `d.<own>.up` may be published: the edge refuses everything else, and says so."""
    refused: asyncio.Queue[Exception] = asyncio.Queue()

    async def note(error: Exception) -> None:
        refused.put_nowait(error)

    anna = await site.device(ANNAS, error_cb=note)
    await anna.publish(subject, b"{}")

    assert "permissions violation" in str(await asyncio.wait_for(refused.get(), 5)).lower()


@pytest.mark.parametrize("subject", [f"d.{MALLORYS}.down.>", "d.>", ">", "core.>", "_INBOX.>"])
async def test_a_device_may_not_listen_on_foreign_subjects(site: Site, subject: str) -> None:
    """Only `d.<own>.down.>` may be heard."""
    refused: asyncio.Queue[Exception] = asyncio.Queue()

    async def note(error: Exception) -> None:
        refused.put_nowait(error)

    anna = await site.device(ANNAS, error_cb=note)
    await anna.subscribe(subject)

    assert "permissions violation" in str(await asyncio.wait_for(refused.get(), 5)).lower()


async def test_a_stranger_is_refused(site: Site) -> None:
    """A key that the callout does not know comes in nowhere."""
    with pytest.raises((nats.errors.Error, OSError)):
        await log_in(site.logins.edge_url, KeyPair.generate(Kind.USER))


async def test_the_keys_of_cores_open_nothing_at_the_edge(site: Site) -> None:
    """A core's own key is no device's: the edge asks the callout like for anybody."""
    with pytest.raises((nats.errors.Error, OSError)):
        await log_in(site.logins.edge_url, KeyPair.from_seed(site.logins.core))


async def test_a_core_closes_a_devices_connection(site: Site) -> None:
    """KICK through the leaf of the system account ends the connection within a second."""
    closed = asyncio.Event()

    async def gone() -> None:
        closed.set()

    await site.device(ANNAS, disconnected_cb=gone)
    server, client = site.door.connections[ANNAS]

    answer = await site.kick.request(f"$SYS.REQ.SERVER.{server}.KICK", json.dumps({"cid": client}).encode())

    assert "error" not in json.loads(answer.data)
    await asyncio.wait_for(closed.wait(), 1)


async def test_a_frame_that_is_too_long_ends_the_connection(site: Site) -> None:
    """64 kB is the limit; the edge says so and hangs up."""
    closed = asyncio.Event()

    async def gone() -> None:
        closed.set()

    anna = await site.device(ANNAS, disconnected_cb=gone)
    anna._max_payload = 1 << 30
    await anna.publish(f"d.{ANNAS}.up", os.urandom(65537))

    await asyncio.wait_for(closed.wait(), 5)


def test_all_leaves_stand(nats_pair: NatsPair) -> None:
    """EDGE, AUTH, SYS and BULK are each joined by a leaf that the core side dialled."""
    wait_for(lambda: count_leaves("127.0.0.1", nats_pair.plan.ports.monitor) == 4, what="four leaves")
