"""Keeps what can be found as new as the directory, beside the work of a core and never in its way; and finds.

Changes wait in line and are taken in a few at a time, so that the event loop is never held for two milliseconds, also
when the index is built from nothing. Whoever holds a role now is asked again when the directory changes, and when a
role passes on.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import islice
from uuid import UUID

import msgspec

from wardwire.model import ids
from wardwire.model.canary import ROBOTS
from wardwire.model.coverage import covering
from wardwire.model.groups import members_of
from wardwire.model.oncall import FALLBACK, next_edge, on_call
from wardwire.model.people import Directory
from wardwire.model.places import PlaceKind, above
from wardwire.model.priority import Priority
from wardwire.model.routing import APP, kinds_of
from wardwire.model.search import Entry, Index, entry_of
from wardwire.store.directory import Changes

# So many are taken in before others have their turn: some hundred microseconds each at most.
SLICE = 4
LOOK_AGAIN_S = 1.0
MOST = 50

KINDS = {"person": ids.PERSON, "role": ids.ROLE, "group": ids.GROUP, "place": ids.PLACE}
_WORDS = {prefix: word for word, prefix in KINDS.items()}
DIALLED = frozenset({"pager", "phone", "sms", "voice"})
_PLACES = frozenset({PlaceKind.SITE, PlaceKind.BUILDING, PlaceKind.UNIT})


class Answering(msgspec.Struct, frozen=True):
    """Who answers for a role now, and by what they would be reached first: `app`, `email` …, or `none`."""

    id: str
    name: str
    reach: str


class Found(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was found.

    Attributes:
        kind: `person`, `role`, `group` or `place`.
        where: Departments and location; of a place, what it stands in.
        status: Of a person, as of now.
        reach: Of a person: by what a `high` message would try them first; `none` = by nothing.
        on_call: Of a person: the roles that they hold now.
        answers: Of a role, or of somebody who is covered for: who answers a `high` message now.
        people: Of a group: how many are in it.
    """

    kind: str
    id: str
    name: str
    title: str = ""
    where: str = ""
    status: str = ""
    reach: str = ""
    on_call: list[str] = []
    answers: list[Answering] = []
    people: int = 0


class Finder:
    """The index of one core.

    Args:
        desk: The site's operators' desk, which answers for a role that nobody holds.
    """

    def __init__(self, directory: Callable[[], Directory], now: Callable[[], datetime], *, desk: str = "") -> None:
        self._directory = directory
        self._now = now
        self._desk = desk
        self._index = Index()
        self._waiting: deque[Iterator[tuple[str, UUID]]] = deque()
        self._wake = asyncio.Event()
        self._roles_of: dict[UUID, list[UUID]] = {}
        self._ask_roles = True
        self._turn: datetime | None = None

    # Keeping -----------------------------------------------------------------------------------------------------

    def changed(self, changes: Changes) -> None:
        """Hear of changes of the directory; they are found some milliseconds later."""
        self._waiting.append(_touched(changes))
        self._ask_roles = True
        self._wake.set()

    async def run(self) -> None:
        """Keep the index, until cancelled."""
        while True:
            await self.catch_up()
            try:
                async with asyncio.timeout(LOOK_AGAIN_S):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()

    async def catch_up(self) -> None:
        """Take in all that waits, a slice at a time."""
        for _ in self._slices():
            await asyncio.sleep(0)

    def catch_up_at_once(self) -> None:
        """Take in all that waits; for a command that does nothing else."""
        for _ in self._slices():
            pass

    def _slices(self) -> Iterator[None]:
        while self._waiting:
            taken = list(islice(self._waiting[0], SLICE))
            if not taken:
                self._waiting.popleft()
                continue
            for kind, value in taken:
                entry = _entry(self._directory(), kind, value)
                if entry is None:
                    self._index.drop(value)
                else:
                    self._index.put(entry)
            yield
        now = self._now()
        if self._ask_roles or (self._turn is not None and self._turn <= now):
            self._ask_roles = False
            yield from self._call(now)

    def _call(self, now: datetime) -> Iterator[None]:
        directory, held = self._directory(), dict[UUID, list[UUID]]()
        turns = []
        for nth, role in enumerate(list(directory.roles.values())):
            if not role.disabled:
                for holding in on_call(role, directory, now).holdings:
                    if holding.rule != FALLBACK:
                        held.setdefault(holding.person_id, []).append(role.id)
                turns.append(next_edge(role, now))
            if nth % SLICE == SLICE - 1:
                yield
        self._turn = min([turn for turn in turns if turn is not None], default=None)
        self._roles_of = held
        called = list(held.keys() ^ self._index.on_call)
        for begin in range(0, len(called), SLICE):
            self._index.call(self._index.on_call ^ frozenset(called[begin : begin + SLICE]))
            yield

    # Finding -----------------------------------------------------------------------------------------------------

    def find(self, query: str, limit: int = 20, kind: str = "") -> list[Found]:
        """Return what is meant, the likeliest first; `kind` is one of KINDS, "" = all."""
        only = frozenset({KINDS[kind]} if kind else _WORDS)
        found = self._index.search(query, min(limit, MOST), only)
        directory, now = self._directory(), self._now()
        return [shown for entry in found if (shown := self._show(entry, directory, now)) is not None]

    def _show(self, entry: Entry, directory: Directory, now: datetime) -> Found | None:
        written = ids.write_id(entry.kind, entry.id)
        if entry.kind == ids.PERSON:
            person = directory.people[entry.id]
            if person.disabled:
                return None
            cover = covering(entry.id, directory, Priority.HIGH, now, self._desk).people if person.cover else ()
            return Found(
                kind="person",
                id=written,
                name=person.name,
                title=person.title,
                where=", ".join(filter(None, [*person.details.departments, person.details.location])),
                status=str(person.status_at(now)),
                reach=_reach(entry.id, directory, now),
                on_call=sorted(directory.roles[role].name for role in self._roles_of.get(entry.id, ())),
                answers=_answering(cover, directory, now),
            )
        if entry.kind == ids.ROLE:
            role = directory.roles[entry.id]
            return Found(kind="role", id=written, name=role.name, answers=self._holding(entry.id, directory, now))
        if entry.kind == ids.GROUP:
            people = len(members_of(directory, entry.id))
            return Found(kind="group", id=written, name=directory.groups[entry.id].name, people=people)
        place, *around = above(directory, entry.id)
        return Found(
            kind="place", id=written, name=place.name, title=place.kind, where=", ".join(p.name for p in around)
        )

    def _holding(self, role_id: UUID, directory: Directory, now: datetime) -> list[Answering]:
        answers = on_call(directory.roles[role_id], directory, now, self._desk)
        return _answering([holding.person_id for holding in answers.holdings], directory, now)


def _answering(people: Iterable[UUID], directory: Directory, now: datetime) -> list[Answering]:
    return [
        Answering(ids.write_id(ids.PERSON, one), directory.person_name(one), _reach(one, directory, now))
        for one in list(dict.fromkeys(people))[:10]
    ]


def _reach(person_id: UUID, directory: Directory, now: datetime) -> str:
    if directory.active_devices(person_id):
        return APP  # tried first of all
    if person_id not in directory.endpoints_of:
        return "none"
    return next(iter(kinds_of(directory, person_id, Priority.HIGH, now)), "none")


def _touched(changes: Changes) -> Iterator[tuple[str, UUID]]:
    yield from ((ids.PERSON, person.id) for person in changes.people)
    yield from ((ids.PERSON, endpoint.person_id) for endpoint in changes.endpoints)
    yield from ((ids.ROLE, role.id) for role in changes.roles)
    yield from ((ids.GROUP, group.id) for group in changes.groups)
    yield from ((ids.PLACE, place.id) for place in changes.places)


def _entry(directory: Directory, kind: str, value: UUID) -> Entry | None:
    """Make an entry of what stands in the directory now; None for what is not to be found."""
    if kind == ids.PERSON:
        person = directory.people[value]
        if person.disabled or value in ROBOTS:
            return None
        details = person.details
        ways = directory.endpoints_of.get(value, ())
        dialled = [one.address for one in ways if one.kind in DIALLED and not one.disabled]
        return entry_of(
            kind,
            value,
            [person.name, *details.other_names],
            [person.title, *details.departments, details.location],
            [*details.phones, *dialled],
            details.sorted_by,
        )
    if kind == ids.PLACE:
        place = directory.places[value]
        return None if place.disabled or place.kind not in _PLACES else entry_of(kind, value, [place.name])
    thing = directory.roles[value] if kind == ids.ROLE else directory.groups[value]
    return None if thing.disabled else entry_of(kind, value, [thing.name])
