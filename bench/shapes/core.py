"""A bare core as a process: `python -m bench.shapes.core`, its orders as one line of JSON on stdin.

It prints `ready` when devices may come, and ends with its stdin.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
import uvloop
from nats.aio.client import Client

from bench.shapes.direct import listen
from bench.shapes.journey import Down, Journey
from bench.shapes.profile import Profile
from wardwire.carrier.callout import Callout, DeviceGrant, LoginInfo
from wardwire.carrier.connection import Connection, Target
from wardwire.carrier.login import Login
from wardwire.carrier.nkeys import KeyPair, Kind, read_public


class Orders(msgspec.Struct, kw_only=True):
    """What the core is told.

    Attributes:
        client: Which NATS client carries, or `direct` for a WebSocket of its own on `port`.
        core, callout, issuer: Seeds.
        profile: Write shares of CPU by module to stderr at the end.
    """

    client: Literal["ours", "nats-py", "direct", "claim"]
    dsn: str
    url: str = ""
    core: str = ""
    callout: str = ""
    issuer: str = ""
    port: int = 0
    profile: bool = False


async def carry_with_ours(orders: Orders) -> Journey:
    """Carry with our own client."""
    login = Login.by_key(KeyPair.from_seed(orders.core))
    connection = Connection(Target(servers=[orders.url], name="bare", login=login))
    tokens = 0
    absent: list[str] = []

    async def hand_down(downs: list[Down]) -> None:
        nonlocal tokens
        publish = connection.publish
        for device, frame, watched in downs:
            if watched:
                tokens += 1
                publish(f"d.{device}.down.m", frame, f"rep.bare.{tokens}")
            else:
                publish(f"d.{device}.down.m", frame)

    journey = Journey(hand_down)
    heard = journey.heard

    def on_up(subject: str, _reply: str, payload: bytes, _status: int) -> None:
        heard(subject[2:34], payload)

    connection.watch_absent("rep.bare", absent.append)
    connection.subscribe("d.*.up", on_up, queue="core")
    connection.start()
    await connection.ready(10)
    return journey


async def carry_with_nats_py(orders: Orders) -> Journey:
    """Carry with the official client, as its documentation shows."""
    key = KeyPair.from_seed(orders.core)
    client: Any = Client()
    client._public_nkey = key.public
    await client.connect(orders.url, signature_cb=Login.by_key(key).sign_text, pending_size=16 * 1024 * 1024)
    tokens = 0

    async def hand_down(downs: list[Down]) -> None:
        nonlocal tokens
        for device, frame, watched in downs:
            if watched:
                tokens += 1
                await client.publish(f"d.{device}.down.m", frame, reply=f"rep.bare.{tokens}")
            else:
                await client.publish(f"d.{device}.down.m", frame)

    journey = Journey(hand_down)

    async def on_up(message: Any) -> None:
        journey.heard(message.subject[2:34], message.data)

    async def on_absent(_message: Any) -> None: ...

    await client.subscribe("rep.bare.*", cb=on_absent)
    await client.subscribe("d.*.up", queue="core", cb=on_up)
    await client.flush()
    return journey


async def admit_all(orders: Orders) -> None:
    """Answer the auth callout: the device is the first half of its key."""
    login = Login.by_key(KeyPair.from_seed(orders.callout))
    connection = Connection(Target(servers=[orders.url], name="bare callout", login=login))

    def authorise(nkey: str, _info: LoginInfo) -> DeviceGrant:
        return DeviceGrant(device=read_public(nkey, Kind.USER)[:16].hex())

    issuer = KeyPair.from_seed(orders.issuer)
    Callout(connection, issuer=issuer, authorise=authorise, now=lambda: datetime.now(UTC)).start()
    connection.start()
    await connection.ready(10)
    await connection.flush()


async def run() -> None:
    """Carry until stdin ends."""
    loop = asyncio.get_running_loop()
    line = await loop.run_in_executor(None, sys.stdin.buffer.readline)
    orders = msgspec.json.decode(line, type=Orders)
    if orders.client == "direct":
        journey = await listen(orders.port)
    else:
        carry = carry_with_ours if orders.client == "ours" else carry_with_nats_py
        journey = await carry(orders)
        await admit_all(orders)
    await journey.store.open(orders.dsn)
    profile = Profile() if orders.profile else None
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.buffer.read)
    if profile is not None:
        print(profile.report(), file=sys.stderr, flush=True)


if __name__ == "__main__":
    uvloop.run(run())
