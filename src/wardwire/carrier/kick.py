"""The system account: close a connection at once, list connections, hear of those that come and go.

Used through the account that the leaf joins with the edge servers' own system account, so that a core
reaches them without the edge being able to reach the core.

Source: docs.nats.io, "System Events"; `$SYS.REQ.SERVER.<id>.KICK` takes `{"cid": n}`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar

import msgspec

from wardwire.carrier.connection import Connection, Subscription
from wardwire.carrier.errors import CarrierError, NoResponders

_Shape = TypeVar("_Shape")


class ConnectionInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A client's connection, as its server lists it. `age` is counted by the server's own clock."""

    cid: int
    ip: str = ""
    name: str = ""
    account: str = ""
    device: str = msgspec.field(name="authorized_user", default="")  # the name in its user JWT
    kind: str = ""
    type: str = ""
    pending_bytes: int = 0
    subscriptions: int = 0
    start: datetime | None = None
    now: datetime | None = None

    @property
    def age(self) -> timedelta:
        """How long it has been open; zero where the server does not say."""
        return self.now - self.start if self.now and self.start else timedelta(0)


class _ConnzData(msgspec.Struct, frozen=True, kw_only=True):
    now: datetime | None = None
    connections: list[ConnectionInfo] = []
    total: int = 0


class _Failure(msgspec.Struct, frozen=True, kw_only=True):
    code: int = 0
    description: str = ""


class _Connz(msgspec.Struct, frozen=True, kw_only=True):
    data: _ConnzData = _ConnzData()
    error: _Failure | None = None


class _Kicked(msgspec.Struct, frozen=True, kw_only=True):
    error: _Failure | None = None


class _Server(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    name: str = ""


class _Client(msgspec.Struct, frozen=True, kw_only=True):
    id: int = 0
    host: str = ""
    user: str = ""  # the name in its user JWT


class _Leaf(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    account: str = ""


class _LeafzData(msgspec.Struct, frozen=True, kw_only=True):
    leafs: list[_Leaf] = []


class _Leafz(msgspec.Struct, frozen=True, kw_only=True):
    server: _Server
    data: _LeafzData = _LeafzData()


class _Presence(msgspec.Struct, frozen=True, kw_only=True):
    server: _Server
    client: _Client
    reason: str = ""


class Presence(msgspec.Struct, frozen=True, kw_only=True):
    """A client came (`reason` "") or went; `device` is the name in its JWT, "" for those without."""

    server_id: str
    client_id: int
    device: str
    host: str
    connected: bool
    reason: str = ""


class Link(NamedTuple):
    """One leaf at a server: a connection that is made anew is another link, however short it was away."""

    server_id: str
    account: str
    number: int


class SystemAccount:
    """Commands to servers and news from them.

    Args:
        connection: Into an account joined with the servers' system account.
        on_fault: Hears of news that could not be read.
    """

    def __init__(self, connection: Connection, *, on_fault: Callable[[Exception], None] | None = None) -> None:
        self._connection = connection
        self._on_fault = on_fault

    async def servers(self, *, wait_s: float = 0.5) -> set[str]:
        """Ask which servers are there, by their ids. Raises as `links`."""
        return {link.server_id for link in await self.links(wait_s=wait_s)}

    async def links(self, *, wait_s: float = 0.5) -> set[Link]:
        """Ask all servers for their leaves: of those that answer within this time; empty when none does.

        Raises:
            Unavailable: We are not connected.
        """
        found: set[Link] = set()
        # Many answer, so this is no request; the reply subject is as good as its randomness.
        reply = f"rep.servers.{os.urandom(9).hex()}"

        def heard(_subject: str, _reply: str, payload: bytes, status: int) -> None:
            if status:
                return
            told = _read(payload, _Leafz)
            found.update(Link(told.server.id, leaf.account, leaf.id) for leaf in told.data.leafs)

        subscription = self._connection.subscribe(reply, heard)
        try:
            self._connection.publish("$SYS.REQ.SERVER.PING.LEAFZ", b"", reply)
            await asyncio.sleep(wait_s)
        finally:
            subscription.unsubscribe()
        return found

    async def kick(self, server_id: str, client_id: int, *, timeout_s: float = 1.0) -> bool:
        """Close a connection. True: the server did so. False: there is no such server or connection any more.

        The client may come back at once: revoke first, then kick.

        Raises:
            CarrierError, Unavailable: Whether it was closed is not known; worth a repeat.
        """
        command = msgspec.json.encode({"cid": client_id})
        try:
            answer = await self._connection.request(f"$SYS.REQ.SERVER.{server_id}.KICK", command, timeout_s=timeout_s)
        except NoResponders:
            return False
        return _read(answer, _Kicked).error is None

    async def kick_device(self, server_id: str, device: str) -> int:
        """Close every connection that a device has on a server, also those that another core let in.

        Returns:
            How many were closed.

        Raises:
            CarrierError, Unavailable: Whether all were closed is not known; worth a repeat.
        """
        listed = await self.connections(server_id, device=device)
        return sum([await self.kick(server_id, each.cid) for each in listed])

    async def connections(
        self, server_id: str, *, account: str = "", device: str = "", timeout_s: float = 2.0, page: int = 256
    ) -> list[ConnectionInfo]:
        """List a server's open connections, page by page; those that come meanwhile may be missing.

        Args:
            account, device: Only those of this account, of this device.

        Raises:
            CarrierError, Unavailable: The list could not be had.
        """
        found: list[ConnectionInfo] = []
        seen = 0  # leaves are listed as well
        while True:
            options: dict[str, Any] = {"auth": True, "limit": page, "offset": seen}
            if account:
                options["acc"] = account
            if device:
                options["user"] = device
            answer = await self._connection.request(
                f"$SYS.REQ.SERVER.{server_id}.CONNZ", msgspec.json.encode(options), timeout_s=timeout_s
            )
            listed = _read(answer, _Connz)
            if listed.error is not None:
                raise CarrierError(listed.error.description)
            seen += len(listed.data.connections)
            found += [
                msgspec.structs.replace(each, now=listed.data.now)
                for each in listed.data.connections
                if each.kind == "Client"
            ]
            if not listed.data.connections or seen >= listed.data.total:
                return found

    def watch(self, account: str, callback: Callable[[Presence], None]) -> tuple[Subscription, Subscription]:
        """Hear who of an account comes and goes; a hint: news are lost while a server or we are away."""

        def heard(subject: str, _reply: str, payload: bytes, _status: int) -> None:
            came = subject.endswith(".CONNECT")
            try:
                news = _read(payload, _Presence)
            except CarrierError as error:
                if self._on_fault is not None:
                    self._on_fault(error)
                return
            client = news.client
            callback(
                Presence(
                    server_id=news.server.id,
                    client_id=client.id,
                    device=client.user,
                    host=client.host,
                    connected=came,
                    reason=news.reason,
                )
            )

        subscribe = self._connection.subscribe
        return (
            subscribe(f"$SYS.ACCOUNT.{account}.CONNECT", heard),
            subscribe(f"$SYS.ACCOUNT.{account}.DISCONNECT", heard),
        )


def _read(payload: bytes, shape: type[_Shape]) -> _Shape:
    try:
        return msgspec.json.decode(payload, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CarrierError("an answer of another form") from error
