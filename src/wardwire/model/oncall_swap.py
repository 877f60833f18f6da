"""Swaps: one person takes a part of another one's shift, by consent of both. Pure.

    offered ──taker: yes──> accepted ──the shift moves──> asked ──both: yes──> accepted
       │ taker: no              │ the shift is gone         │ one: no
       ▼                        ▼                           ▼
    declined                  lapsed                     declined

A swap is bound to its shift. While both are asked again, the old plan holds as they had agreed on it.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.oncall_plan import LIVE, Agreed, Swap, turn_of
from wardwire.model.oncall_rights import may_take
from wardwire.model.oncall_time import find_zone
from wardwire.model.people import Role


class Bound(NamedTuple):
    """The shift that a swap is bound to, as it is now."""

    person_id: UUID
    starts_at: datetime
    ends_at: datetime


def find_shift(role: Role, source: str) -> Bound | None:
    """Return a shift by what names it: `shf_…`, or a layer's name with the number of a turn; None = it is gone."""
    for shift in role.shifts:
        if ids.write_id(ids.SHIFT, shift.id) == source:
            return Bound(shift.person_id, shift.starts_at, shift.ends_at)
    name, slash, number = source.rpartition("/")
    if role.rota is None or not slash or not number.isdecimal() or len(number) > 9:
        return None
    for layer in role.rota.layers:
        if layer.name == name:
            turn = turn_of(layer, find_zone(role.rota.zone), int(number))
            return Bound(turn.person_id, turn.starts_at, turn.ends_at) if turn else None
    return None


def offer(
    role: Role, source: str, taker: UUID, part: tuple[datetime, datetime] | None, now: datetime, *, swap_id: UUID,
    version: int,
) -> Swap:  # fmt: skip
    """Make an offer of a shift, or of a part of it.

    Raises:
        Refused: `NOT_FOUND` (the shift), `INVALID`, `NOT_PERMITTED` (the taker), `TOO_LATE`, `CONFLICT` with a swap
            of the same time.
    """
    bound = find_shift(role, source)
    if bound is None:
        raise Refused(Code.NOT_FOUND, "there is no such shift", pointer="/shift")
    starts_at, ends_at = part or (max(bound.starts_at, now), bound.ends_at)
    if not bound.starts_at <= starts_at < ends_at <= bound.ends_at:
        raise Refused(Code.INVALID, "the part is not within the shift", pointer="/starts_at")
    if ends_at <= now:
        raise Refused(Code.TOO_LATE, "this part of the shift is over", pointer="/ends_at")
    if taker == bound.person_id:
        raise Refused(Code.INVALID, "they have this shift already", pointer="/taker")
    if not may_take(taker, role):
        raise Refused(Code.NOT_PERMITTED, "they may not take shifts of this role", pointer="/taker")
    for other in role.swaps:
        if other.shift == source and other.state in LIVE and other.starts_at < ends_at and starts_at < other.ends_at:
            written = ids.write_id(ids.SWAP, other.id)
            raise Refused(Code.CONFLICT, "this part is offered or swapped already", swap=written)
    shift = (bound.starts_at, bound.ends_at)
    part = (max(starts_at, now), ends_at)
    return Swap(swap_id, role.id, source, bound.person_id, taker, *shift, *part, Agreed.OFFERED, version)


def answer(swap: Swap, person_id: UUID, *, accept: bool, now: datetime) -> Swap:
    """Take what somebody says to a swap.

    Raises:
        Refused: `NOT_PERMITTED` for who is not asked, `ALREADY_ENDED`, `TOO_LATE`.
    """
    asked = {Agreed.OFFERED: (swap.taker,), Agreed.ASKED: (swap.giver, swap.taker)}.get(swap.state)
    if asked is None:
        raise Refused(Code.ALREADY_ENDED, f"this swap is {swap.state}: nobody is asked")
    if person_id not in asked:
        raise Refused(Code.NOT_PERMITTED, "they are not asked")
    if max(swap.ends_at, swap.moved[3] if swap.moved else swap.ends_at) <= now:
        raise Refused(Code.TOO_LATE, "what was offered is over")
    if not accept:
        return swap._replace(state=Agreed.DECLINED, said=(), moved=None)
    said = tuple(dict.fromkeys((*swap.said, person_id)))
    if swap.state is Agreed.OFFERED:
        return swap._replace(state=Agreed.ACCEPTED, said=())
    if set(said) != set(asked):
        return swap._replace(said=said)
    assert swap.moved is not None
    shift_starts, shift_ends, starts, ends = swap.moved
    return swap._replace(
        state=Agreed.ACCEPTED, said=(), moved=None, shift_starts_at=shift_starts, shift_ends_at=shift_ends,
        starts_at=starts, ends_at=ends,
    )  # fmt: skip


def follow(swap: Swap, role: Role, now: datetime) -> Swap:
    """Return a live swap as it is after a change of its role: as it was, asked again, or lapsed."""
    if swap.state not in LIVE or swap.shift_ends_at <= now:
        return swap
    bound = find_shift(role, swap.shift)
    if bound is None or bound.person_id != swap.giver:
        return swap._replace(state=Agreed.LAPSED, said=(), moved=None)
    if (bound.starts_at, bound.ends_at) == (swap.shift_starts_at, swap.shift_ends_at):
        back = swap.state is Agreed.ASKED
        return swap._replace(state=Agreed.ACCEPTED, said=(), moved=None) if back else swap
    starts = bound.starts_at if swap.starts_at == swap.shift_starts_at else max(swap.starts_at, bound.starts_at)
    ends = bound.ends_at if swap.ends_at == swap.shift_ends_at else min(swap.ends_at, bound.ends_at)
    if starts >= ends:
        return swap._replace(state=Agreed.LAPSED, said=(), moved=None)
    if swap.state is Agreed.OFFERED:
        return swap._replace(
            shift_starts_at=bound.starts_at, shift_ends_at=bound.ends_at, starts_at=starts, ends_at=ends
        )
    moved = (bound.starts_at, bound.ends_at, starts, ends)
    if moved == swap.moved:
        return swap
    return swap._replace(state=Agreed.ASKED, said=(), moved=moved)
