"""Changes to places, and to who has which bed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import available_timezones

from wardwire.directory.desk import Change, DirectoryDesk
from wardwire.directory.people import check_version
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.names import clean_name
from wardwire.model.places import INSIDE, Assignment, Place, PlaceKind, Rank
from wardwire.model.rights import Caller
from wardwire.store import places as store

LONGEST_ASSIGNMENT = timedelta(days=366)
MAX_AT_ONCE = 10_000


class Turn(NamedTuple):
    """Somebody is to have a bed in [starts_at, ends_at); without an end until changed."""

    place_id: UUID
    person_id: UUID
    rank: Rank
    starts_at: datetime
    ends_at: datetime | None


async def add_place(
    desk: DirectoryDesk,
    caller: Caller,
    *,
    kind: PlaceKind,
    name: str,
    parent: UUID | None = None,
    policy: UUID | None = None,
    zone: str = "",
) -> Place:
    """Add a site, a building, a unit, a room or a bed.

    Args:
        zone: Of a site: its time zone, as the IANA calls it.

    Raises:
        Refused: `NAME_TAKEN`, `NOT_FOUND` (parent, policy), `INVALID` (it cannot stand there; an unknown zone),
            `NOT_PERMITTED`, and what a name may not be.
    """
    name = clean_name(name)
    check_zone(kind, zone)
    _check_policy(kind, policy)

    async def work(change: Change) -> Place:
        within = await store.lock_place(change.connection, parent) if parent else None
        if parent is not None and within is None:
            raise Refused(Code.NOT_FOUND, "there is no such place", pointer="/parent")
        _check_inside(kind, within)
        place = Place(
            id=ids.new_id(change.now),
            kind=kind,
            name=name,
            parent=parent,
            policy=policy,
            zone=zone,
            version=change.version,
        )
        await store.insert_places(change.connection, [place], change.version)
        change.record("place_added", {**_told(place), "kind": kind.value, "parent": _place(parent)})
        return place

    return await desk.change(caller, work)


async def change_place(
    desk: DirectoryDesk,
    caller: Caller,
    place_id: UUID,
    *,
    name: str | None = None,
    policy: UUID | None = None,
    no_policy: bool = False,
    zone: str | None = None,
    parent: UUID | None = None,
    disabled: bool | None = None,
    expected: int | None = None,
) -> Place:
    """Change what is not None; `no_policy` takes the policy away. A unit may move to another `parent`.

    Args:
        expected: The version that the change was decided on; None = any.

    Raises:
        Refused: As `add_place`, and `NOT_FOUND`, `CHANGED_SINCE`.
    """
    name = None if name is None else clean_name(name)

    async def work(change: Change) -> Place:
        before = await store.lock_place(change.connection, place_id)
        if before is None:
            raise Refused(Code.NOT_FOUND, "there is no such place")
        check_version(before.version, expected)
        if zone is not None:
            check_zone(before.kind, zone)
        _check_policy(before.kind, policy)
        if parent is not None:
            if before.kind is not PlaceKind.UNIT:
                raise Refused(Code.INVALID, "only a unit can move", pointer="/parent")
            within = await store.lock_place(change.connection, parent)
            if within is None:
                raise Refused(Code.NOT_FOUND, "there is no such place", pointer="/parent")
            _check_inside(before.kind, within)
        after = replace(
            before,
            name=name or before.name,
            policy=None if no_policy else policy or before.policy,
            zone=before.zone if zone is None else zone,
            parent=parent or before.parent,
            version=change.version,
            disabled=before.disabled if disabled is None else disabled,
        )
        await store.update_place(change.connection, after, change.version, change.now)
        told = {**_told(after), "parent": _place(after.parent), "disabled": after.disabled}
        change.record("place_changed", told)
        return after

    return await desk.change(caller, work)


async def assign(desk: DirectoryDesk, caller: Caller, turns: Sequence[Turn]) -> list[Assignment]:
    """Give beds to people, a whole shift at once; all of it or nothing. The latest written of overlapping ones holds.

    Raises:
        Refused: `INVALID` times, `NOT_FOUND` (place, person), `TOO_MANY`, `NOT_PERMITTED`.
    """
    if len(turns) > MAX_AT_ONCE:
        raise Refused(Code.TOO_MANY, f"at most {MAX_AT_ONCE} at once", pointer="/assignments")
    for nth, turn in enumerate(turns):
        _check_times(turn, f"/assignments/{nth}")

    async def work(change: Change) -> list[Assignment]:
        made = [Assignment(id=ids.new_id(change.now), version=change.version, **turn._asdict()) for turn in turns]
        if made:
            await store.insert_assignments(change.connection, made)
        change.record(
            "beds_assigned",
            {
                "count": len(made),
                "beds": [
                    [ids.write_id(ids.PLACE, a.place_id), ids.write_id(ids.PERSON, a.person_id), a.rank.value,
                     a.starts_at.isoformat(), a.ends_at.isoformat() if a.ends_at else None]
                    for a in made
                ],
            },
        )  # fmt: skip
        return made

    return await desk.change(caller, work)


async def cancel_assignment(desk: DirectoryDesk, caller: Caller, assignment_id: UUID) -> Assignment:
    """Take a bed from somebody; twice is no fault.

    Raises:
        Refused: `NOT_FOUND`, `NOT_PERMITTED`.
    """

    async def work(change: Change) -> Assignment:
        gone = await store.cancel_assignment(change.connection, assignment_id, change.version, change.now)
        if gone is None:
            raise Refused(Code.NOT_FOUND, "there is no such assignment")
        told = {"assignment": ids.write_id(ids.ASSIGNMENT, gone.id), "place": _place(gone.place_id)}
        change.record("assignment_cancelled", told, person_id=gone.person_id)
        return gone

    return await desk.change(caller, work)


def check_zone(kind: PlaceKind, zone: str) -> None:
    """Raise `INVALID` unless a site has a zone that there is, and nothing else has one."""
    if kind is not PlaceKind.SITE:
        if zone:
            raise Refused(Code.INVALID, "the zone of a place is that of its site", pointer="/zone")
    elif zone not in available_timezones():
        raise Refused(Code.INVALID, "there is no such time zone; e.g. Europe/Berlin", pointer="/zone")


def _check_policy(kind: PlaceKind, policy: UUID | None) -> None:
    if policy is not None and kind in (PlaceKind.SITE, PlaceKind.BUILDING):
        raise Refused(Code.INVALID, "a policy is that of a unit", pointer="/policy")


def _check_inside(kind: PlaceKind, within: Place | None) -> None:
    if (within.kind if within else None) not in INSIDE[kind]:
        stands = " or in a ".join(sorted(each for each in INSIDE[kind] if each)) or "nothing"
        raise Refused(Code.INVALID, f"a {kind} stands in a {stands}", pointer="/parent")


def _check_times(turn: Turn, at: str) -> None:
    for pointer, instant in (("starts_at", turn.starts_at), ("ends_at", turn.ends_at)):
        if instant is not None and instant.tzinfo is None:
            raise Refused(Code.INVALID, "an instant needs its offset, e.g. Z", pointer=f"{at}/{pointer}")
    if turn.ends_at is not None and not timedelta(0) < turn.ends_at - turn.starts_at <= LONGEST_ASSIGNMENT:
        raise Refused(Code.INVALID, "it ends after it starts, within a year", pointer=f"{at}/ends_at")


def _told(place: Place) -> dict[str, object]:
    policy = ids.write_id(ids.POLICY, place.policy) if place.policy else None
    return {"place": _place(place.id), "name": place.name, "policy": policy, "zone": place.zone or None}


def _place(place_id: UUID | None) -> str | None:
    return ids.write_id(ids.PLACE, place_id) if place_id else None
