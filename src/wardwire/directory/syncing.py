"""Takes in people of another directory: one reader at a time, compared with who is known, done whole or not at all.

What is read is given (`Read`); where it comes from is the matter of sources/. What changes is decided in
model/syncing.py and model/roster.py, and done by importing.py, as for a file.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import asyncpg

from wardwire.directory.desk import DirectoryDesk
from wardwire.directory.group_sync import sync_groups
from wardwire.directory.importing import Progress, import_people, name_busy
from wardwire.model import ids
from wardwire.model.clock import Clock
from wardwire.model.people import Directory, Person
from wardwire.model.rights import Caller
from wardwire.model.roster import REMOVALS_UNASKED, Changes, compare, known_of
from wardwire.model.sync_report import FAILED, SyncReport, report_reading
from wardwire.model.synced_groups import GroupChanges
from wardwire.model.syncing import Mapped, Reading, Taken, refusal, take
from wardwire.store.sources import claim_source, release_source

# Whoever reads has it for so long beyond the time that a reading may take.
SLACK = timedelta(minutes=10)

Read = Callable[[str], Awaitable[Reading]]
"""Reads what has changed since a mark, or all of it ("")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a source is taken in.

    Attributes:
        within: The longest that a reading takes.
        whole_every: So often it is read whole.
        removals: The share of those who are known that may leave at once.
    """

    name: str
    mapped: Mapped
    within: timedelta
    whole_every: timedelta = timedelta(hours=24)
    removals: float = REMOVALS_UNASKED


class Synced(NamedTuple):
    """What a reading has changed, or would.

    Attributes:
        busy: Of those who leave: for whom something is open.
        refused: Why none of it was done; "" = it was, or it was only looked at.
        whole: Everybody was read, and not only who has changed.
        groups: The same of groups; nothing where they were not read.
        report: What is kept of it.
    """

    changes: Changes
    taken: Taken
    busy: list[Person]
    refused: str
    whole: bool
    groups: GroupChanges
    report: SyncReport


class Held(Exception):
    """Another reader has the source, or its time has not come."""


async def sync_source(
    connection: asyncpg.Connection,
    desk: DirectoryDesk,
    caller: Caller,
    directory: Callable[[], Directory],
    clock: Clock,
    way: Way,
    read: Read,
    *,
    by: str,
    dry_run: bool = False,
    whole: bool = False,
    tried_before: datetime | None = None,
    progress: Progress = lambda done, of: None,
    report_id: UUID | None = None,
    began: Callable[[], None] = lambda: None,
) -> Synced:
    """Read a source and take in what it says. How it went is kept, however it ends (store/sources.py).

    Args:
        directory: What is known now.
        by: Names this reader among all.
        dry_run: Say what would change, and change nothing.
        whole: Read all of it, also when its last whole reading is not long ago.
        tried_before: Only if nobody has tried since.
        report_id: The id of the report, where somebody was told it before.
        began: Called as soon as nobody else can read it.

    Raises:
        Held: Another one reads it, or somebody has tried since.
        Refused, Unknown, Unavailable: As `import_people`; and whatever `read` raises: then nothing of it was taken
            in.
    """
    now = clock.now()
    claimed = await claim_source(
        connection, way.name, by=by, now=now, until=now + way.within + SLACK, tried_before=tried_before
    )
    if claimed is None:
        raise Held(way.name)
    began()
    mark, whole_at = claimed
    said, done, done_at = "broken off", None, None
    written = ids.write_id(ids.SYNC, report_id or ids.new_id(now))
    report = SyncReport(written, way.name, FAILED, now, now, by=caller.source, said=said, dry_run=dry_run)
    try:
        due = whole or whole_at is None or now - whole_at >= way.whole_every
        reading = await read("" if due else mark)
        taken, changes = await asyncio.to_thread(_decide, reading, way, list(directory().everybody()))
        refused = refusal(taken, changes, whole=reading.whole, removals=way.removals)
        busy = await name_busy(connection, changes.disable)
        said = refused or str(changes)
        if not refused and not dry_run:
            await import_people(desk, caller, changes, source=way.name, progress=progress)
        groups = GroupChanges()
        if not refused and reading.groups is not None:
            groups = await sync_groups(
                connection,
                desk,
                caller,
                reading,
                directory().groups,
                source=way.name,
                removals=way.removals,
                dry_run=dry_run,
            )
        if not refused and not dry_run:
            done, done_at = reading, clock.now()
        report = report_reading(
            report, changes, taken, groups, busy=busy, refused=refused, whole=reading.whole, removals=way.removals
        )
        return Synced(changes, taken, busy, refused, reading.whole, groups, report)
    except Exception as error:
        said = str(error)[:500] or type(error).__name__
        report = replace(report, said=said)
        raise
    finally:
        await release_source(
            connection,
            way.name,
            by=by,
            said=said,
            mark=done.mark or None if done else None,
            whole_at=now if done and done.whole else None,
            done_at=done_at,
            report=replace(report, ended_at=clock.now()),
        )


def _decide(reading: Reading, way: Way, people: list[Person]) -> tuple[Taken, Changes]:
    taken = take(reading.found, way.mapped, known_of(people, way.name))
    return taken, compare(taken.rows, people, way.name, whole=reading.whole and taken.certain, kept=taken.kept)
