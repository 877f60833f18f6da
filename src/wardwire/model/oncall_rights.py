"""Who may see, change and swap what of a role's schedule. Pure.

owner     changes rotations, shifts and overrides, beside whoever may change the directory
swapper   takes a shift, as everybody does who is on the schedule
viewer    sees the schedule; where nobody is named, everybody does
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from wardwire.model.errors import Code, Refused
from wardwire.model.matrix import Action, Reach, reach_of
from wardwire.model.people import Role
from wardwire.model.rights import DIRECTORY, Caller


def on_schedule(role: Role) -> Iterator[UUID]:
    """Give everybody who stands on a role's schedule, some of them more than once."""
    for layer in role.rota.layers if role.rota else ():
        yield from layer.participants
    yield from (shift.person_id for shift in role.shifts)


def may_view(caller: Caller, role: Role) -> bool:
    """Whether somebody may see a role's schedule."""
    if not role.viewers or reach_of(caller, Action.SHIFT_WRITE) is Reach.ANY:
        return True
    seeing = role.viewers | role.owners | role.swappers | frozenset(on_schedule(role))
    return caller.person_id in seeing


def require_owner(caller: Caller, role: Role) -> None:
    """Refuse whoever may not change a role's schedule.

    Raises:
        Refused: `NOT_PERMITTED`.
    """
    if reach_of(caller, Action.SHIFT_WRITE) is Reach.ANY:
        return
    if caller.person_id is None or caller.person_id not in role.owners:
        raise Refused(
            Code.NOT_PERMITTED, f"this is for the role's owners, and needs the scope {DIRECTORY} otherwise",
            scope=DIRECTORY,
        )  # fmt: skip


def may_take(person_id: UUID, role: Role) -> bool:
    """Whether somebody may take a shift of a role."""
    return person_id in role.swappers or person_id in role.owners or person_id in frozenset(on_schedule(role))
