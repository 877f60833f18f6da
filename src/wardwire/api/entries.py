"""The directory for a console that finds while nobody answers: all of it once, then what has changed."""

from __future__ import annotations

from uuid import UUID

import msgspec

from wardwire.api.directory import read_operation
from wardwire.api.operation import Answer, Call, Query
from wardwire.directory.entries import Entry, entry_of
from wardwire.model.errors import Code, Refused
from wardwire.model.matrix import Action, Owner, reaches
from wardwire.model.rights import Caller
from wardwire.store.entries import Place, read_changed

_MOST = 1_000
_BEGIN = Place(-1, UUID(int=0))


class Entries(msgspec.Struct, frozen=True):
    """What has changed, in the order in which it did.

    `next` is the `after` of the next page; null when this was the last. `cursor` is the `after` with which to ask
    later for what will have changed since.
    """

    data: list[Entry]
    next: str | None
    cursor: str


def _read(after: str | None) -> Place:
    if not after:
        return _BEGIN
    version, _, hex_id = after.partition(".")
    try:
        place = Place(int(version), UUID(hex_id))
    except ValueError:
        raise Refused(Code.INVALID, "no cursor of ours", parameter="after") from None
    if not -1 <= place.version < 1 << 62:
        raise Refused(Code.INVALID, "no cursor of ours", parameter="after")
    return place


def _write(place: Place) -> str:
    return f"{place.version}.{place.id.hex}"


def seen_by(caller: Caller, entry: Entry, id: UUID) -> Entry:
    """Leave the numbers out that the caller may not see."""
    if not entry.numbers or reaches(caller, Action.CONTACT_READ, [Owner(people=frozenset({id}))]):
        return entry
    return msgspec.structs.replace(entry, numbers=[])


async def list_(call: Call) -> Answer:
    """List entries of the directory, as they changed."""
    after, limit = _read(call.query["after"]), call.query["limit"]
    directory = call.deps.rules().directory
    found = await call.read(lambda c: read_changed(c, after, directory.version, limit + 1))
    page = found[:limit]
    cursor = _write(page[-1][0] if page else after)
    data = [seen_by(call.caller, entry_of(directory, kind, place.id), place.id) for place, kind in page]
    return Answer(body=Entries(data, cursor if len(found) > limit else None, cursor))


OPERATIONS = (
    read_operation(
        "listEntries",
        "/v1/search/entries",
        "List all that can be found, and later what has changed since: for a console that keeps a copy, to find while"
        " the site is away. What can no longer be found is said to be gone. Numbers are of those alone whose"
        " addresses the caller may see.",
        list_,
        Entries,
        Query(name="limit", kind="integer", about="So many at most.", least=1, most=_MOST, default=500),
        Query(name="after", kind="string", about="`next` of the page before, or `cursor` of the last time."),
        action=Action.CONTACT_READ,
        narrows=True,
    ),
)
