"""Settings: until 10,000 connected devices have what somebody has just set, against a bare publish to as many.

In turns, on the same servers: `bare` writes one frame of the same size to 10,000 subjects; ours commits the change,
takes it in as a core does, and tells every device. Both count until the last frame is in the load maker's hand.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from statistics import median
from uuid import UUID, uuid4

import msgspec

from bench.check import NotStored
from bench.result import Report, Result
from bench.shapes.ears import Ears
from bench.shapes.turns import Child
from wardwire.carrier.nkeys import KeyPair, Kind
from wardwire.devices.proof import Mac
from wardwire.devices.rate import Bucket
from wardwire.devices.session import Door, Session
from wardwire.directory.desk import DirectoryDesk
from wardwire.directory.device_settings import set_layer
from wardwire.model.device_settings import Scope
from wardwire.model.rights import DIRECTORY, Caller
from wardwire.ops.nats import NatsLogins
from wardwire.ops.nats_throwaway import throwaway_nats
from wardwire.ops.postgres_throwaway import throwaway_postgres
from wardwire.ops.roles import logins, run_apart
from wardwire.store.migrations import migrate
from wardwire.testing.site import Site, open_site

DEVICES = 10_000
ADMINISTRATOR = Caller(source="bench", scopes=frozenset({DIRECTORY}))


def run_settings(report: Report, *, full: bool) -> None:
    """Measure settings."""
    with throwaway_postgres() as server, throwaway_nats() as pair:
        plan = server.plan
        run_apart(migrate(logins(plan).owner, today=datetime.now(UTC).date(), site_id=uuid4()))
        found = run_apart(_measure(logins(plan).app, pair.logins(), turns=9 if full else 5))
    ratios = [ours / bare for ours, bare in zip(found["ours"], found["bare"], strict=True)]
    for name, each in found.items():
        told = {"median ms": median(each) * 1e3, "max ms": max(each) * 1e3}
        report.note(f"Settings to {DEVICES:,} devices, {name}", told)
    what = f"Settings to {DEVICES:,} devices, until the last"
    report.add(Result("settings.last", what, median(ratios), "bare", 3.0, False))


async def _measure(dsn: str, nats: NatsLogins, *, turns: int) -> dict[str, list[float]]:
    """Take turns; returns seconds until the last, by who."""
    async with open_site(dsn, nats) as site:
        await connect_devices(site, DEVICES)
        doors = list(site.doorway._doors.values())
        child = Child("bench.shapes.ears")
        try:
            ears = Ears(nats.url, nats.core, [door.down for door in doors])
            await asyncio.to_thread(child.ask, msgspec.json.encode(ears))
            found: dict[str, list[float]] = {"bare": [], "ours": []}
            desk = DirectoryDesk(site.ledger, site.clock)
            for nth in range(turns + 1):

                async def ours(seconds: int = 60 + nth) -> None:
                    await set_layer(desk, ADMINISTRATOR, Scope.SITE, None, {"lock_after_s": seconds})
                    await site.refresh()
                    await site.doorway.settings.settled()

                async def bare() -> None:
                    frame = bytes(max(len(doors[0].settings), 300))
                    for door in doors:
                        site.connection.publish(door.down, frame)

                for name, work in (("ours", ours), ("bare", bare)):
                    took = await _clocked(child, len(doors), work)
                    if nth:  # the first turn is for the caches
                        found[name].append(took)
            if site.doorway.unsent:
                raise NotStored(f"{site.doorway.unsent} frames were not sent")
            return found
        finally:
            child.end()


async def connect_devices(site: Site, count: int) -> None:
    """Let a core have so many devices with a session, of one person: nothing here asks whose they are."""
    person = await site.add_person("Anna")
    keys = [KeyPair.generate(Kind.USER).public for _ in range(count)]
    rows = [(uuid4(), person, "phone", key, bytes(32), site.clock.now(), 1) for key in keys]
    columns = ("id", "person_id", "name", "nkey", "x25519", "registered_at", "version")
    async with site.pool.acquire() as connection, connection.transaction():
        version = await connection.fetchval("UPDATE directory_head SET version = version + 1 RETURNING version")
        records = [(*row[:-1], version) for row in rows]
        await connection.copy_records_to_table("devices", schema_name="wardwire", records=records, columns=columns)
    await site.refresh()
    now = site.clock.monotonic()
    for row in rows:
        device = site.people.directory.devices[UUID(bytes=row[0].bytes)]
        door = Door(device.id.hex, device.down, Bucket(50, 500, now))
        door.session = Session(device, uuid4(), Mac(bytes(32)), limited=False)
        site.doorway._doors[door.name] = door


async def _clocked(child: Child, count: int, work: Callable[[], Awaitable[None]]) -> float:
    """Return the seconds from the beginning of some work until the last of so many frames was heard."""
    await asyncio.to_thread(child.ask, str(count).encode())
    began = time.monotonic()
    await work()
    assert child.process.stdout is not None
    heard = await asyncio.to_thread(child.process.stdout.readline)
    return float(heard) - began
