"""Reads people by a query from a database of another system: PostgreSQL, SQL Server or Oracle; it only ever reads.

The query's columns are the fields, by whatever names the settings map; `id` says who a row is, and a column `gone`
that is true says that they have left. It is read whole each time, never longer nor more than it may.
"""

from __future__ import annotations

import asyncio
import importlib
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import asyncpg

from wardwire.model.syncing import Found, Mapped, Reading
from wardwire.sources.contract import Progress, SourceFailed, read_password

CONNECT_S = 10
AT_ONCE = 500
GONE = "gone"
# The kind of a database by the scheme of its address: the driver's module, and the extra that brings it.
_DRIVERS = {"sqlserver": ("pytds", "sqlserver"), "oracle": ("oracledb", "oracle")}
KINDS = ("postgresql", *_DRIVERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlPlan:
    """What is to be read, and how.

    Attributes:
        url: `postgresql://`, `sqlserver://` or `oracle://USER@HOST:PORT/DATABASE`; of Oracle the name of the service.
        tls: Required; False is for the loopback.
        id: The column that names somebody for ever.
        most: More rows are a mistake in the query.
    """

    url: str
    query: str
    tls: bool = True
    authority: Path | None = None
    password_file: Path | None = None
    id: str = "id"
    mapped: Mapped
    within_s: float = 600.0
    most: int = 200_000


class SqlSource:
    """A source of people (contract.Source)."""

    def __init__(self, plan: SqlPlan) -> None:
        self._plan = plan
        self.mapped: Mapped = {field: tuple(name.lower() for name in names) for field, names in plan.mapped.items()}

    async def read(self, mark: str, progress: Progress, *, who: str = "") -> Reading:
        """Read people; see `Source.read`."""
        if who:
            raise SourceFailed("a query cannot be asked for one person", "Leave --who away.")
        kind = urlsplit(self._plan.url).scheme
        try:
            async with asyncio.timeout(self._plan.within_s):
                if kind == "postgresql":
                    return self._reading(await self._postgres(progress))
                return self._reading(await asyncio.to_thread(self._other, kind, progress))
        except TimeoutError:
            raise SourceFailed(f"reading took longer than {self._plan.within_s:g} s", "Raise within_s.") from None

    async def _postgres(self, progress: Progress) -> list[tuple[Sequence[str], Sequence[Any]]]:
        plan = self._plan
        settings = {
            "default_transaction_read_only": "on",
            "statement_timeout": f"{plan.within_s * 1e3:.0f}",
            "application_name": "wardwire",
        }
        try:
            connection = await asyncpg.connect(
                plan.url,
                password=read_password(plan.password_file),
                ssl=ssl.create_default_context(cafile=plan.authority) if plan.tls else False,
                timeout=CONNECT_S,
                server_settings=settings,
            )
            try:
                async with connection.transaction(isolation="repeatable_read", readonly=True):
                    rows = connection.cursor(plan.query, prefetch=AT_ONCE)
                    return [([*row.keys()], [*row.values()]) async for row in self._bounded(rows, progress)]
            finally:
                await connection.close(timeout=2)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, ValueError) as error:
            raise _failed(error) from error

    async def _bounded(self, rows: Any, progress: Progress) -> AsyncIterator[Any]:
        count = 0
        async for row in rows:
            count += 1
            self._check(count, progress)
            yield row

    def _other(self, kind: str, progress: Progress) -> list[tuple[Sequence[str], Sequence[Any]]]:
        module, extra = _DRIVERS[kind]
        try:
            driver = importlib.import_module(module)
        except ImportError:
            raise SourceFailed(
                f"reading {kind} needs {module}, which is not installed", f"Install wardwire[{extra}]."
            ) from None
        plan, ends = self._plan, time.monotonic() + self._plan.within_s
        found: list[tuple[Sequence[str], Sequence[Any]]] = []
        try:
            with closing(_CONNECT[kind](driver, plan)) as connection, closing(connection.cursor()) as cursor:
                if kind == "oracle":
                    cursor.execute("SET TRANSACTION READ ONLY")
                cursor.execute(plan.query)
                names = [column[0] for column in cursor.description]
                while rows := cursor.fetchmany(AT_ONCE):
                    found += [(names, row) for row in rows]
                    self._check(len(found), progress)
                    if time.monotonic() > ends:
                        raise TimeoutError
                connection.rollback()
        except (driver.Error, OSError, ValueError) as error:
            if isinstance(error, TimeoutError):
                raise
            raise _failed(error) from error
        return found

    def _check(self, count: int, progress: Progress) -> None:
        if count > self._plan.most:
            raise SourceFailed(f"the query gives more than {self._plan.most:,} rows", "Is a join missing?")
        if count % AT_ONCE == 0:
            progress(count)

    def _reading(self, rows: Iterable[tuple[Sequence[str], Sequence[Any]]]) -> Reading:
        found = []
        for nth, (names, cells) in enumerate(rows, start=1):
            values = {name.lower(): _texts(cell) for name, cell in zip(names, cells, strict=True)}
            if nth == 1:
                self._check_columns(values)
            own = (values.get(self._plan.id.lower()) or ("",))[0]
            named = own.decode("utf-8", "replace") if isinstance(own, bytes) else own
            gone = str((values.get(GONE) or ("",))[0]).lower() in ("true", "t", "1", "y", "yes")
            found.append(Found(f"row {nth} (id {named})", named, values, gone))
        return Reading(found=found)

    def _check_columns(self, values: Iterable[str]) -> None:
        wanted = {self._plan.id.lower(), *(name for names in self.mapped.values() for name in names)}
        if missing := sorted(wanted - set(values)):
            raise SourceFailed(f"the query has no column {', '.join(missing)}", "Name it in the query, or map it.")


def _texts(cell: Any) -> tuple[str | bytes, ...]:
    """Return a cell as texts: several of an array, or with a semicolon between."""
    if cell is None:
        return ()
    if isinstance(cell, bytes):
        return (cell,)
    parts = [str(part) for part in cell] if isinstance(cell, list | tuple) else str(cell).split(";")
    return tuple(part.strip() for part in parts if part.strip())


def _failed(error: Exception) -> SourceFailed:
    return SourceFailed(f"it could not be read ({type(error).__name__}: {' '.join(str(error).split())[:200]})")


def _sqlserver(driver: Any, plan: SqlPlan) -> Any:
    url = urlsplit(plan.url)
    return driver.connect(
        dsn=url.hostname,
        port=url.port or 1433,
        database=url.path.strip("/"),
        user=unquote(url.username or ""),
        password=read_password(plan.password_file),
        timeout=plan.within_s,
        login_timeout=CONNECT_S,
        cafile=_authorities(plan) if plan.tls else None,
        readonly=True,
        appname="wardwire",
    )


def _oracle(driver: Any, plan: SqlPlan) -> Any:
    url = urlsplit(plan.url)
    connection = driver.connect(
        user=unquote(url.username or ""),
        password=read_password(plan.password_file),
        host=url.hostname,
        port=url.port or (2484 if plan.tls else 1521),
        service_name=url.path.strip("/"),
        protocol="tcps" if plan.tls else "tcp",
        ssl_context=ssl.create_default_context(cafile=plan.authority) if plan.tls else None,
        tcp_connect_timeout=CONNECT_S,
    )
    connection.call_timeout = int(plan.within_s * 1e3)
    return connection


def _authorities(plan: SqlPlan) -> str:
    return str(plan.authority or ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt")


_CONNECT: dict[str, Callable[[Any, SqlPlan], Any]] = {"sqlserver": _sqlserver, "oracle": _oracle}
