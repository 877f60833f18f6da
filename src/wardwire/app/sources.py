"""Makes the sources of people that the settings name: how each is read, and how it is taken in."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import NamedTuple

from wardwire.app.ground import DIRECTORY, Ground
from wardwire.directory.desk import DirectoryDesk
from wardwire.directory.syncing import Way
from wardwire.engine.sources import LOOK_EVERY_S, Feeding, SourceWatch
from wardwire.engine.upkeep import keep
from wardwire.model.errors import Unavailable
from wardwire.model.syncing import Mapped
from wardwire.settings import Ldap, Settings, Sql, listeners
from wardwire.sources.contract import Source
from wardwire.sources.ldap import USUAL, LdapPlan, LdapSource
from wardwire.sources.sql import SqlPlan, SqlSource


class Made(NamedTuple):
    """A source, the way it is taken in, and how often a core does it; None = by hand alone."""

    way: Way
    source: Source
    every: timedelta | None
    kind: str = ""


def make_sources(settings: Settings) -> dict[str, Made]:
    """Make all of them, by name. Files that they need are read when they are."""
    found = [_ldap(one) for one in listeners("ldap", settings.ldap).values() if one.servers]
    found += [_sql(one) for one in listeners("sql", settings.sql).values() if one.url]
    return {made.way.name: made for made in found}


def _ldap(one: Ldap) -> Made:
    plan = LdapPlan(
        servers=_parts(one.servers, ","),
        bases=_parts(one.base, ";"),
        filter=one.filter,
        tls=one.tls == "required",
        authority=one.authority,
        bind_dn=one.bind_dn,
        password_file=one.password_file,
        id=one.id,
        groups_bases=_parts(one.groups_base, ";"),
        groups_filter=one.groups_filter,
        mapped=_mapped(one.fields) or USUAL,
        page=one.page,
        within_s=one.within_s,
    )
    source = LdapSource(plan)
    return Made(_way(one, source, whole_every_h=one.whole_every_h), source, _every(one.every_min), "ldap")


def _sql(one: Sql) -> Made:
    plan = SqlPlan(
        url=one.url,
        query=one.query,
        tls=one.tls == "required",
        authority=one.authority,
        password_file=one.password_file,
        id=one.id,
        mapped=_mapped(one.fields),
        within_s=one.within_s,
        most=one.rows_most,
    )
    source = SqlSource(plan)
    return Made(_way(one, source, whole_every_h=0), source, _every(one.every_min), "sql")


def _way(one: Ldap | Sql, source: Source, *, whole_every_h: float) -> Way:
    return Way(
        name=one.source,
        mapped=source.mapped,
        within=timedelta(seconds=one.within_s),
        whole_every=timedelta(hours=whole_every_h),
        removals=one.removals_percent / 100,
    )


def _every(minutes: float) -> timedelta | None:
    return timedelta(minutes=minutes) if minutes else None


def _mapped(fields: Mapping[str, str]) -> Mapped:
    return {field: _parts(names, ",") for field, names in fields.items()}


def _parts(text: str, by: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(by) if part.strip())


def make_source_watch(ground: Ground, desk: DirectoryDesk) -> SourceWatch | None:
    """Make what takes in those that have an interval; None where none has."""
    made = make_sources(ground.settings)
    feeding = {name: Feeding(one.way, one.source, one.every) for name, one in made.items() if one.every is not None}
    if not feeding:
        return None
    return SourceWatch(
        pool=ground.pool,
        clock=ground.clock,
        desk=desk,
        people=ground.people,
        writer=ground.lanes,
        rules=ground.rules,
        sources=feeding,
        node=ground.node,
    )


@contextlib.asynccontextmanager
async def open_sources(ground: Ground, tasks: asyncio.TaskGroup) -> AsyncIterator[None]:
    """Take in people at the intervals that the settings name."""
    ledger = ground.ledger("sources")

    def changed(version: int) -> None:
        ground.people.hint()
        with contextlib.suppress(Unavailable):
            ground.nats.publish(DIRECTORY, b"")

    watch = make_source_watch(ground, DirectoryDesk(ledger, ground.clock, changed))
    if watch is not None:
        tasks.create_task(keep("sources", LOOK_EVERY_S, watch.round, patience_s=None))
    try:
        yield
    finally:
        await ledger.close()
