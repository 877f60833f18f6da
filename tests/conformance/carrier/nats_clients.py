"""Our NATS client and nats-py behind one small face, so that one suite can run over both."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import nats
import nats.errors
from nats.aio.msg import Msg

from wardwire.carrier.connection import Connection, State, Target
from wardwire.carrier.errors import NoResponders
from wardwire.carrier.wire import Timing
from wardwire.model.errors import Refused

FAST = Timing(connect_s=5.0, ping_s=5.0, retry_s_min=0.02, retry_s_max=0.2)

Heard = Callable[[str, str, bytes], None]


class TooLarge(Exception):
    """Over the server's max_payload."""


class Nobody(Exception):
    """No responders."""


class Client(Protocol):
    """What both can do."""

    async def subscribe(self, subject: str, heard: Heard, *, queue: str = "") -> None: ...
    async def publish(self, subject: str, payload: bytes, reply: str = "") -> None: ...
    async def request(self, subject: str, payload: bytes) -> bytes: ...
    async def flush(self) -> None: ...
    async def close(self) -> None: ...
    async def came_back(self) -> None: ...


Maker = Callable[..., Awaitable[Client]]


class Ours:
    """`wardwire.carrier.Connection`."""

    def __init__(self, connection: Connection, back: asyncio.Event) -> None:
        self.connection = connection
        self._back = back

    @classmethod
    async def make(cls, url: str, *, tls: ssl.SSLContext | None = None) -> Client:
        """Connect, or raise."""
        back, seen = asyncio.Event(), []

        def on_state(state: State, _detail: str) -> None:
            seen.append(state)
            if state is State.CONNECTED and seen.count(State.CONNECTED) > 1:
                back.set()

        connection = Connection(Target(servers=[url], name="ours", tls=tls, timing=FAST), on_state=on_state)
        connection.start()
        await connection.ready(5.0)
        return cls(connection, back)

    async def subscribe(self, subject: str, heard: Heard, *, queue: str = "") -> None:
        """Subscribe."""

        def call(name: str, reply: str, payload: bytes, _status: int) -> None:
            heard(name, reply, payload)

        self.connection.subscribe(subject, call, queue=queue)

    async def publish(self, subject: str, payload: bytes, reply: str = "") -> None:
        """Publish."""
        try:
            self.connection.publish(subject, payload, reply)
        except Refused as error:
            raise TooLarge from error

    async def request(self, subject: str, payload: bytes) -> bytes:
        """Ask."""
        try:
            return await self.connection.request(subject, payload, timeout_s=2.0)
        except NoResponders as error:
            raise Nobody from error

    async def flush(self) -> None:
        """Wait for the server."""
        await self.connection.flush()

    async def close(self) -> None:
        """Close."""
        await self.connection.close()

    async def came_back(self) -> None:
        """Wait until connected again."""
        await asyncio.wait_for(self._back.wait(), 10)


class NatsPy:
    """The official client."""

    def __init__(self, client: Any, back: asyncio.Event) -> None:
        self._client = client
        self._back = back

    @classmethod
    async def make(cls, url: str, *, tls: ssl.SSLContext | None = None) -> Client:
        """Connect, or raise."""
        back = asyncio.Event()

        async def on_back() -> None:
            back.set()

        async def on_error(_error: Exception) -> None: ...

        client = await nats.connect(
            url,
            tls=tls,
            reconnected_cb=on_back,
            error_cb=on_error,
            reconnect_time_wait=0.05,
            max_reconnect_attempts=-1,
        )
        return cls(client, back)

    async def subscribe(self, subject: str, heard: Heard, *, queue: str = "") -> None:
        """Subscribe."""

        async def call(message: Msg) -> None:
            heard(message.subject, message.reply, message.data)

        await self._client.subscribe(subject, queue=queue, cb=call)

    async def publish(self, subject: str, payload: bytes, reply: str = "") -> None:
        """Publish."""
        try:
            await self._client.publish(subject, payload, reply=reply)
        except nats.errors.MaxPayloadError as error:
            raise TooLarge from error

    async def request(self, subject: str, payload: bytes) -> bytes:
        """Ask."""
        try:
            answer: bytes = (await self._client.request(subject, payload, timeout=20.0)).data
        except nats.errors.NoRespondersError as error:
            raise Nobody from error
        return answer

    async def flush(self) -> None:
        """Wait for the server, by a message to oneself.

        nats-py's own `flush` writes its PING past what its flusher still holds back, so that the PONG may come before
        the server has seen a SUB of before.
        """
        inbox = self._client.new_inbox()
        echo = await self._client.subscribe(inbox)
        await self._client.publish(inbox, b"")
        await echo.next_msg(timeout=10)
        await echo.unsubscribe()

    async def close(self) -> None:
        """Close."""
        await self._client.close()

    async def came_back(self) -> None:
        """Wait until connected again."""
        await asyncio.wait_for(self._back.wait(), 10)


MAKERS: dict[str, Maker] = {"ours": Ours.make, "nats-py": NatsPy.make}
