"""Puts the devices' side together: logins by callout, the doorway, kicks."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from wardwire.app.ground import Ground, join
from wardwire.carrier.callout import Callout, CalloutLimits
from wardwire.carrier.errors import CarrierError
from wardwire.carrier.kick import Link, SystemAccount
from wardwire.carrier.nkeys import KeyPair
from wardwire.devices.denials import Denials
from wardwire.devices.doorway import Doorway
from wardwire.devices.hand_over import HandOver
from wardwire.devices.logins import Logins
from wardwire.devices.lost_logins import LostLogins
from wardwire.devices.presence import ROUND_S
from wardwire.devices.proof import write_bytes
from wardwire.devices.renewal import Renewal
from wardwire.devices.rollcall import RollCall
from wardwire.engine.upkeep import keep
from wardwire.engine.way import Way
from wardwire.model.errors import Unavailable
from wardwire.ops.engines import PUSH_KEY, SITE_KEY

# Devices whose time is over are taken back within about so long.
TAKE_BACK_EVERY_S = 5.0
EDGE = "EDGE"  # the devices' account at their servers


def read_site_key(home: Path) -> X25519PrivateKey:
    """Read the site's X25519 key, the same in all cores; `wardwire serve` has made it."""
    return X25519PrivateKey.from_private_bytes((home / "secrets" / SITE_KEY).read_bytes())


def read_push_key(home: Path) -> str:
    """Return the public half of the site's key for Web Push, base64url; "" where this machine has none."""
    try:
        key = serialization.load_der_private_key((home / "secrets" / PUSH_KEY).read_bytes(), None)
    except FileNotFoundError:
        return ""
    point = key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    return write_bytes(point)


@contextlib.asynccontextmanager
async def open_doorway(ground: Ground, tasks: asyncio.TaskGroup) -> AsyncIterator[Doorway]:
    """Let devices in and hear them, until left."""
    own = ground.logins.nats
    async with contextlib.AsyncExitStack() as stack:
        kick_line = await stack.enter_async_context(join(own.url, own.kick, f"{ground.node} kick"))
        callout_line = await stack.enter_async_context(join(own.url, own.callout, f"{ground.node} callout"))
        system = SystemAccount(kick_line)
        lifetime = timedelta(seconds=ground.settings.limits.login_s)
        logins = Logins(lambda: ground.people.directory)
        ledger = ground.ledger("sessions")
        stack.push_async_callback(ledger.close)
        denials = Denials(ledger=ledger, clock=ground.clock)
        stack.push_async_callback(denials.stop)
        doorway = Doorway(
            ground.nats,
            writer=ground.lanes,
            rules=ground.rules,
            clock=ground.clock,
            ledger=ledger,
            acquire=ground.pool.acquire,
            site_key=read_site_key(ground.logins.home),
            push_key=read_push_key(ground.logins.home),
            logins=logins,
            kick=system.kick,
            epoch=lambda: ground.lanes.epoch,
            denied=denials,
            held=ground.lanes.rest_held,
            find=ground.finder.find,
            limited=ground.hub.limited,
            frames_per_s=ground.settings.limits.frames_per_s,
            frames_burst=ground.settings.limits.frames_burst,
        )
        hand_over = HandOver(ledger=ledger, clock=ground.clock, kick=system.kick, announce=doorway.announce_hand_over)

        async def take_back() -> None:
            async with ground.pool.acquire() as connection:
                if await hand_over.take_back_due(connection):
                    doorway.hint_directory()

        doorway.start()
        tasks.create_task(keep("hand_over", TAKE_BACK_EVERY_S, take_back, turns=ground.turns))
        tasks.create_task(keep("presence", ROUND_S, doorway.presence.round, turns=ground.turns))
        ground.hooks.directory_changed = doorway.directory_changed
        stack.push_async_callback(doorway.stop)
        callout = Callout(
            callout_line,
            issuer=KeyPair.from_seed(own.issuer),
            authorise=logins.authorise,
            on_login=logins.on_login,
            now=ground.clock.now,
            limits=CalloutLimits(lifetime=lifetime),
        )
        callout.start()
        stack.push_async_callback(callout.stop)
        system.watch(EDGE, logins.presence)
        renewal = Renewal(system, lifetime=lifetime, publish=ground.hub.publish, healthy=lambda: ground.lanes.serving)
        tasks.create_task(renewal.run())
        lost = LostLogins(system, waiting=lambda: callout.waiting)
        tasks.create_task(make_rollcall(ground).watch(system, lost.free))
        yield doorway


@contextlib.asynccontextmanager
async def open_way(ground: Ground) -> AsyncIterator[Way]:
    """Look after the links to the servers of the devices, until left; over a line of its own."""
    own = ground.logins.nats
    async with join(own.url, own.kick, f"{ground.node} way") as line:
        yield Way(partial(edge_links, SystemAccount(line)), clock=ground.clock)


async def edge_links(system: SystemAccount) -> frozenset[Link]:
    """Ask for the links to the servers of the devices; none also while nobody can be asked."""
    try:
        return frozenset(link for link in await system.links() if link.account == EDGE)
    except (CarrierError, Unavailable):
        return frozenset()


def make_rollcall(ground: Ground) -> RollCall:
    """Make what calls the devices when a core, or the way to it, is here again."""
    return RollCall(
        acquire=ground.pool.acquire,
        publish=ground.hub.publish,
        directory=lambda: ground.people.directory,
        clock=ground.clock,
        epoch=lambda: ground.lanes.epoch,
    )
