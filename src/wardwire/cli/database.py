"""How commands work on the running site's database: with the app's role, the site's clock, and words for refusals."""

from __future__ import annotations

import asyncio
import getpass
import os
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, TypeVar

import asyncpg

from wardwire.app.served import SERVED
from wardwire.cli.options import home_of, read_settings
from wardwire.directory.desk import DirectoryDesk
from wardwire.directory.live import LiveDirectory
from wardwire.model.errors import MEANING, Code, Refused, Unavailable, Unknown, WardwireError
from wardwire.model.people import Directory
from wardwire.model.rights import SCOPES, Caller
from wardwire.ops.engines import ENGINES_VARIABLE, logins_file, read_logins
from wardwire.ops.failure import StartFailed
from wardwire.ops.roles import DatabaseLogins
from wardwire.store.clock import SiteClock
from wardwire.store.durable import open_durable
from wardwire.store.hosts import connect_to_primary
from wardwire.store.ledger import Ledger

T = TypeVar("T")

# For a commit: nobody's message waits for what somebody does at a terminal.
PATIENCE_S = 60.0
_SCHEMA = {"search_path": "wardwire", "application_name": "wardwire-cli"}


class Place(NamedTuple):
    """Where a command works."""

    logins: DatabaseLogins
    home: Path
    without_standby: str


class Desk(NamedTuple):
    """What a command that changes the directory works with."""

    desk: DirectoryDesk
    people: LiveDirectory
    clock: SiteClock
    connection: asyncpg.Connection
    caller: Caller
    ledger: Ledger

    @property
    def directory(self) -> Directory:
        """The directory as it was when the command began."""
        return self.people.directory


def find_place(config: Path | None, data: Path | None) -> Place:
    """Find the site's database by the settings.

    Raises:
        StartFailed: `not_running` when nothing was started on this folder yet, `not_allowed`.
    """
    loaded = read_settings(config, data, None)
    home = home_of(loaded)
    path = Path(os.environ.get(ENGINES_VARIABLE) or logins_file(home))
    try:
        logins = read_logins(path)
    except PermissionError:
        raise
    except (OSError, ValueError) as error:
        raise StartFailed(
            "not_running", f"Nothing has been started on {home} yet.", "Start `wardwire serve`, or give --data."
        ) from error
    return Place(logins.database, home, loaded.settings.durability.without_standby)


def at_desk(place: Place, work: Callable[[Desk], Awaitable[T]]) -> T:
    """Run `work` with the directory's desk; refusals become sentences."""

    async def run() -> T:
        connection = await connect_to_primary(place.logins.app, server_settings=_SCHEMA)
        ledger = Ledger(
            f"cli-{os.getpid()}/directory",
            open_connection=lambda: open_durable(place.logins.app, without_standby=place.without_standby),
            patience_s=PATIENCE_S,
        )
        try:
            clock, people = SiteClock(), LiveDirectory()
            people.directory.served = SERVED
            await clock.read(connection)
            await people.refresh(connection)
            caller = Caller(source=f"cli:{getpass.getuser()}", scopes=frozenset(SCOPES))
            desk = DirectoryDesk(ledger, clock)
            return await work(Desk(desk, people, clock, connection, caller, ledger))
        finally:
            await ledger.close()
            await connection.close(timeout=2)

    return told(run)


async def look(at: Desk) -> tuple[Directory, datetime]:
    """Work that only looks: the directory, and the site's time."""
    return at.directory, at.clock.now()


def reading(dsn: str, work: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
    """Run `work` with a connection of the role in `dsn`; refusals become sentences."""

    async def run() -> T:
        connection = await connect_to_primary(dsn, server_settings=_SCHEMA)
        try:
            return await work(connection)
        finally:
            await connection.close(timeout=2)

    return told(run)


def told(run: Callable[[], Awaitable[T]]) -> T:
    """Run a coroutine to its end; what goes wrong becomes a sentence with its remedy."""

    async def main() -> T:
        return await run()

    try:
        return asyncio.run(main())
    except Refused as refused:
        hint = f" Candidates: {', '.join(refused.fields['candidates'])}." if "candidates" in refused.fields else ""
        where = f" ({refused.pointer})" if refused.pointer else ""
        raise StartFailed(
            refused.code, _sentence(refused.code, refused.detail + where) + hint, MEANING[refused.code]
        ) from None
    except Unavailable as error:
        raise StartFailed(error.code, _sentence(error.code, error.detail), MEANING[error.code]) from None
    except Unknown:
        code = Code.COMMIT_UNKNOWN
        raise StartFailed(code, "Nobody knows whether this was done.", "Look whether it is there.") from None
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError, WardwireError) as error:
        raise StartFailed(
            "not_running", f"The database does not answer ({type(error).__name__}).", "Is `wardwire serve` running?"
        ) from error


def _sentence(code: Code, detail: str) -> str:
    text = detail or MEANING[code]
    return text[0].upper() + text[1:] + ("" if text.endswith(".") else ".")
