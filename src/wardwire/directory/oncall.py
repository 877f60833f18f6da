"""Changes to who is on call: rotations, shifts by hand, overrides. Each is a fact, and whom it concerns is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from wardwire.directory.desk import Change, DirectoryDesk
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.oncall import final
from wardwire.model.oncall_plan import LIVE, Agreed, Rota, Swap, check_rota
from wardwire.model.oncall_rights import require_owner
from wardwire.model.oncall_swap import follow
from wardwire.model.oncall_time import FIRST_YEAR, LAST_YEAR, find_zone, in_reach, instant_of
from wardwire.model.people import Role, Shift
from wardwire.model.rights import Caller
from wardwire.store import groups, oncall
from wardwire.store import roles as store
from wardwire.store.oncall import LayerText, Notice, text_of

LONGEST_SHIFT = timedelta(days=3660)
# An override that is asked for *from now* may be a moment late.
LATE = timedelta(minutes=1)
# Every core has the change by then, so that an alert that is looked at sees it.
SEEN_BY = timedelta(seconds=2)
# Who is told of a change: whose time changes within so long.
CONCERNS = timedelta(days=56)


class Span(NamedTuple):
    """From when to when, as it was meant.

    Attributes:
        notes: What is worth saying of it: a time that is left out that night, or comes twice.
    """

    starts_at: datetime
    ends_at: datetime
    notes: tuple[str, ...] = ()


def read_span(starts: datetime, ends: datetime, zone: ZoneInfo | None) -> Span:
    """Return the instants that two times mean; those without an offset are the wall's in `zone`.

    What comes twice is meant from its first time to its last: entered apart, shifts overlap rather than leave a gap.

    Raises:
        Refused: `INVALID`: a time without an offset where no zone is known, an end before its start, too long.
    """
    notes: list[str] = []
    found = []
    for word, wall in (("starts", starts), ("ends", ends)):
        if not in_reach(wall):
            said = f"a shift lies within the years {FIRST_YEAR} to {LAST_YEAR}"
            raise Refused(Code.INVALID, said, pointer=f"/{word}_at")
        if wall.tzinfo is not None:
            found.append(wall)
            continue
        if zone is None:
            raise Refused(
                Code.INVALID, "a time needs its offset, e.g. Z; or the role a schedule with a zone",
                pointer=f"/{word}_at",
            )  # fmt: skip
        meant = instant_of(wall, zone, last=word == "ends")
        found.append(meant.at)
        local = meant.at.astimezone(zone)
        if meant.moved:
            notes.append(f"{wall:%H:%M} is left out that day: it {word} at {local:%H:%M %Z}")
        if meant.twice:
            which = "first" if word == "starts" else "last"
            both = " and ".join(f"{wall:%H:%M} {wall.replace(tzinfo=zone, fold=nth):%Z}" for nth in (0, 1))
            notes.append(f"{wall:%H:%M} comes twice that day, {both}: it {word} with the {which}, {local:%H:%M %Z}")
    starts_at, ends_at = found
    if ends_at <= starts_at:
        raise Refused(Code.INVALID, "a shift ends after it starts", pointer="/ends_at")
    if ends_at - starts_at > LONGEST_SHIFT:
        raise Refused(Code.INVALID, f"a shift lasts at most {LONGEST_SHIFT.days} days", pointer="/ends_at")
    return Span(starts_at, ends_at, tuple(notes))


def zone_of(role: Role) -> ZoneInfo | None:
    """Return the zone of a role's schedule; None = it has none."""
    return find_zone(role.rota.zone) if role.rota else None


def say_time(at: datetime, role: Role) -> str:
    """Say an instant as the role's people read it: wall time with its offset."""
    zone = zone_of(role)
    return f"{at.astimezone(zone):%a %d %b %H:%M %Z}" if zone else f"{at:%a %d %b %H:%M} UTC"


async def set_schedule(
    desk: DirectoryDesk, caller: Caller, role_id: UUID, *, zone: str, layers: Sequence[LayerText]
) -> Role:
    """Set the rotations of a role; whose turns change within eight weeks is told. Answers with the whole role.

    Raises:
        Refused: `ZONE_UNKNOWN`, `SCHEDULE_INVALID`, `NOT_FOUND`, `NOT_PERMITTED`; nothing was changed.
    """
    rota = read_rota(zone, layers)

    async def work(change: Change) -> Role:
        before = await lock_role(change, role_id)
        require_owner(caller, before)
        await _check_people(change, [one for layer in rota.layers for one in layer.participants])
        await oncall.write_rota(change.connection, role_id, rota, change.version)
        after = replace(before, rota=rota)
        told = {
            "role": ids.write_id(ids.ROLE, role_id),
            "zone": zone,
            "layers": [
                {"name": one.name, "participants": list(text_of(one).participants), "starts": one.starts.isoformat(),
                 "length_h": one.length.total_seconds() / 3600}
                for one in rota.layers
            ],
        }  # fmt: skip
        change.record("schedule_set", told)
        await settle(change, before, after)
        return after

    return await desk.change(caller, work, scope=None)


def read_rota(zone: str, layers: Sequence[LayerText]) -> Rota:
    """Return rotations as the rules take them. Raises as `set_schedule`."""
    rota = Rota(zone, tuple(text.layer(f"/layers/{nth}") for nth, text in enumerate(layers)))
    check_rota(rota)
    return rota


async def set_people(
    desk: DirectoryDesk,
    caller: Caller,
    role_id: UUID,
    *,
    owners: Iterable[UUID] | None = None,
    swappers: Iterable[UUID] | None = None,
    viewers: Iterable[UUID] | None = None,
    monitors: Iterable[UUID] | None = None,
) -> Role:
    """Set who may do what with a role's schedule, and who gets silent copies; what is None stays.

    Raises:
        Refused: `NOT_FOUND`, `NOT_PERMITTED`.
    """
    asked = {"owners": owners, "swappers": swappers, "viewers": viewers, "monitors": monitors}
    wanted = {name: frozenset(people) for name, people in asked.items() if people is not None}

    async def work(change: Change) -> Role:
        before = await lock_role(change, role_id)
        require_owner(caller, before)
        await _check_people(change, [one for people in wanted.values() for one in people])
        after: Role = replace(before, **wanted)  # type: ignore[arg-type]
        await oncall.write_people(change.connection, after, change.version)
        written = {name: sorted(ids.write_id(ids.PERSON, one) for one in people) for name, people in wanted.items()}
        change.record("role_people_set", {"role": ids.write_id(ids.ROLE, role_id), **written})
        return after

    return await desk.change(caller, work, scope=None)


class Entered(NamedTuple):
    """A shift that was entered, with what is worth saying of it."""

    shift: Shift
    notes: tuple[str, ...] = ()


async def enter_shift(
    desk: DirectoryDesk,
    caller: Caller,
    role_id: UUID,
    *,
    person_id: UUID,
    starts: datetime,
    ends: datetime,
    override: bool = False,
) -> Entered:
    """Let a person hold a role in [starts, ends). Of overlapping shifts the latest written holds.

    Args:
        starts, ends: Instants, or the wall's times in the zone of the role's schedule (`read_span`).
        override: It goes before every swap, shift and rotation; so it cannot begin in the past.

    Raises:
        Refused: `INVALID` times, `TOO_LATE` for an override in the past, `NOT_FOUND`, `NOT_PERMITTED`.
    """

    async def work(change: Change) -> Entered:
        before = await lock_role(change, role_id)
        require_owner(caller, before)
        made = _make_shift(before, person_id, starts, ends, change.now, change.version, override=override)
        await store.insert_shift(change.connection, made.shift)
        told = {**told_of(made.shift), "notes": list(made.notes) or None}
        change.record("override_added" if override else "shift_added", told, person_id=person_id)
        await settle(change, before, replace(before, shifts=(*before.shifts, made.shift)))
        return made

    return await desk.change(caller, work, scope=None)


def foresee_override(role: Role, person_id: UUID, starts: datetime, ends: datetime, now: datetime) -> Entered:
    """Return an override as `enter_shift` would make it. Raises as it does."""
    latest = max((shift.version for shift in role.shifts), default=0)
    return _make_shift(role, person_id, starts, ends, now, latest + 1, override=True)


def _make_shift(
    role: Role, person_id: UUID, starts: datetime, ends: datetime, now: datetime, version: int, *, override: bool
) -> Entered:
    starts_at, ends_at, notes = read_span(starts, ends, zone_of(role))
    if override and starts_at < now - LATE:
        said = "an override changes what is to come: it cannot begin in the past"
        raise Refused(Code.TOO_LATE, said, pointer="/starts_at")
    if ends_at <= now:
        raise Refused(Code.INVALID, "this shift is over already", pointer="/ends_at")
    shift = Shift(
        id=ids.new_id(now),
        role_id=role.id,
        person_id=person_id,
        starts_at=max(starts_at, now) if override else starts_at,
        ends_at=ends_at,
        version=version,
        override=override,
    )
    return Entered(shift, notes)


async def take_shift_away(desk: DirectoryDesk, caller: Caller, shift_id: UUID) -> Shift:
    """Take a shift or an override away; twice is no fault.

    Raises:
        Refused: `NOT_FOUND`, `NOT_PERMITTED`.
    """

    async def work(change: Change) -> Shift:
        shift = await store.find_shift(change.connection, shift_id)
        if shift is None:
            raise Refused(Code.NOT_FOUND, "there is no such shift")
        before = await lock_role(change, shift.role_id)
        require_owner(caller, before)
        await store.cancel_shift(change.connection, shift_id, change.version, change.now)
        change.record("shift_cancelled", told_of(shift), person_id=shift.person_id)
        after = replace(before, shifts=tuple(one for one in before.shifts if one.id != shift_id))
        await settle(change, before, after)
        return shift

    return await desk.change(caller, work, scope=None)


async def move_shift(
    desk: DirectoryDesk,
    caller: Caller,
    shift_id: UUID,
    *,
    starts: datetime | None = None,
    ends: datetime | None = None,
) -> Entered:
    """Give a shift other times. Who has agreed on a swap of it is asked again; meanwhile the old plan holds.

    Raises:
        Refused: As `enter_shift`; `TOO_LATE` for a shift that is over.
    """

    async def work(change: Change) -> Entered:
        found = await store.find_shift(change.connection, shift_id)
        before = await lock_role(change, found.role_id) if found else None
        shift = next((one for one in before.shifts if one.id == shift_id), None) if before else None
        if before is None or shift is None:
            raise Refused(Code.NOT_FOUND, "there is no such shift, or it is over")
        require_owner(caller, before)
        starts_at, ends_at, notes = read_span(starts or shift.starts_at, ends or shift.ends_at, zone_of(before))
        if ends_at <= change.now:
            raise Refused(Code.INVALID, "this shift would be over already", pointer="/ends_at")
        moved = replace(shift, starts_at=starts_at, ends_at=ends_at, version=change.version)
        await oncall.move_shift(change.connection, moved)
        change.record("shift_moved", {**told_of(moved), "notes": list(notes) or None}, person_id=shift.person_id)
        others = tuple(one for one in before.shifts if one.id != shift_id)
        await settle(change, before, replace(before, shifts=(*others, moved)))
        return Entered(moved, notes)

    return await desk.change(caller, work, scope=None)


def told_of(shift: Shift) -> dict[str, str]:
    """Say a shift as its fact does."""
    return {
        "role": ids.write_id(ids.ROLE, shift.role_id),
        "shift": ids.write_id(ids.SHIFT, shift.id),
        "starts_at": shift.starts_at.isoformat(),
        "ends_at": shift.ends_at.isoformat(),
    }


async def lock_role(change: Change, role_id: UUID) -> Role:
    """Return a role as it is, locked until the change is committed. Raises `NOT_FOUND`."""
    role = await oncall.lock_role(change.connection, role_id, change.now)
    if role is None:
        raise Refused(Code.NOT_FOUND, "there is no such role")
    return role


async def settle(change: Change, before: Role, after: Role, texts: Mapping[UUID, str] = MappingProxyType({})) -> None:
    """Do what follows from a changed plan: swaps follow their shifts, whom it concerns is told, alerts follow.

    Args:
        texts: What some are told of it in other words.
    """
    told = dict(texts)
    swaps = []
    for swap in after.swaps:
        followed = follow(swap, after, change.now)
        swaps.append(followed)
        if followed == swap:
            continue
        await oncall.write_swap(change.connection, followed._replace(version=change.version))
        body = {"swap": ids.write_id(ids.SWAP, swap.id), "role": ids.write_id(ids.ROLE, after.id)}
        change.record(f"swap_{followed.state}", body)
        text = _about(followed, after)
        told |= {person_id: text for person_id in (swap.giver, swap.taker) if person_id not in told}
    live = tuple(swap for swap in swaps if swap.state in LIVE)
    await _tell_changed(change, before, replace(after, swaps=live), told)


def _about(swap: Swap, role: Role) -> str:
    """Say to both what has become of their swap with its shift."""
    written = ids.write_id(ids.SWAP, swap.id)
    match swap.state:
        case Agreed.ASKED if swap.moved is not None:
            begin, end = say_time(swap.moved[2], role), say_time(swap.moved[3], role)
            return (
                f"{role.name}: the shift has moved. Is the swap still right for {begin} to {end}?"
                f" Until both of you say so, the old plan holds. Swap {written}"
            )
        case Agreed.LAPSED:
            return f"{role.name}: the shift is gone or changed, and the swap with it. Swap {written}"
        case _:
            begin, end = say_time(swap.starts_at, role), say_time(swap.ends_at, role)
            return f"{role.name}: the swap is now for {begin} to {end}. Swap {written}"


async def _tell_changed(change: Change, before: Role, after: Role, said: dict[UUID, str]) -> None:
    """Tell everybody whose time on call changes; and let open alerts follow the role when it changes hands now."""
    end = change.now + CONCERNS
    stretches = [
        {
            (one.holding.person_id, one.starts_at, one.ends_at)
            for one in final(role, change.now, end)
            if one.holding is not None
        }
        for role in (before, after)
    ]
    old, new = stretches
    first: dict[UUID, tuple[datetime, datetime]] = {}
    for person_id, starts_at, ends_at in sorted(new - old, key=lambda one: one[1]):
        first.setdefault(person_id, (starts_at, ends_at))
    texts = {
        person_id: f"{after.name}: you are on call from {say_time(begin, after)} to {say_time(until, after)}."
        for person_id, (begin, until) in first.items()
    }
    for person_id, starts_at, ends_at in sorted(old - new, key=lambda one: one[1]):
        lost = f"from {say_time(starts_at, after)} to {say_time(ends_at, after)}"
        texts.setdefault(person_id, f"{after.name}: you are no longer on call {lost}.")
    await tell_people(change, texts | said)
    turns = [one[1] for one in old ^ new]
    if turns:
        await oncall.look_again(change.connection, after.id, max(min(turns), change.now + SEEN_BY))


async def tell_people(change: Change, texts: dict[UUID, str]) -> None:
    """Let people be told, once this change is committed; whoever has made it is not told of it."""
    notices = [
        Notice(ids.new_id(change.now), person_id, text)
        for person_id, text in texts.items()
        if person_id != change.caller.person_id
    ]
    if notices:
        await oncall.add_notices(change.connection, notices, change.now + SEEN_BY)


async def _check_people(change: Change, people: Sequence[UUID]) -> None:
    missing = await groups.find_missing(change.connection, list(dict.fromkeys(people))) if people else []
    if missing:
        named = [ids.write_id(ids.PERSON, one) for one in missing[:10]]
        raise Refused(Code.NOT_FOUND, "there is no such person", pointer="/layers", missing=named)
