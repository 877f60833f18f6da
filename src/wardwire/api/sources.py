"""Other directories over HTTP: which there are, a sync or its dry run, how it went, and the confirmation of removals.

A reading may take minutes: it is begun, and its report is asked for. The same is kept of each, whoever has begun it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, NamedTuple, Protocol
from uuid import UUID

import msgspec
from msgspec import Meta

from wardwire.api.operation import Answer, Call, Operation
from wardwire.directory.desk import DirectoryDesk
from wardwire.model import ids
from wardwire.model.errors import Code, Refused, Unavailable
from wardwire.model.matrix import Action
from wardwire.model.rights import Caller
from wardwire.model.sync_report import SyncReport
from wardwire.store.sources import Standing, list_sources, read_report


class SourceOut(msgspec.Struct, frozen=True):
    """Another directory that the settings name. `reading`: somebody reads it now. `every_s`: a core does so often."""

    name: str
    kind: str
    every_s: float | None
    reading: bool
    tried_at: datetime | None
    done_at: datetime | None
    whole_at: datetime | None
    said: str


class Sources(msgspec.Struct, frozen=True):
    """All other directories."""

    data: list[SourceOut]


class SyncIn(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How it is read. `whole`: all of it, not only what has changed; `who`: only those who bear this name there."""

    dry_run: bool = False
    whole: bool = False
    who: Annotated[str, Meta(max_length=200)] = ""


class SyncBegun(msgspec.Struct, frozen=True):
    """It is being read; its report will have this id."""

    id: str
    source: str


class ConfirmIn(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The report whose removals are right: so many may leave, and nobody more."""

    report: Annotated[str, Meta(min_length=1, max_length=60)]


class SyncPerson(msgspec.Struct, frozen=True):
    """Somebody whom a sync adds, changes or disables; `fields` change. `open`: something waits for them."""

    name: str
    id: str
    external_id: str
    fields: list[str]
    open: bool


class SyncPending(msgspec.Struct, frozen=True):
    """So many of those who are known would be disabled; it waits for a confirmation."""

    removals: int
    known: int


class SyncReportOut(msgspec.Struct, frozen=True):
    """How the last reading went. Of each kind the first 500 are named; the counts are of all.

    `state`: `done`, `looked` (a dry run), `refused` (nothing was changed) or `failed` (not read to its end).
    """

    id: str
    source: str
    state: str
    began_at: datetime
    ended_at: datetime
    by: str
    said: str
    dry_run: bool
    whole: bool
    added: int
    changed: int
    disabled: int
    same: int
    add: list[SyncPerson]
    change: list[SyncPerson]
    disable: list[SyncPerson]
    fault_count: int
    first_faults: list[str]
    groups_changed: list[str]
    groups_disabled: list[str]
    groups_same: int
    pending: SyncPending | None


class Named(NamedTuple):
    """A source of the settings: `every_s` None = it is read by hand alone."""

    name: str
    kind: str
    every_s: float | None


class Readers(Protocol):
    """Reads the other directories: app/readers.py."""

    def named(self) -> list[Named]:
        """List what the settings name."""
        ...

    async def begin(
        self,
        source: str,
        desk: DirectoryDesk,
        caller: Caller,
        *,
        dry_run: bool = False,
        whole: bool = False,
        who: str = "",
        removals: float | None = None,
    ) -> UUID:
        """Begin to read one; returns the id of its report as soon as nobody else can read it.

        Raises:
            Refused: `CONFLICT`: it is being read.
        """
        ...


def show_report(report: SyncReport) -> SyncReportOut:
    """Say how a reading went."""
    return msgspec.convert(report, SyncReportOut, from_attributes=True)


def _readers(call: Call) -> Readers:
    if call.deps.readers is None:
        raise Unavailable(Code.UNAVAILABLE, "this process reads no other directory")
    known: Readers = call.deps.readers
    return known


def _named(call: Call) -> Named:
    name = call.path["source"]
    for one in _readers(call).named():
        if one.name == name:
            return one
    raise Refused(Code.NOT_FOUND, f"the settings name no source {name[:60]!r}")


async def _report(call: Call, source: str) -> SyncReport:
    report = await call.read(lambda connection: read_report(connection, source))
    if report is None:
        raise Refused(Code.NOT_FOUND, "it was not read yet")
    return report


async def list_(call: Call) -> Answer:
    """List sources, and how they stand."""
    named, now = _readers(call).named(), call.deps.clock.now()
    standing = {one.name: one for one in await call.read(list_sources)}
    return Answer(body=Sources([_show(one, standing.get(one.name), now) for one in named]))


def _show(one: Named, standing: Standing | None, now: datetime) -> SourceOut:
    if standing is None:
        return SourceOut(one.name, one.kind, one.every_s, False, None, None, None, "")
    held = standing.held_until
    return SourceOut(
        one.name, one.kind, one.every_s, held is not None and held > now, standing.tried_at, standing.done_at,
        standing.whole_at, standing.said,
    )  # fmt: skip


async def begin(call: Call) -> Answer:
    """Begin to read one."""
    source, body = _named(call).name, call.body
    begun = await _readers(call).begin(
        source, call.deps.desk, call.caller, dry_run=body.dry_run, whole=body.whole, who=body.who
    )
    return Answer(body=SyncBegun(ids.write_id(ids.SYNC, begun), source), status=202)


async def show(call: Call) -> Answer:
    """Say how the last reading went."""
    return Answer(body=show_report(await _report(call, _named(call).name)))


async def confirm(call: Call) -> Answer:
    """Read it again, and let those leave who were reported."""
    source = _named(call).name
    report = await _report(call, source)
    if report.id != call.body.report or report.pending is None:
        raise Refused(Code.CONFLICT, "nothing of this report waits to be confirmed; read the last one again")
    begun = await _readers(call).begin(
        source, call.deps.desk, call.caller, whole=report.whole, removals=report.pending.share
    )
    return Answer(body=SyncBegun(ids.write_id(ids.SYNC, begun), source), status=202)


_PATH = "/v1/sources"


def _operation(
    id: str, method: str, path: str, about: str, handler: object, answer: object, status: int = 200, **more: Any
) -> Operation:
    return Operation(
        id=id, method=method, path=path, tag="directory", about=about, handler=handler,  # type: ignore[arg-type]
        answers={status: answer}, action=Action.DIRECTORY_WRITE, **more,
    )  # fmt: skip


OPERATIONS = (
    _operation("listSources", "GET", _PATH, "List other directories whose people are taken in.", list_, Sources),
    _operation(
        "beginSync", "POST", f"{_PATH}/{{source}}/sync",
        "Begin to read another directory and take in what it says, or with `dry_run` only look. Its report follows.",
        begin, SyncBegun, 202, body=SyncIn, refuses=(Code.NOT_FOUND, Code.CONFLICT), example={"dry_run": True},
    ),
    _operation(
        "getSync", "GET", f"{_PATH}/{{source}}/sync",
        "Say how the last reading of another directory went: whom it has changed, or would; what must be confirmed.",
        show, SyncReportOut, refuses=(Code.NOT_FOUND,),
    ),
    _operation(
        "confirmSync", "POST", f"{_PATH}/{{source}}/sync/confirm",
        "Confirm that those have left whom the last report names: it is read again, and so many may leave.",
        confirm, SyncBegun, 202, body=ConfirmIn, refuses=(Code.NOT_FOUND, Code.CONFLICT),
        example={"report": "syn_0190163d8694739bb2e34f0b5e3d9a4e"},
    ),
)  # fmt: skip
