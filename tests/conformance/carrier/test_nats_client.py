"""One suite over our NATS client and nats-py, against a real server: both must behave alike."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.conformance.carrier.certificates import make_certificate
from tests.conformance.carrier.nats_clients import MAKERS, Client, Maker, Nobody, TooLarge
from wardwire.testing.nats import NatsServer, bare_server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServer]:
    """One bare server."""
    server = bare_server(tmp_path, "max_payload: 65536\n")
    server.start()
    yield server
    server.kill()


@pytest.fixture(params=list(MAKERS))
def make(request: pytest.FixtureRequest) -> Maker:
    """How to connect with one of the two."""
    return MAKERS[request.param]


@pytest.fixture
async def anna(make: Maker, server: NatsServer) -> AsyncIterator[Client]:
    """A connected client."""
    client = await make(server.url)
    yield client
    await client.close()


@pytest.fixture
async def ben(make: Maker, server: NatsServer) -> AsyncIterator[Client]:
    """Another one."""
    client = await make(server.url)
    yield client
    await client.close()


class Heard:
    """Collects what a subscription hears, and says when there is enough."""

    def __init__(self, wanted: int = 1) -> None:
        self.messages: list[tuple[str, str, bytes]] = []
        self._wanted = wanted
        self._enough = asyncio.Event()

    def __call__(self, subject: str, reply: str, payload: bytes) -> None:
        self.messages.append((subject, reply, payload))
        if len(self.messages) >= self._wanted:
            self._enough.set()

    async def enough(self) -> list[tuple[str, str, bytes]]:
        """Wait until all that was wanted is here."""
        await asyncio.wait_for(self._enough.wait(), 10)
        return self.messages


async def test_a_message_reaches_every_subscriber(anna: Client, ben: Client) -> None:
    """Subject, reply and payload arrive unchanged, also at the sender's own subscription."""
    at_anna, at_ben = Heard(), Heard()
    await anna.subscribe("ward.*", at_anna)
    await ben.subscribe("ward.>", at_ben)
    await anna.flush()
    await ben.flush()
    payload = bytes(range(256)) + b"\r\nMSG x 1 0\r\n"
    await anna.publish("ward.3", payload, "answer.here")
    assert await at_anna.enough() == [("ward.3", "answer.here", payload)]
    assert await at_ben.enough() == [("ward.3", "answer.here", payload)]


async def test_one_of_a_queue_group_gets_each_message(anna: Client, ben: Client) -> None:
    """Together they hear everything once."""
    total = Heard(200)
    for client in (anna, ben):
        await client.subscribe("work", total, queue="core")
        await client.flush()
    for n in range(200):
        await anna.publish("work", b"%d" % n)
    await anna.flush()
    await total.enough()
    await ben.flush()
    assert sorted(int(payload) for _, _, payload in total.messages) == list(range(200))


async def test_a_request_is_answered(anna: Client, ben: Client) -> None:
    """Many at once, each gets its own answer."""

    def answer(_subject: str, reply: str, payload: bytes) -> None:
        asyncio.get_running_loop().create_task(ben.publish(reply, payload[::-1]))

    await ben.subscribe("mirror", answer)
    await ben.flush()
    answers = await asyncio.gather(*(anna.request("mirror", b"%04d" % n) for n in range(100)))
    assert answers == [(b"%04d" % n)[::-1] for n in range(100)]


async def test_nobody_there_is_known_at_once(anna: Client) -> None:
    """No timeout is waited for."""
    with pytest.raises(Nobody):
        await anna.request("nobody.home", b"?")


async def test_a_payload_up_to_the_maximum_passes_and_more_is_refused(anna: Client, ben: Client) -> None:
    """The refusal comes before anything is sent: the connection goes on."""
    heard = Heard(2)
    await ben.subscribe("large", heard)
    await ben.flush()
    await anna.publish("large", b"x" * 65536)
    with pytest.raises(TooLarge):
        await anna.publish("large", b"x" * 65537)
    await anna.publish("large", b"")
    assert [len(payload) for _, _, payload in await heard.enough()] == [65536, 0]


async def test_ten_thousand_messages_in_one_burst_arrive_in_order(anna: Client, ben: Client) -> None:
    """None is lost, none overtakes another."""
    heard = Heard(10_000)
    await ben.subscribe("burst", heard)
    await ben.flush()
    for n in range(10_000):
        await anna.publish("burst", b"%d" % n)
    await anna.flush()
    assert [int(payload) for _, _, payload in await heard.enough()] == list(range(10_000))


async def test_a_killed_server_that_comes_back_finds_us_subscribed(
    anna: Client, ben: Client, server: NatsServer
) -> None:
    """Without anybody doing anything."""
    heard = Heard()
    await ben.subscribe("ward.3", heard)
    await ben.flush()
    server.kill()
    server.start()
    await asyncio.gather(anna.came_back(), ben.came_back())
    await ben.flush()
    await anna.publish("ward.3", b"still here")
    assert (await heard.enough())[0][2] == b"still here"


async def test_the_same_works_over_tls(make: Maker, tmp_path: Path) -> None:
    """Certificate checked, name checked, then a message."""
    certificate, key = make_certificate(tmp_path)
    server = bare_server(tmp_path, f'tls {{ cert_file: "{certificate}", key_file: "{key}" }}\n')
    server.start()
    try:
        client = await make(f"tls://127.0.0.1:{server.port}", tls=ssl.create_default_context(cafile=certificate))
        heard = Heard()
        await client.subscribe("secret", heard)
        await client.publish("secret", b"x" * 50_000)
        assert len((await heard.enough())[0][2]) == 50_000
        await client.close()
    finally:
        server.kill()
