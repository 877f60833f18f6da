"""Swaps of shifts: offered, answered, withdrawn; and asked about again when their shift moves. Each is a fact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from wardwire.directory.desk import Change, DirectoryDesk
from wardwire.directory.oncall import lock_role, read_span, say_time, settle, tell_people, zone_of
from wardwire.model import ids, oncall_swap
from wardwire.model.errors import Code, Refused
from wardwire.model.oncall_plan import LIVE, Agreed, Swap
from wardwire.model.oncall_rights import require_owner
from wardwire.model.people import Role
from wardwire.model.rights import Caller
from wardwire.store import oncall
from wardwire.store.people import find_person


async def offer_swap(
    desk: DirectoryDesk,
    caller: Caller,
    role_id: UUID,
    *,
    shift: str,
    taker: UUID,
    starts: datetime | None = None,
    ends: datetime | None = None,
) -> tuple[Swap, tuple[str, ...]]:
    """Offer a shift, or a part of it; its taker is asked. Answers with what is worth saying of its times, too.

    Everybody offers their own, whoever may change the schedule also for another.

    Args:
        shift: `shf_…`, or a layer's name with the number of a turn (`weeks/12`).
        starts, ends: Instants, or the wall's times; None = of the whole shift.

    Raises:
        Refused: As model/oncall_swap.offer and `read_span`; `NOT_FOUND`, `NOT_PERMITTED`.
    """

    async def work(change: Change) -> tuple[Swap, tuple[str, ...]]:
        role = await lock_role(change, role_id)
        bound = oncall_swap.find_shift(role, shift)
        if bound is None or bound.person_id != caller.person_id:
            require_owner(caller, role)
        part, notes = None, tuple[str, ...]()
        if bound is not None and (starts or ends):
            span = read_span(starts or bound.starts_at, ends or bound.ends_at, zone_of(role))
            part, notes = (span.starts_at, span.ends_at), span.notes
        if await find_person(change.connection, taker) is None:
            raise Refused(Code.NOT_FOUND, "there is no such person", pointer="/taker")
        made = oncall_swap.offer(
            role, shift, taker, part, change.now, swap_id=ids.new_id(change.now), version=change.version
        )
        await oncall.write_swap(change.connection, made)
        record(change, "swap_offered", made)
        giver = await name_of(change, made.giver)
        asks = f"{role.name}: {giver} asks you to take {say_part(made, role)}."
        await tell_people(change, {taker: f"{asks} Swap {ids.write_id(ids.SWAP, made.id)}"})
        return made, notes

    return await desk.change(caller, work, scope=None)


async def answer_swap(
    desk: DirectoryDesk, caller: Caller, swap_id: UUID, *, accept: bool, person_id: UUID | None = None
) -> Swap:
    """Say yes or no to a swap. Everybody answers for themselves, whoever may change the schedule also for another.

    Args:
        person_id: Who says it; None = the caller.

    Raises:
        Refused: As model/oncall_swap.answer; `NOT_FOUND`, `NOT_PERMITTED`.
    """

    async def work(change: Change) -> Swap:
        before, role = await _lock(change, swap_id)
        who = person_id or caller.person_id
        if who is None:
            raise Refused(Code.INVALID, "say who answers", pointer="/person")
        if who != caller.person_id:
            require_owner(caller, role)
        after = oncall_swap.answer(before, who, accept=accept, now=change.now)._replace(version=change.version)
        word = {Agreed.ACCEPTED: "swap_accepted", Agreed.DECLINED: "swap_declined"}.get(after.state, "swap_agreed")
        await oncall.write_swap(change.connection, after)
        record(change, word, after, person_id=who)
        other = after.giver if who == after.taker else after.taker
        texts: Mapping[UUID, str] = {}
        if after.state in (Agreed.ACCEPTED, Agreed.DECLINED):
            name = await name_of(change, who)
            texts = {other: f"{role.name}: {name} has {after.state} the swap of {say_part(after, role)}."}
        others = tuple(one for one in role.swaps if one.id != swap_id)
        changed = replace(role, swaps=(*others, after) if after.state in LIVE else others)
        await settle(change, role, changed, texts)
        return after

    return await desk.change(caller, work, scope=None)


async def withdraw_swap(desk: DirectoryDesk, caller: Caller, swap_id: UUID) -> Swap:
    """Take an offer back, before it is accepted; twice is no fault.

    Raises:
        Refused: `NOT_FOUND`, `NOT_PERMITTED`, `TOO_LATE` for one that is agreed on.
    """

    async def work(change: Change) -> Swap:
        before, role = await _lock(change, swap_id)
        if before.giver != caller.person_id:
            require_owner(caller, role)
        if before.state is Agreed.WITHDRAWN:
            return before
        if before.state is not Agreed.OFFERED:
            raise Refused(Code.TOO_LATE, f"this swap is {before.state}: put an override in front of it")
        after = before._replace(state=Agreed.WITHDRAWN, version=change.version)
        await oncall.write_swap(change.connection, after)
        record(change, "swap_withdrawn", after)
        await tell_people(change, {after.taker: f"{role.name}: {say_part(after, role)} is no longer offered to you."})
        return after

    return await desk.change(caller, work, scope=None)


def say_part(swap: Swap, role: Role) -> str:
    """Say which part of a shift a swap is about."""
    return f"{say_time(swap.starts_at, role)} to {say_time(swap.ends_at, role)}"


def record(change: Change, what: str, swap: Swap, *, person_id: UUID | None = None) -> None:
    """Record what became of a swap; with whom, and which part of which shift."""
    told = {
        "swap": ids.write_id(ids.SWAP, swap.id),
        "role": ids.write_id(ids.ROLE, swap.role_id),
        "shift": swap.shift,
        "giver": ids.write_id(ids.PERSON, swap.giver),
        "taker": ids.write_id(ids.PERSON, swap.taker),
        "starts_at": swap.starts_at.isoformat(),
        "ends_at": swap.ends_at.isoformat(),
    }
    change.record(what, told, person_id=person_id)


async def name_of(change: Change, person_id: UUID) -> str:
    """Return how a person is called."""
    person = await find_person(change.connection, person_id)
    return person.name if person else "somebody"


async def _lock(change: Change, swap_id: UUID) -> tuple[Swap, Role]:
    """Return a swap and its role, which is locked: so nothing of it moves meanwhile."""
    found = await oncall.find_swap(change.connection, swap_id)
    if found is None:
        raise Refused(Code.NOT_FOUND, "there is no such swap")
    role = await lock_role(change, found.role_id)
    fresh = await oncall.find_swap(change.connection, swap_id)
    assert fresh is not None
    return fresh, role
