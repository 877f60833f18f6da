"""An alert without a policy, whose role changes hands while nobody has answered it: who gets it, and who is let go.

One that escalates follows its roles by model/escalation.py.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from wardwire.model import ids
from wardwire.model.coverage import COVERED, COVERS
from wardwire.model.delivery import Delivery, State
from wardwire.model.errors import Refused
from wardwire.model.groups import members_of
from wardwire.model.message import NOTHING_OFFERED, Submission
from wardwire.model.oncall import next_change, on_call
from wardwire.model.people import Directory, Role
from wardwire.model.routing import Planned, Waits, plan
from wardwire.model.targets import find_target

# So long an alert follows its roles. A record is not kept open for what nobody has answered in a week.
FOLLOWS = timedelta(days=7)
# A role that never changes hands by its plan is looked at so often: its schedule may be changed.
_LOOKS = timedelta(days=1)
# So often it is looked whether a former holder may be let go: while their endpoints are tried; and at most, later.
_WHILE_TRIED = timedelta(seconds=1)
_LATER = timedelta(seconds=5), timedelta(hours=1)
_UNANSWERED = frozenset({State.PENDING, State.UNREACHABLE, State.DELIVERED})
_HAS = frozenset({State.ACCEPTED, State.ANSWERED})
_ON_DEVICE = frozenset({State.DELIVERED, State.READ})


class Turned(NamedTuple):
    """A role has changed hands.

    Attributes:
        former, new: Who answered for it, and who does; the same one when it has not changed.
        look_at: When to look again; None = never.
    """

    former: UUID
    new: UUID
    look_at: datetime | None


def is_open(delivery: Delivery) -> bool:
    """Whether an alert still waits for somebody: for their answer, where one was asked for, else until it is read.

    Who has declined has answered, and the sender was told.
    """
    return delivery.state in _UNANSWERED or (delivery.state is State.READ and delivery.offered != NOTHING_OFFERED)


def waits(called: Collection[Delivery]) -> bool:
    """Whether an alert still waits for those whom a role stood for: nobody has it, and somebody may still take it."""
    return not any(one.state in _HAS for one in called) and any(map(is_open, called))


def next_look(stored_at: datetime, turn: datetime | None, now: datetime) -> datetime | None:
    """Return when to look whether a role is somebody else's; None = the alert follows it no longer."""
    at = now + _LOOKS if turn is None else min(turn, now + _LOOKS)
    return at if at <= stored_at + FOLLOWS else None


def turn_of(
    role: Role | None, former: UUID, directory: Directory, desk: str, stored_at: datetime, now: datetime
) -> Turned:
    """Say who answers for a role now that was somebody's; a role for which nobody does stays theirs."""
    if role is None or role.disabled:
        return Turned(former, former, None)
    answering = [holding.person_id for holding in on_call(role, directory, now, desk).holdings]
    new = former if not answering or former in answering else answering[0]
    return Turned(former, new, next_look(stored_at, next_change(role, directory, now, desk), now))


def plan_turn(
    role: Role,
    submission: Submission,
    directory: Directory,
    waits: Waits,
    now: datetime,
    sender: UUID | None,
    desk: str,
) -> tuple[Planned, ...]:
    """Plan who gets an alert because a role is theirs now: who answers for it, and who covers for them.

    The sender, too: it is theirs now.
    """
    written = ids.write_id(ids.ROLE, role.id)
    planned = plan(submission._replace(to=(written,)), directory, waits, now, sender=sender, desk=desk)
    return tuple(
        one if one.why.startswith((COVERED, COVERS)) else one._replace(why=f"hand_over:{written}")
        for one in planned.people
    )


def let_go(
    role: Role,
    called: Iterable[UUID],
    submission: Submission,
    directory: Directory,
    keep: Collection[UUID],
    desk: str,
    now: datetime,
) -> tuple[UUID, ...]:
    """Return who need not wait for an alert any more, of those whom a role's former holder stood for.

    Args:
        called: The former holder, and who covered for them.
        keep: Who is called for the role now.
    """
    meant = set(keep)
    for target in submission.to:
        try:
            sort, value = find_target(target, directory, "")
        except Refused:
            continue
        if sort == ids.PERSON:
            meant.add(value)
        elif sort == ids.GROUP:
            meant.update(members_of(directory, value))
        elif value != role.id:
            meant.update(one.person_id for one in on_call(directory.roles[value], directory, now, desk).holdings)
    return tuple(one for one in called if one not in meant)


def freed_by(planned: Iterable[Planned], delivery_of: Callable[[UUID], Delivery | None]) -> UUID | None:
    """Return who of those that are called in a former holder's place has it: on a device, or by their word.

    None = nobody: the former holder's endpoints are tried on. Whoever has a silent copy is not called.
    """
    for one in planned:
        delivery = delivery_of(one.person_id)
        if one.rings and delivery is not None and delivery.state in _HAS | _ON_DEVICE:
            return one.person_id
    return None


def next_free(former: Delivery, stored_at: datetime, now: datetime) -> datetime:
    """Return when to look whether a former holder may be let go; often, as long as their endpoints are tried."""
    if former.state is State.PENDING:
        return now + _WHILE_TRIED
    shortest, longest = _LATER
    return now + max(shortest, min(longest, (now - stored_at) / 20))
