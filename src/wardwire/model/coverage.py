"""What a status means for routing, and who covers for somebody: one table, and a chain that is followed.

A cover is written as it was said: `per_…` or `rol_…`, `number:…` (the operators' desk transfers), `hold` (kept until
they are back; never `code` or `high`), or "" for none. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.oncall import at_desk, next_change, on_call
from wardwire.model.people import Directory, Status
from wardwire.model.priority import Priority

# Why somebody gets an alert (model/routing.py).
COVERS, COVERED = "covers:", "covered:"
HOLD = "hold"
NUMBER = "number:"
_DIGITS = re.compile(r"[+0-9][0-9 ()./-]{1,38}")
_ALL = frozenset(Priority)
_URGENT = frozenset({Priority.CODE, Priority.HIGH})


class Meaning(NamedTuple):
    """What a status means.

    Attributes:
        rings: Of which priorities a device makes itself heard. What does not ring is still delivered, and shown.
        covered: Alerts of which priorities go to the cover, where there is one. A `code` rings both.
    """

    rings: frozenset[Priority]
    covered: frozenset[Priority]


MEANINGS: Mapping[Status, Meaning] = MappingProxyType(
    {
        Status.AVAILABLE: Meaning(_ALL, frozenset()),
        Status.BUSY: Meaning(_URGENT | {Priority.MEDIUM}, frozenset({Priority.MEDIUM, Priority.LOW})),
        Status.IN_PROCEDURE: Meaning(_URGENT, _ALL),
        Status.DO_NOT_DISTURB: Meaning(_URGENT, _ALL),
        Status.OFF: Meaning(_URGENT, _ALL),
    }
)


class Meant(NamedTuple):
    """What this site says that a status means; `rings` None = what is usual again."""

    status: Status
    rings: frozenset[Priority] | None
    covered: frozenset[Priority] | None
    version: int = 0

    @property
    def meaning(self) -> Meaning:
        """What it means."""
        if self.rings is None or self.covered is None:
            return MEANINGS[self.status]
        return Meaning(self.rings, self.covered)


def meaning_of(directory: Directory, status: Status) -> Meaning:
    """Return what a status means at this site."""
    meant = directory.meanings.get(status)
    return MEANINGS[status] if meant is None else meant.meaning


def check_meaning(status: Status, meaning: Meaning) -> None:
    """Refuse what would silence `code`, and covers of who is there.

    Raises:
        Refused: `INVALID` with a pointer.
    """
    if Priority.CODE not in meaning.rings:
        raise Refused(Code.INVALID, "a site may not silence code: leave it among them", pointer="/rings")
    if status is Status.AVAILABLE and meaning.covered:
        raise Refused(Code.INVALID, "whoever is available has no cover", pointer="/covered")


class Covering(NamedTuple):
    """Who covers for somebody.

    Attributes:
        people: Who gets it instead; () = nobody could: it stays with whom it was for.
        turns: Instants at which that may change.
    """

    people: tuple[UUID, ...]
    turns: tuple[datetime, ...] = ()


def covering(person_id: UUID, directory: Directory, priority: Priority, now: datetime, desk: str) -> Covering:
    """Return who gets an alert of a priority in somebody's stead: along the chain of covers, to its end.

    A chain that comes back to where it was, or ends with somebody who is disabled, covers nothing: nobody is a black
    hole. What cannot be agreed on beforehand (a role that changes hands) is so judged at the instant.
    """
    turns: list[datetime] = []
    found = _follow(person_id, directory, priority, now, desk, frozenset(), turns)
    return Covering(() if person_id in found else found, tuple(turns))


def _follow(
    person_id: UUID, directory: Directory, priority: Priority, now: datetime, desk: str, seen: frozenset[UUID],
    turns: list[datetime],
) -> tuple[UUID, ...]:  # fmt: skip
    person = directory.people.get(person_id)
    if person is None or person.disabled or person_id in seen:
        return ()
    if person.status_until is not None and person.status_until > now:
        turns.append(person.status_until)
    cover = person.cover_at(now)
    if not cover or cover == HOLD or priority not in meaning_of(directory, person.status_at(now)).covered:
        return (person_id,) if seen else ()
    if cover.startswith(NUMBER):
        return at_desk(directory, now, desk)
    found: list[UUID] = []
    for each in _named(cover, directory, now, desk, turns):
        found += _follow(each, directory, priority, now, desk, seen | {person_id}, turns)
    return tuple(dict.fromkeys(found))


def _named(cover: str, directory: Directory, now: datetime, desk: str, turns: list[datetime]) -> list[UUID]:
    """Return whom a cover names now."""
    if cover.startswith(ids.PERSON):
        return [ids.read_id(ids.PERSON, cover)]
    role = directory.roles.get(ids.read_id(ids.ROLE, cover))
    if role is None or role.disabled:
        return []
    turn = next_change(role, directory, now, desk)
    turns += [turn] if turn else []
    return [holding.person_id for holding in on_call(role, directory, now, desk).holdings]


def held(directory: Directory, status: Status, cover: str, priority: Priority) -> bool:
    """Whether a message is kept until its person is back: delivered in silence."""
    return cover == HOLD and priority in meaning_of(directory, status).covered and priority not in _URGENT


def check_cover(directory: Directory, person_id: UUID, status: Status, cover: str, now: datetime, desk: str) -> str:
    """Return a cover in its normal form, if it can be gone by.

    Raises:
        Refused: `COVER_REQUIRED`: off without one; `COVERAGE_LOOP` with the chain of names; `INVALID`, `NOT_FOUND`.
    """
    cover = cover.strip()
    if status is Status.AVAILABLE:
        return ""
    if not cover:
        if status is Status.OFF:
            raise Refused(
                Code.COVER_REQUIRED, "say who covers: a person, a role, number:…, or hold", pointer="/cover"
            )
        return ""
    if cover == HOLD:
        return cover
    if cover.startswith(NUMBER):
        digits = cover.removeprefix(NUMBER).strip()
        if not _DIGITS.fullmatch(digits):
            raise Refused(Code.INVALID, "not a number that can be dialled", pointer="/cover")
        return NUMBER + digits
    kind = cover[:3]
    if kind not in (ids.PERSON, ids.ROLE):
        raise Refused(Code.INVALID, "a cover is per_…, rol_…, number:… or hold", pointer="/cover")
    table: Mapping[UUID, object] = directory.people if kind == ids.PERSON else directory.roles
    if ids.read_id(kind, cover) not in table:
        raise Refused(Code.NOT_FOUND, "there is no such person or role", pointer="/cover")
    chain = find_loop(directory, person_id, cover, now, desk)
    if chain:
        names = [directory.person_name(one) for one in chain]
        raise Refused(
            Code.COVERAGE_LOOP, f"this comes back to where it began: {' → '.join(names)}", pointer="/cover",
            chain=names,
        )  # fmt: skip
    return cover


def find_loop(directory: Directory, person_id: UUID, cover: str, now: datetime, desk: str) -> tuple[UUID, ...]:
    """Return the chain by which a cover would come back to its person; () = it does not."""

    def walk(cover: str, chain: tuple[UUID, ...]) -> tuple[UUID, ...]:
        if not cover or cover == HOLD or cover.startswith(NUMBER):
            return ()
        for each in _named(cover, directory, now, desk, []):
            if each == person_id:
                return (*chain, each)
            person = directory.people.get(each)
            if person is None or each in chain:
                continue
            found = walk(person.cover_at(now), (*chain, each))
            if found:
                return found
        return ()

    return walk(cover, (person_id,))


def say_cover(directory: Directory, cover: str) -> str:
    """Say who covers: `Dr. Okafor`, `the role Cardiology 1st`, `+1 555 0100, through the desk`, `kept`."""
    if not cover:
        return ""
    if cover == HOLD:
        return "kept"
    if cover.startswith(NUMBER):
        return f"{cover.removeprefix(NUMBER)}, through the desk"
    if cover.startswith(ids.PERSON):
        return directory.person_name(ids.read_id(ids.PERSON, cover))
    role = directory.roles.get(ids.read_id(ids.ROLE, cover))
    return f"the role {role.name}" if role else ""
