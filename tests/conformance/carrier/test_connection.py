"""What ours promises beyond the common: states, bounds, TLS or nothing, any order of start and stop."""

from __future__ import annotations

import asyncio
import signal
import ssl
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conformance.carrier.certificates import make_certificate
from tests.conformance.carrier.nats_clients import FAST
from wardwire.carrier.connection import Connection, State, Target
from wardwire.carrier.errors import Disconnected, NoResponders, RequestTimeout, ServerError
from wardwire.carrier.login import Login
from wardwire.model.errors import Unavailable
from wardwire.ops.ports import free_port
from wardwire.testing.nats import NatsServer, bare_server


class Witness:
    """Remembers states and errors, and lets a test wait for one."""

    def __init__(self) -> None:
        self.states: list[tuple[State, str]] = []
        self.errors: list[Exception] = []
        self._changed = asyncio.Condition()
        self._news = asyncio.Event()

    def on_state(self, state: State, detail: str) -> None:
        self.states.append((state, detail))
        self._news.set()

    def on_error(self, error: Exception) -> None:
        self.errors.append(error)
        self._news.set()

    async def saw(self, state: State, times: int = 1) -> str:
        """Wait until the state was told so many times; return the last detail."""
        return await self._until(lambda: [d for s, d in self.states if s is state][times - 1 : times])

    async def heard(self, text: str) -> str:
        """Wait for an error with this text."""
        return await self._until(lambda: [str(e) for e in self.errors if text in str(e)][:1])

    async def _until(self, find: object) -> str:
        assert callable(find)
        async with asyncio.timeout(10):
            while not (found := find()):
                self._news.clear()
                await self._news.wait()
        result: str = found[0]
        return result


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServer]:
    """A server with a user who may little."""
    server = bare_server(
        tmp_path,
        """
max_payload: 65536
max_pending: 1048576
write_deadline: "1s"
authorization { users: [
  {user: anna, password: secret}
  {user: mallory, password: secret, permissions: {publish: ["m.>"], subscribe: ["m.>", "_INBOX.>"]}}
] }
""",
    )
    server.start()
    yield server
    server.kill()


ANNA = Login.by_password("anna", "secret")
MALLORY = Login.by_password("mallory", "secret")


def target(server: NatsServer, login: Login = ANNA) -> Target:
    """Return where the test connects."""
    return Target(servers=[server.url], name="test", login=login, timing=FAST)


@pytest.fixture
async def anna(server: NatsServer) -> AsyncIterator[Connection]:
    """A connected client that may everything."""
    connection = Connection(target(server))
    connection.start()
    await connection.ready(5)
    yield connection
    await connection.close()


async def test_start_and_close_come_in_any_order(server: NatsServer) -> None:
    """Twice, in reverse, or again after the end: no hang, no crash, and it works in the end."""
    witness = Witness()
    connection = Connection(target(server), on_state=witness.on_state)
    await connection.close()
    await connection.drain()
    with pytest.raises(Unavailable):
        await connection.ready(1)
    connection.start()
    connection.start()
    await connection.close()  # while it still tries
    await connection.close()
    heard: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
    connection.subscribe("again", lambda _s, _r, payload, _n: heard.set_result(payload))
    connection.start()
    await connection.ready(5)
    connection.publish("again", b"x")
    assert await asyncio.wait_for(heard, 5) == b"x"
    assert connection.info is not None
    assert connection.info.client_id > 0
    assert connection.info.server_id.startswith("N")
    await connection.drain()
    assert not connection.connected
    assert witness.states[-1][0] is State.CLOSED


async def test_a_wrong_password_is_told_and_tried_again(server: NatsServer) -> None:
    """The reason is the server's; we never stop trying by ourselves."""
    witness = Witness()
    connection = Connection(
        target(server, Login.by_password("anna", "wrong")),
        on_state=witness.on_state,
        on_error=witness.on_error,
    )
    connection.start()
    assert "Authorization Violation" in await witness.saw(State.REFUSED, 2)
    await connection.close()


async def test_a_forbidden_subject_is_told_and_the_connection_goes_on(server: NatsServer) -> None:
    """Publishing and subscribing alike."""
    witness = Witness()
    connection = Connection(target(server, MALLORY), on_error=witness.on_error)
    connection.start()
    await connection.ready(5)
    connection.publish("core.x", b"")
    connection.subscribe("d.>", lambda *_: None)
    assert "core.x" in await witness.heard("Publish")
    assert "d.>" in await witness.heard("Subscription")
    assert all(isinstance(error, ServerError) and error.permission for error in witness.errors)
    await connection.flush()
    await connection.close()


async def test_absence_is_heard_through_the_reply_prefix(anna: Connection) -> None:
    """A message to nobody costs no timeout: its token comes back; one to somebody brings nothing back."""
    absent: list[str] = []
    anna.watch_absent("rep.core1", absent.append)
    anna.subscribe("d.1.down.m", lambda *_: None)
    anna.publish("d.1.down.m", b"x", "rep.core1.a")
    anna.publish("d.2.down.m", b"x", "rep.core1.b")
    await anna.flush()
    assert absent == ["b"]


async def test_a_callback_that_raises_stops_nobody_else(server: NatsServer) -> None:
    """The error is told; the next message of the same batch is still heard."""
    witness, heard = Witness(), []
    connection = Connection(target(server), on_error=witness.on_error)

    def fail_once(_subject: str, _reply: str, payload: bytes, _status: int) -> None:
        heard.append(payload)
        if payload == b"1":
            raise RuntimeError("a fault of ours")

    connection.subscribe("x", fail_once)
    connection.start()
    await connection.ready(5)
    for payload in (b"1", b"2"):
        connection.publish("x", payload)
    await connection.flush()
    assert heard == [b"1", b"2"]
    assert [str(error) for error in witness.errors] == ["a fault of ours"]
    await connection.close()


async def test_requests_end_by_timeout_absence_or_disconnection(anna: Connection, server: NatsServer) -> None:
    """Three ends that are told apart, because they mean different things for a repeat."""
    with pytest.raises(NoResponders):
        await anna.request("nobody", b"", timeout_s=5)
    anna.subscribe("silent", lambda *_: None)
    with pytest.raises(RequestTimeout):
        await anna.request("silent", b"", timeout_s=0.02)
    waiting = asyncio.create_task(anna.request("silent", b"", timeout_s=30))
    await anna.flush()
    server.kill()
    with pytest.raises(Disconnected):
        await waiting
    with pytest.raises(Unavailable):
        anna.publish("x", b"")


async def publish_for_ever(connection: Connection) -> None:
    """Publish until something is raised."""
    for n in range(1_000_000):
        connection.publish("x", b"x" * 1000)
        if n % 100 == 0:
            await asyncio.sleep(0)


async def test_a_server_that_reads_nothing_is_bounded_then_noticed(server: NatsServer) -> None:
    """Frozen: what we publish waits, then `Unavailable`; the keepalive ends it; thawed, we are back."""
    witness = Witness()
    timing = replace(FAST, ping_s=0.2, pings_open_max=2)
    connection = Connection(replace(target(server), timing=timing, write_max=256 * 1024), on_state=witness.on_state)
    connection.start()
    await connection.ready(5)
    server.send(signal.SIGSTOP)
    try:
        with pytest.raises(Unavailable, match="full"):
            await publish_for_ever(connection)
        assert connection.waiting_bytes < 1024 * 1024
        await witness.saw(State.DISCONNECTED)
    finally:
        server.send(signal.SIGCONT)
    await witness.saw(State.CONNECTED, 2)
    await connection.close()


async def test_a_slow_consumer_is_cut_off_and_comes_back(anna: Connection, server: NatsServer) -> None:
    """Who stops reading is cut off by the server within its bound, others go on; afterwards he is back."""
    witness = Witness()
    slow = Connection(target(server), on_state=witness.on_state, on_error=witness.on_error)
    slow.subscribe("flood", lambda *_: None)
    slow.start()
    await slow.ready(5)
    await slow.flush()
    wire = slow._wire
    assert wire is not None
    assert wire._transport is not None
    wire._transport.pause_reading()
    for _ in range(400):
        anna.publish("flood", b"x" * 60_000)
        await anna.flush()
        if server.log().count("Slow Consumer"):
            break
    assert "Slow Consumer" in server.log()
    wire._transport.resume_reading()
    await witness.saw(State.DISCONNECTED)
    await witness.saw(State.CONNECTED, 2)
    await slow.close()


async def test_of_several_servers_the_next_is_taken(server: NatsServer) -> None:
    """One dead address delays, it does not stop."""
    connection = Connection(replace(target(server), servers=[f"nats://127.0.0.1:{free_port()}", server.url]))
    connection.start()
    await connection.ready(5)
    await connection.close()


async def test_a_lame_duck_is_announced(server: NatsServer) -> None:
    """The server says that it goes; we are told while it still works."""
    witness = Witness()
    connection = Connection(target(server), on_state=witness.on_state)
    connection.start()
    await connection.ready(5)
    server.send(signal.SIGUSR2)
    await witness.saw(State.LAME_DUCK)
    await connection.close()


async def test_plain_text_is_never_a_fallback_for_tls(server: NatsServer) -> None:
    """With a TLS context, a server without TLS gets no password."""
    witness = Witness()
    connection = Connection(replace(target(server), tls=ssl.create_default_context()), on_state=witness.on_state)
    connection.start()
    assert "TLS" in await witness.saw(State.REFUSED)
    await connection.close()


async def test_a_certificate_of_another_authority_is_refused(tmp_path: Path) -> None:
    """And one of the right authority is taken, with the handshake before INFO as well."""
    certificate, key = make_certificate(tmp_path)
    server = bare_server(
        tmp_path, f'tls {{ cert_file: "{certificate}", key_file: "{key}", handshake_first: true }}\n'
    )
    server.start()
    try:
        witness = Witness()
        url = f"tls://127.0.0.1:{server.port}"
        right, wrong = ssl.create_default_context(cafile=certificate), ssl.create_default_context()
        there = Target(servers=[url], name="x", tls=right, handshake_first=True, timing=FAST)
        stranger = Connection(replace(there, tls=wrong), on_state=witness.on_state)
        stranger.start()
        assert "certificate verify failed" in await witness.saw(State.REFUSED)
        await stranger.close()
        friend = Connection(there)
        friend.start()
        await friend.ready(5)
        await friend.flush()
        await friend.close()
    finally:
        server.kill()


@pytest.mark.parametrize("url", ["http://x:1", "nats://a:b@x:1", "x:4222", "nats://"])
def test_addresses_of_another_form_are_refused(url: str) -> None:
    """Credentials do not belong into an address, and end up in logs there."""
    with pytest.raises(ValueError, match="address"):
        Connection(Target(servers=[url], name="x"))
