"""A site in this process: real lanes, doorway, hub and callout on a real database and the real pair of NATS servers.

Registers devices without HTTP. Several cores may stand on one site: open several with the same database and pair.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from wardwire.carrier.callout import Callout
from wardwire.carrier.connection import Connection, Target
from wardwire.carrier.kick import SystemAccount
from wardwire.carrier.login import Login
from wardwire.carrier.nkeys import KeyPair
from wardwire.carrier.wire import Timing
from wardwire.client.card import Card, DeviceKeys, Place
from wardwire.devices.denials import Denials
from wardwire.devices.doorway import Doorway
from wardwire.devices.hub import Hub
from wardwire.devices.logins import Logins
from wardwire.devices.register import guess_limits, issue_code, register_device, revoke_device
from wardwire.devices.registration import DeviceRegistration
from wardwire.directory.live import LiveDirectory
from wardwire.engine.due import DueLoop
from wardwire.engine.lanes import Lanes
from wardwire.flow.ports import Channel, Rules
from wardwire.model import ids
from wardwire.model.policy import Policy, Step
from wardwire.model.routing import Waits
from wardwire.ops.nats import NatsLogins
from wardwire.store.batch import Batch
from wardwire.store.clock import SiteClock
from wardwire.store.durable import DurableConnection, open_durable
from wardwire.store.ledger import Ledger
from wardwire.store.policies import insert_policy
from wardwire.testing.patience import PATIENT_S

FAST = Timing(connect_s=10.0, ping_s=5.0, retry_s_min=0.02, retry_s_max=0.2)
# One key for all cores of a test's site.
SITE_KEY = X25519PrivateKey.from_private_bytes(bytes(range(32)))
# The public half of a key for Web Push; nothing is sent in tests.
PUSH_KEY = "BCbvzr0O6eNKZpGH4Ys6kSKy9zOUW2Scyfn5Ien52tgSkCOL3pzHuzMNFQxncE3SWucFUgV0S28xv0BwdFhy0OY"


class Site:
    """One core. Use `async with open_site(...) as site`."""

    def __init__(self, dsn: str, logins: NatsLogins, name: str, frames_per_s: float, frames_burst: float) -> None:
        self.dsn = dsn
        self.nats = logins
        self.name = name
        self.clock = SiteClock()
        self.people = LiveDirectory(changed=lambda changes: self.doorway.directory_changed())
        self.desk = ""
        self.waits = Waits()
        self.pool: asyncpg.Pool
        self.connection = self._join(logins.core, "core")
        self._callout_line = self._join(logins.callout, "callout")
        self._kick_line = self._join(logins.kick, "kick")
        self.system = SystemAccount(self._kick_line)
        self.logins = Logins(lambda: self.people.directory)
        self.ledger = Ledger(f"{name}/sessions", open_connection=self.durable, patience_s=PATIENT_S)
        self.denials = Denials(ledger=self.ledger, clock=self.clock)
        self.unreachable: list[tuple[UUID, UUID]] = []
        self.hub = Hub(
            self.connection,
            directory=lambda: self.people.directory,
            clock=self.clock,
            core=name,
            unreachable_now=self._unreachable_now,
        )
        self.lanes = Lanes(
            open_connection=self.durable,
            clock=self.clock,
            announcer=self.hub,
            node=name,
            written=self._armed,
            patience_s=PATIENT_S,
        )
        self.channels: dict[str, Channel] = {}
        self.due = DueLoop(
            connect=self.connect, writer=self.lanes, rules=self.rules, clock=self.clock, channels=self.channels
        )
        self._limits = (frames_per_s, frames_burst)
        self.doorway: Doorway
        self.callout: Callout
        self.rates = guess_limits()
        self.errors: list[Exception] = []

    def rules(self) -> Rules:
        """What the journey goes by."""
        return Rules(self.people.directory, self.waits, self.desk)

    async def durable(self) -> DurableConnection:
        """Open a connection that commits promises."""
        return await open_durable(self.dsn, without_standby="degraded", patience_s=PATIENT_S)

    async def connect(self) -> asyncpg.Connection:
        """Open a connection that reads."""
        return await asyncpg.connect(self.dsn, server_settings={"search_path": "wardwire"})

    async def refresh(self) -> None:
        """Take in what has changed in the directory."""
        async with self.pool.acquire() as connection:
            await self.people.refresh(connection)

    # People and devices ------------------------------------------------------------------------------------------

    async def add_person(self, name: str, *, scopes: Sequence[str] = ()) -> UUID:
        """Add a person."""
        person = uuid4()
        async with self.pool.acquire() as connection, connection.transaction():
            version = await connection.fetchval("UPDATE directory_head SET version = version + 1 RETURNING version")
            await connection.execute(
                "INSERT INTO people (id, name, scopes, version) VALUES ($1, $2, $3, $4)",
                person, name, list(scopes), version,
            )  # fmt: skip
            await connection.execute("INSERT INTO inbox_heads (person_id) VALUES ($1)", person)
        await self.refresh()
        return person

    async def add_group(self, name: str, members: Sequence[UUID]) -> None:
        """Add a group."""
        await self._change(
            "INSERT INTO groups (id, name, members, version) VALUES ($2, $3, $4, $1)", uuid4(), name, list(members)
        )

    async def add_unit(self, name: str) -> None:
        """Add a unit."""
        await self._change("INSERT INTO places (id, kind, name, version) VALUES ($2, 'unit', $3, $1)", uuid4(), name)

    async def add_policy(self, name: str, *steps: Step, **fields: Any) -> None:
        """Add a policy."""
        async with self.pool.acquire() as connection, connection.transaction():
            version = await connection.fetchval("UPDATE directory_head SET version = version + 1 RETURNING version")
            await insert_policy(connection, Policy(uuid4(), name, version, steps, **fields), self.clock.now())
        await self.refresh()

    async def _change(self, statement: str, *args: object) -> None:
        async with self.pool.acquire() as connection, connection.transaction():
            version = await connection.fetchval("UPDATE directory_head SET version = version + 1 RETURNING version")
            await connection.execute(statement, version, *args)
        await self.refresh()

    async def enrol(self, person: UUID, name: str = "phone", keys: DeviceKeys | None = None) -> Card:
        """Register a device for a person, by a code."""
        keys = keys or DeviceKeys.make()
        issued = await issue_code(self.ledger, self.clock, person_id=person, source="test", rates=guess_limits())
        registered = await register_device(
            self.ledger,
            self.clock,
            keys.registration(issued.code, name=name, app="test"),
            source="test",
            rates=self.rates,
        )
        await self.refresh()
        place = Place(
            device=ids.write_id(ids.DEVICE, registered.device_id),
            person=ids.write_id(ids.PERSON, registered.person_id),
            name=registered.person,
            server=self.nats.edge_url,
            site_x25519=self.registration()._site_key,
        )
        return Card(keys, place)

    def registration(self) -> DeviceRegistration:
        """What the API would call."""
        return DeviceRegistration(
            ledger=self.ledger,
            clock=self.clock,
            connection=self.connection,
            kick=self.system.kick,
            site_key=SITE_KEY,
            server=self.nats.edge_url,
            refresh=self.refresh,
        )

    async def revoke(self, card: Card, why: str = "lost") -> bool:
        """Revoke a device."""
        device_id = ids.read_id(ids.DEVICE, card.place.device)
        return await revoke_device(
            self.ledger,
            self.clock,
            device_id=device_id,
            why=why,
            by="test",
            kick=self.system.kick,
            announce=lambda device: self.connection.publish("core.revoked", device.hex.encode()),
        )

    # What the database knows -------------------------------------------------------------------------------------

    async def fetch(self, query: str, *args: object) -> list[asyncpg.Record]:
        """Read rows."""
        async with self.pool.acquire() as connection:
            rows: list[asyncpg.Record] = await connection.fetch(query, *args)
            return rows

    async def facts(self, kind: str) -> list[asyncpg.Record]:
        """Read the facts of a kind."""
        return await self.fetch("SELECT * FROM facts WHERE kind = $1 ORDER BY at", kind)

    # Life --------------------------------------------------------------------------------------------------------

    async def begin(self) -> None:
        """Start everything, in order."""
        self.pool = await asyncpg.create_pool(
            self.dsn, min_size=1, max_size=6, server_settings={"search_path": "wardwire"}
        )
        async with self.pool.acquire() as connection:
            await self.clock.read(connection)
        for line in (self.connection, self._callout_line, self._kick_line):
            line.start()
        for line in (self.connection, self._callout_line, self._kick_line):
            await line.ready(10)
        self.hub.start()
        await self.lanes.start()
        per_s, burst = self._limits
        self.doorway = Doorway(
            self.connection,
            writer=self.lanes,
            rules=self.rules,
            clock=self.clock,
            ledger=self.ledger,
            acquire=self.pool.acquire,
            site_key=SITE_KEY,
            push_key=PUSH_KEY,
            logins=self.logins,
            kick=self.system.kick,
            epoch=lambda: self.lanes.epoch,
            limited=self.hub.limited,
            denied=self.denials,
            frames_per_s=per_s,
            frames_burst=burst,
            confirm_after_s=0.02,
        )
        await self.refresh()
        self.doorway.start()
        self.callout = Callout(
            self._callout_line,
            issuer=KeyPair.from_seed(self.nats.issuer),
            authorise=self.logins.authorise,
            on_login=self.logins.on_login,
            now=self.clock.now,
        )
        self.callout.start()
        self.system.watch("EDGE", self.logins.presence)
        for line in (self.connection, self._callout_line, self._kick_line):
            await line.flush()
        self._due = asyncio.create_task(self.due.run())

    async def end(self) -> None:
        """Stop everything, in reverse."""
        self._due.cancel()
        await asyncio.gather(self._due, return_exceptions=True)
        await self.callout.stop()
        await self.doorway.stop()
        await self.denials.stop()
        await self.lanes.stop()
        await self.ledger.close()
        for line in (self.connection, self._callout_line, self._kick_line):
            await line.close()
        self.pool.terminate()

    def _join(self, seed: str, what: str) -> Connection:
        return Connection(
            Target(
                servers=(self.nats.url,),
                name=f"{self.name} {what}",
                login=Login.by_key(KeyPair.from_seed(seed)),
                inbox_prefix="rep",
                timing=FAST,
            ),
            on_error=self._on_error,
        )

    def _on_error(self, error: Exception) -> None:
        self.errors.append(error)

    def _armed(self, batch: Batch) -> None:
        self.due.armed(batch)

    def _unreachable_now(self, message: UUID, person: UUID) -> None:
        self.unreachable.append((message, person))
        self.due.unreachable_now(message, person)


@contextlib.asynccontextmanager
async def open_site(
    dsn: str, logins: NatsLogins, *, name: str = "core-1", frames_per_s: float = 50, frames_burst: float = 500
) -> AsyncIterator[Site]:
    """Open a core for a while."""
    site = Site(dsn, logins, name, frames_per_s, frames_burst)
    try:
        await site.begin()
        yield site
    finally:
        await site.end()


QUICK = Waits(
    code=timedelta(seconds=1), high=timedelta(seconds=2), medium=timedelta(seconds=3), low=timedelta(seconds=4)
)
