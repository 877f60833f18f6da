"""What every core stands on: clock, directory, connections, lanes; the same for `path`, `engine` and `api`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

import asyncpg
import structlog

from wardwire.app.served import SERVED
from wardwire.app.waits import waits_of
from wardwire.carrier.connection import Connection, State, Target
from wardwire.carrier.login import Login
from wardwire.carrier.nkeys import KeyPair
from wardwire.devices.doorway import DIRECTORY as DIRECTORY
from wardwire.devices.hub import Hub
from wardwire.directory.finder import Finder
from wardwire.directory.live import LiveDirectory
from wardwire.engine.lanes import Lanes
from wardwire.engine.upkeep import Turns
from wardwire.flow.ports import Rules
from wardwire.model.errors import Unavailable
from wardwire.ops.engines import EngineLogins
from wardwire.settings import Settings
from wardwire.store.batch import Batch
from wardwire.store.clock import SiteClock
from wardwire.store.directory import Changes
from wardwire.store.durable import PATIENCE_S, DurableConnection, open_durable
from wardwire.store.hosts import connect_to_primary
from wardwire.store.ledger import Ledger

# Among cores, in the account CORE: hints, never truths.
WAKE = "core.wake"
ABSENT = "core.absent"
_HINT_IF_WITHIN = timedelta(seconds=1.5)
_SCHEMA = {"search_path": "wardwire", "application_name": "wardwire"}

log = structlog.get_logger("wardwire.app")


class Opener:
    """Opens connections of the app's role whose commits are worth a promise.

    Remembers the highest epoch that this process has seen: a primary of an older one has been replaced.
    """

    def __init__(self, settings: Settings, logins: EngineLogins) -> None:
        self._dsn = logins.database.app
        self._without_standby = settings.durability.without_standby
        self.epoch = 0

    async def __call__(self) -> DurableConnection:
        """Open one. Raises `Unavailable`."""
        durable = await open_durable(self._dsn, without_standby=self._without_standby, known_epoch=self.epoch)
        self.epoch = max(self.epoch, durable.durability.epoch)
        return durable


class Hooks:
    """Calls between parts that are built one after the other."""

    def __init__(self) -> None:
        self.armed: Callable[[Batch], None] = lambda batch: None
        self.counted: Callable[[Batch], None] = lambda batch: None
        self.unreachable_now: Callable[[UUID, UUID], None] = lambda message, person: None
        self.directory_changed: Callable[[], None] = lambda: None

    def written(self, batch: Batch) -> None:
        """A batch of this core is committed."""
        self.armed(batch)
        self.counted(batch)


class Ground(NamedTuple):
    """What a core stands on."""

    settings: Settings
    logins: EngineLogins
    node: str
    clock: SiteClock
    pool: asyncpg.Pool
    people: LiveDirectory
    finder: Finder
    nats: Connection
    hub: Hub
    lanes: Lanes
    rules: Callable[[], Rules]
    hooks: Hooks
    open_durable: Opener
    turns: Turns

    def ledger(self, name: str, *, patience_s: float = PATIENCE_S) -> Ledger:
        """Make a writer for what is committed outside the lanes; `patience_s` as of `Ledger`."""
        return Ledger(f"{self.node}/{name}", open_connection=self.open_durable, patience_s=patience_s)

    async def plain(self) -> asyncpg.Connection:
        """Open a connection for reads and claims."""
        return await connect_to_primary(self.logins.database.app, server_settings=_SCHEMA)

    async def looking(self) -> asyncpg.Connection:
        """Open a connection of the role that can only read."""
        return await connect_to_primary(self.logins.database.readonly, server_settings=_SCHEMA)

    async def sealing(self) -> asyncpg.Connection:
        """Open a connection of the role that seals the record, and can do nothing else."""
        return await connect_to_primary(self.logins.database.sealer, server_settings=_SCHEMA)


@contextlib.asynccontextmanager
async def lay_ground(settings: Settings, logins: EngineLogins, node: str) -> AsyncIterator[Ground]:
    """Build it, wait until database and NATS are there, and take it down again in reverse."""
    async with contextlib.AsyncExitStack() as stack:
        pool = await stack.enter_async_context(_pool(logins.database.app))
        clock, hooks = SiteClock(), Hooks()

        def changed(changes: Changes) -> None:
            hooks.directory_changed()
            finder.changed(changes)

        people = LiveDirectory(changed)
        finder = Finder(lambda: people.directory, clock.now, desk=settings.site.desk)
        people.directory.served = SERVED
        opener = Opener(settings, logins)
        async with pool.acquire() as connection:
            await clock.read(connection)
            await people.refresh(connection)
        held = Rules(
            people.directory,
            waits_of(settings),
            settings.site.desk,
            policy_approval=settings.policies.approval,
        )

        def rules() -> Rules:
            return held  # the directory is one object, whatever becomes of its content

        nats = await stack.enter_async_context(join(logins.nats.url, logins.nats.core, f"{node} core"))
        hub = Hub(
            nats,
            directory=lambda: people.directory,
            clock=clock,
            core=node,
            unreachable_now=lambda message, person: hooks.unreachable_now(message, person),
        )
        hub.start()
        stack.callback(hub.stop)
        keeping = asyncio.create_task(finder.run(), name="finder")
        stack.callback(keeping.cancel)
        lanes = Lanes(
            open_connection=opener,
            clock=clock,
            announcer=hub,
            node=node,
            written=hooks.written,
        )
        stack.push_async_callback(lanes.stop)
        await lanes.start()
        yield Ground(
            settings,
            logins,
            node,
            clock,
            pool,
            people,
            finder,
            nats,
            hub,
            lanes,
            rules,
            hooks,
            opener,
            Turns(clock.monotonic),
        )


@contextlib.asynccontextmanager
async def join(url: str, seed: str, name: str) -> AsyncIterator[Connection]:
    """Connect to the core's NATS server with a seed, and stay connected; waits until it is there."""
    target = Target(
        servers=url.split(","),
        name=name,
        login=Login.by_key(KeyPair.from_seed(seed)),
        inbox_prefix="rep",
        write_max=64 * 1024 * 1024,
    )

    def told(state: State, detail: str) -> None:
        log.info("nats", connection=name, state=str(state), detail=detail)

    connection = Connection(
        target, on_state=told, on_error=lambda error: log.error("nats_error", connection=name, reason=error)
    )
    connection.start()
    try:
        await connection.ready()
        yield connection
    finally:
        await connection.close()


def hint_when_due(nats: Connection, clock: SiteClock) -> Callable[[Batch], None]:
    """Make the hook of a process without an engine: what is due within a second or so wakes those that have one."""

    def armed(batch: Batch) -> None:
        earliest = batch.earliest
        if earliest is not None and earliest < clock.now() + _HINT_IF_WITHIN:
            with contextlib.suppress(Unavailable):
                nats.publish(WAKE, b"")

    return armed


def tell_absent(nats: Connection) -> Callable[[UUID, UUID], None]:
    """Make the hook of a process without an engine: that nobody's device was there is told to one that has it."""

    def absent(message_id: UUID, person_id: UUID) -> None:
        with contextlib.suppress(Unavailable):
            nats.publish(ABSENT, message_id.bytes + person_id.bytes)

    return absent


def hear_absent(nats: Connection, unreachable_now: Callable[[UUID, UUID], None]) -> None:
    """Hear what `tell_absent` says; of several engines one does."""

    def heard(_subject: str, _reply: str, payload: bytes, _status: int) -> None:
        if len(payload) == 32:
            unreachable_now(UUID(bytes=payload[:16]), UUID(bytes=payload[16:]))

    nats.subscribe(ABSENT, heard, queue="engine")


@contextlib.asynccontextmanager
async def _pool(dsn: str) -> AsyncIterator[asyncpg.Pool]:
    """A small pool for reads. Waits as long as the database is away."""
    while True:
        pool = asyncpg.create_pool(dsn, min_size=1, max_size=6, connect=connect_to_primary, server_settings=_SCHEMA)
        try:
            await pool
            break
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
            log.warning("database_unavailable", reason=error)
            pool.terminate()
            await asyncio.sleep(0.2)
    try:
        yield pool
    finally:
        pool.terminate()
