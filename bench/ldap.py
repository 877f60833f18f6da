"""LDAP: the first sync of 50,000 people, and one that finds nothing changed, against a bare paged read of the same.

The floor is ldap3's own paged search of the same attributes from the same slapd, entry by entry, and nothing done
with them. Ours reads, compares with a directory of so many people in memory, and writes what is new to PostgreSQL,
with its facts; all three take turns in one run.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from uuid import UUID

import asyncpg
import ldap3

from bench.check import NotStored
from bench.result import Report, Result
from wardwire.directory.desk import DirectoryDesk
from wardwire.directory.live import LiveDirectory
from wardwire.directory.syncing import Synced, Way, sync_source
from wardwire.model.rights import SYSTEM
from wardwire.ops.postgres_throwaway import throwaway_postgres
from wardwire.ops.roles import OWNER, logins, run_apart
from wardwire.sources.dialect import Standard
from wardwire.sources.ldap import USUAL, LdapPlan, LdapSource
from wardwire.store.clock import SiteClock
from wardwire.store.durable import open_durable
from wardwire.store.ledger import Ledger
from wardwire.store.migrations import migrate
from wardwire.testing.slapd import ADMIN, PASSWORD, PEOPLE, PROGRAM, SUFFIX, Slapd, throwaway_slapd

COUNT = 50_000
FILTER = "(objectClass=inetOrgPerson)"
POSTGRES = {"shared_buffers": "256MB", "min_wal_size": "1GB", "max_wal_size": "4GB"}
_SCHEMA = {"search_path": "wardwire"}


def run_ldap(report: Report, *, full: bool) -> None:
    """Measure it; says so where there is no slapd."""
    if not PROGRAM.is_file():
        print("\nLDAP is left out: this machine lacks slapd (apt-get install slapd).", flush=True)
        return
    with throwaway_slapd(load=write_people) as slapd, throwaway_postgres(settings=POSTGRES) as postgres:
        run_apart(migrate(postgres.dsn("wardwire", OWNER), today=datetime.now(UTC).date(), site_id=UUID(int=1)))
        run_apart(_turns(report, slapd, logins(postgres.plan).app, turns=5 if full else 3))


def write_people(path: Path) -> None:
    """Write the directory as LDIF."""
    lines = [f"dn: {SUFFIX}\nobjectClass: dcObject\nobjectClass: organization\no: Ward\ndc: ward\n"]
    lines.append(f"dn: {PEOPLE}\nobjectClass: organizationalUnit\nou: people\n")
    lines += [
        f"dn: uid=u{n},{PEOPLE}\nobjectClass: inetOrgPerson\nuid: u{n}\ncn: Nurse {n}\nsn: Family{n}\n"
        f"givenName: Given{n}\ndisplayName: Given{n} Family{n}\ntitle: nurse\ndepartmentNumber: D{n % 50}\n"
        f"telephoneNumber: +49 30 {n}\nl: C {n % 300}\npreferredLanguage: de\n"
        for n in range(COUNT)
    ]
    path.write_text("\n".join(lines))


class _Site:
    """What takes people in, as a core has it."""

    def __init__(self, connection: asyncpg.Connection, desk: DirectoryDesk, clock: SiteClock, slapd: Slapd) -> None:
        self.connection = connection
        self.live = LiveDirectory()
        self._desk = desk
        self._clock = clock
        plan = LdapPlan(
            servers=(slapd.plain,), bases=(PEOPLE,), filter=FILTER, tls=False, bind_dn=ADMIN,
            password_file=slapd.password_file, mapped=USUAL,
        )  # fmt: skip
        self._source = LdapSource(plan)

    async def sync(self, name: str) -> Synced:
        """Take all of it in as the people of one source."""
        way = Way(name=name, mapped=self._source.mapped, within=timedelta(minutes=10))
        return await sync_source(
            self.connection, self._desk, SYSTEM, lambda: self.live.directory, self._clock, way,
            lambda mark: self._source.read(mark, lambda count: None), by="bench", whole=True,
        )  # fmt: skip


async def _turns(report: Report, slapd: Slapd, dsn: str, *, turns: int) -> None:
    connection = await asyncpg.connect(dsn, server_settings=_SCHEMA)
    ledger = Ledger("bench/directory", open_connection=lambda: open_durable(dsn, without_standby="degraded"))
    clock = SiteClock()
    await clock.read(connection)
    site = _Site(connection, DirectoryDesk(ledger, clock), clock, slapd)
    took: dict[str, list[float]] = {"bare": [], "first": [], "unchanged": []}
    try:
        for nth in range(turns):
            name = f"turn{nth}"
            took["bare"].append(await _clocked(lambda: asyncio.to_thread(read_bare, slapd)))
            took["first"].append(await _clocked(lambda name=name: _expect(site, name, COUNT, 0)))  # type: ignore[misc]
            await site.live.refresh(connection)
            took["unchanged"].append(await _clocked(lambda name=name: _expect(site, name, 0, COUNT)))  # type: ignore[misc]
    finally:
        await ledger.close()
        await connection.close()
    for what, title, goal in (("first", "first sync", 3.0), ("unchanged", "nothing changed", 1.2)):
        ratios = [one / bare for one, bare in zip(took[what], took["bare"], strict=True)]
        report.add(
            Result(f"ldap.{what}", f"LDAP, 50,000 people, {title}", median(ratios), "bare paged read", goal, False)
        )
    report.note("LDAP, seconds", {what: median(each) for what, each in took.items()})


def read_bare(slapd: Slapd) -> None:
    """Read all of it, and do nothing with it."""
    place = ldap3.Server(slapd.plain, get_info=ldap3.NONE)
    names = sorted({name for names in USUAL.values() for name in names} | Standard().attributes)
    with ldap3.Connection(place, ADMIN, PASSWORD, raise_exceptions=True, check_names=False) as connection:
        found = connection.extend.standard.paged_search(
            PEOPLE, FILTER, attributes=names, paged_size=500, generator=True
        )
        count = sum(1 for _ in found)
    if count != COUNT:
        raise NotStored(f"the bare read found {count} people")


async def _expect(site: _Site, name: str, added: int, same: int) -> None:
    changes = (await site.sync(name)).changes
    if (len(changes.add), changes.same) != (added, same):
        raise NotStored(f"it was to be {added} add, {same} stay, and was {changes}")


async def _clocked(work: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await work()
    return time.perf_counter() - began
