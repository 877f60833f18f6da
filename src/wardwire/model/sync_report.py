"""What is kept of the last reading of another directory: whom it has changed, or would; what must be confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from wardwire.model import ids
from wardwire.model.details import FIELDS
from wardwire.model.people import Person
from wardwire.model.roster import NAME, TITLE, Changes
from wardwire.model.synced_groups import GroupChanges
from wardwire.model.syncing import Fault, Taken, unfit

MOST_NAMED = 500
MOST_FAULTS = 100
# How a reading ended.
DONE, LOOKED, REFUSED, FAILED = "done", "looked", "refused", "failed"


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody who is added, changed or disabled.

    Attributes:
        id: Ours; "" of who is new.
        external_id: The other directory's, of who is new.
        fields: Which fields change; never what they say.
        open: Of who leaves: a message is on its way to them, or an alert has them.
    """

    name: str
    id: str = ""
    external_id: str = ""
    fields: tuple[str, ...] = ()
    open: bool = False


@dataclass(frozen=True, slots=True)
class Pending:
    """So many of those who are known would be disabled that somebody must say that they have left."""

    removals: int
    known: int

    @property
    def share(self) -> float:
        """The share that may leave once this is confirmed: these, and nobody more."""
        return (self.removals + 0.5) / self.known


@dataclass(frozen=True, slots=True)
class SyncReport:
    """How a reading went. Of each kind the first 500 are named, the counts are of all.

    Attributes:
        state: `done`, `looked` (a dry run), `refused` (nothing was changed) or `failed` (it was not read to its end).
        said: Why it was refused, or failed; else what was changed in a line.
        by: Who asked for it, or which core at its interval.
        pending: What must be confirmed for it to be taken in.
    """

    id: str
    source: str
    state: str
    began_at: datetime
    ended_at: datetime
    by: str
    said: str
    dry_run: bool = False
    whole: bool = False
    added: int = 0
    changed: int = 0
    disabled: int = 0
    same: int = 0
    add: tuple[Named, ...] = ()
    change: tuple[Named, ...] = ()
    disable: tuple[Named, ...] = ()
    fault_count: int = 0
    first_faults: tuple[str, ...] = ()
    groups_changed: tuple[str, ...] = ()
    groups_disabled: tuple[str, ...] = ()
    groups_same: int = 0
    pending: Pending | None = None


def report_reading(
    report: SyncReport,
    changes: Changes,
    taken: Taken,
    groups: GroupChanges,
    *,
    busy: Sequence[Person],
    refused: str,
    whole: bool,
    removals: float,
) -> SyncReport:
    """Return a report with what a reading says.

    Args:
        report: Its beginning: whose it is, and when.
        busy: Of those who leave: for whom something is open.
        refused: Why none of it was done, or would be.
        removals: The share of those who are known that may leave at once.
    """
    known = len(changes.change) + len(changes.disable) + changes.same
    waits = refused and not unfit(taken, whole=whole) and changes.leave_more_than(removals)
    open_for = {person.id for person in busy}
    faults: list[Fault] = [*taken.faults, *groups.faults]
    return SyncReport(
        report.id,
        report.source,
        LOOKED if report.dry_run else REFUSED if refused else DONE,
        report.began_at,
        report.ended_at,
        report.by,
        refused or str(changes),
        report.dry_run,
        whole,
        len(changes.add),
        len(changes.change),
        len(changes.disable),
        changes.same,
        tuple(Named(row.name, external_id=row.id) for row in changes.add[:MOST_NAMED]),
        tuple(
            Named(after.name, ids.write_id(ids.PERSON, after.id), fields=_fields(before, after))
            for before, after in changes.change[:MOST_NAMED]
        ),
        tuple(
            Named(one.name, ids.write_id(ids.PERSON, one.id), open=one.id in open_for)
            for one in changes.disable[:MOST_NAMED]
        ),
        len(faults),
        tuple(str(fault)[:300] for fault in faults[:MOST_FAULTS]),
        tuple(wanted.name for _, wanted in groups.change[:MOST_NAMED]),
        tuple(group.name for group in groups.disable[:MOST_NAMED]),
        groups.same,
        Pending(len(changes.disable), known) if waits else None,
    )


def _fields(before: Person, after: Person) -> tuple[str, ...]:
    changed = [field for field in (NAME, TITLE, "disabled") if getattr(before, field) != getattr(after, field)]
    changed += [field for field in FIELDS if getattr(before.details, field) != getattr(after.details, field)]
    return tuple(changed)
