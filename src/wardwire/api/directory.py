"""What operations on the directory have in common: pages, finding, reading of ids, and how they are described."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Protocol, TypeVar
from uuid import UUID

from msgspec import UNSET, UnsetType

from wardwire.api import directory_wire as wire
from wardwire.api.operation import Answer, Call, Found, Identity, Operation, Query
from wardwire.api.paging import AFTER, LIMIT, cut, read_cursor
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.matrix import Action, Owner, unit_of
from wardwire.model.names import fold_name
from wardwire.model.people import Directory, Shift
from wardwire.store.roles import find_shift as find_shift_row

T = TypeVar("T")


class _Named(Protocol):
    @property
    def id(self) -> UUID: ...

    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=_Named)


def given(value: T | UnsetType) -> T | None:
    """Return what was given, or None where nothing was."""
    return None if value is UNSET else value


async def changed(call: Call, answer: Answer) -> Answer:
    """Answer a change once this core has seen it too."""
    await call.deps.refresh()
    return answer


def cut_page(call: Call, prefix: str, path: str, things: Iterable[N]) -> tuple[list[N], str | None, dict[str, str]]:
    """Cut a page out of all: in the order of ids, which is that in which they were made."""
    limit, after, name = call.query["limit"], call.query["after"], call.query.get("name")
    behind = read_cursor(prefix, after or None, UUID(int=0))
    wanted = fold_name(name) if name else None
    found = sorted(
        (t for t in things if t.id > behind and (wanted is None or fold_name(t.name) == wanted)), key=lambda t: t.id
    )
    return cut(found, limit, lambda thing: ids.write_id(prefix, thing.id), path, name=name)


def find(table: dict[UUID, T], key: UUID) -> T:
    """Return what has this id. Raises `NOT_FOUND`."""
    found = table.get(key)
    if found is None:
        raise Refused(Code.NOT_FOUND, "there is nothing of this id")
    return found


async def find_person(call: Call) -> Found:
    """Find whose matters those of the person are: their own, and of the units where they have beds now."""
    directory, now = call.deps.rules().directory, call.deps.clock.now()
    person_id = call.id(ids.PERSON, "person_id")
    beds = (
        bed
        for bed, held in directory.assignments.items()
        if any(one.person_id == person_id and one.holds(now) for one in held)
    )
    units = frozenset(unit for bed in beds if (unit := unit_of(directory, bed)) is not None)
    return Found([Owner(people=frozenset({person_id}), units=units)])


async def find_role(call: Call) -> Found:
    """Find whose a role's schedule is: its owners'."""
    role = call.deps.rules().directory.roles.get(call.id(ids.ROLE, "role_id"))
    if role is None:
        raise Refused(Code.NOT_FOUND, "there is nothing of this id")
    return Found([Owner(people=role.owners)])


async def find_shift(call: Call) -> Found:
    """Find whose a shift by hand is: its role's owners'."""
    shift = await call.read(lambda connection: find_shift_row(connection, call.id(ids.SHIFT, "shift_id")))
    role = call.deps.rules().directory.roles.get(shift.role_id) if shift else None
    if role is None:
        raise Refused(Code.NOT_FOUND, "there is nothing of this id")
    return Found([Owner(people=role.owners)])


def read_people(written: Sequence[str], pointer: str) -> list[UUID]:
    """Read ids of people in a body. Raises `INVALID`."""
    return read_ids(ids.PERSON, written, pointer)


def read_ids(prefix: str, written: Sequence[str], pointer: str) -> list[UUID]:
    """Read ids in a body. Raises `INVALID`, with the place of what is none."""
    found = []
    for nth, text in enumerate(written):
        try:
            found.append(ids.read_id(prefix, text))
        except Refused as error:
            raise Refused(Code.INVALID, error.detail, pointer=f"{pointer}/{nth}") from None
    return found


def read_person(written: str, pointer: str) -> UUID:
    """Read the id of a person in a body. Raises `INVALID`."""
    (found,) = read_people([written], pointer)
    return found


def show_shift(shift: Shift, directory: Directory, notes: Sequence[str] = ()) -> wire.ShiftOut:
    """Say who holds a role when."""
    holder = directory.people.get(shift.person_id)
    return wire.ShiftOut(
        id=ids.write_id(ids.SHIFT, shift.id),
        person=ids.write_id(ids.PERSON, shift.person_id),
        name=holder.name if holder else "",
        starts_at=shift.starts_at,
        ends_at=shift.ends_at,
        override=shift.override,
        notes=list(notes),
    )


_NAME = Query(name="name", kind="string", about="Only of this name, whatever its case.")
PAGE = (LIMIT, AFTER, _NAME)
WRITES = (Code.TEXT_BLANK, Code.TEXT_TOO_LONG, Code.COMMIT_UNKNOWN)
NAMED = (*WRITES, Code.NAME_TAKEN, Code.NOT_FOUND, Code.TOO_MANY)


def read_operation(
    id: str,
    path: str,
    about: str,
    handler: Callable[[Call], object],
    answer: object,
    *query: Query,
    action: Action = Action.DIRECTORY_READ,
    find: Callable[[Call], Awaitable[Found]] | None = None,
    narrows: bool = False,
) -> Operation:
    """Describe an operation that reads: what everybody may see, unless `action` says another."""
    refuses = (Code.NOT_FOUND,) if "{" in path else ()
    return Operation(
        id=id, method="GET", path=path, tag="directory", about=about, handler=handler,  # type: ignore[arg-type]
        answers={200: answer}, query=query, refuses=refuses, action=action, find=find, narrows=narrows,
    )  # fmt: skip


def write_operation(
    id: str,
    method: str,
    path: str,
    about: str,
    handler: Callable[[Call], object],
    body: object,
    status: int,
    answer: object,
    *refuses: Code,
    guarded: bool = False,
    example: object = None,
    action: Action = Action.DIRECTORY_WRITE,
    find: Callable[[Call], Awaitable[Found]] | None = None,
) -> Operation:
    """Describe an operation that changes the directory; what makes something takes an Idempotency-Key,
    what is `guarded` an If-Match."""
    refuses = refuses or (*WRITES, Code.NOT_FOUND)
    makes = status == 201
    if makes:
        refuses = (*refuses, Code.ID_REUSED, Code.CONFLICT)
    return Operation(
        id=id, method=method, path=path, tag="directory", about=about, handler=handler,  # type: ignore[arg-type]
        body=body, answers={status: answer}, refuses=refuses, example=example, guarded=guarded,
        action=action, find=find,
        identity=Identity.OPTIONAL if makes else Identity.NONE,
    )  # fmt: skip
