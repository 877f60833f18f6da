"""Tells devices anew what is said live only, and may be lost: how messages stand, and who of a team is there.

Whoever opens a session is shown the teams that they are of, or have called; a device asks about messages of which it
has not heard what it waits for. Reads only, in batches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg
import structlog

from wardwire.devices.catchup import Acquire
from wardwire.devices.frames import Down, StatusFrame, TeamFrame, encode
from wardwire.devices.gather import Gather
from wardwire.devices.session import Door, Session
from wardwire.flow.escalating import circumstances, team_of
from wardwire.flow.ports import Rules
from wardwire.flow.views import Part
from wardwire.model import ids
from wardwire.model.clock import Clock
from wardwire.model.delivery import Delivery, State
from wardwire.store.deliveries import load_as_sender
from wardwire.store.escalations import find_team_calls, load_looks

# Of a message to very many a device is told so many; the others are read page by page over HTTP.
MOST_STATUSES = 100

log = structlog.get_logger("wardwire.devices")


class _Asked(NamedTuple):
    """Who asks, about which messages; None = about every team call that runs."""

    door: Door
    person_id: UUID
    messages: tuple[UUID, ...] | None


class _Team(NamedTuple):
    people: frozenset[UUID]
    parts: tuple[Part, ...]


class Standing:
    """Answers devices that ask how things stand.

    Args:
        publish: Sends a frame on a subject; never waits.
    """

    def __init__(
        self,
        *,
        acquire: Acquire,
        publish: Callable[[str, bytes], None],
        rules: Callable[[], Rules],
        clock: Clock,
    ) -> None:
        self._acquire = acquire
        self._publish = publish
        self._rules = rules
        self._clock = clock
        self._gather: Gather[_Asked] = Gather("standing", self._tell, largest=200, most_waiting=20_000)

    def ask(self, door: Door, session: Session, messages: tuple[UUID, ...] | None = None) -> None:
        """Tell a device how messages stand; without any, how the teams stand that its person is of or has called."""
        if not session.limited:
            self._gather.put(_Asked(door, session.device.person_id, messages))

    async def settled(self) -> None:
        """Wait until everything is answered."""
        await self._gather.settled()

    async def stop(self) -> None:
        """Answer nothing more; the devices ask again."""
        await self._gather.stop()

    async def _tell(self, asked: list[_Asked]) -> None:
        own = {(message, one.person_id) for one in asked for message in one.messages or ()}
        looked_at = self._clock.now()
        try:
            async with self._acquire() as connection:
                deliveries = await load_as_sender(connection, sorted(own), MOST_STATUSES) if own else []
                teams = await self._teams(connection, asked)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
            log.warning("standing_unreadable", reason=error)  # asked again with the next beat, or the next hello
            return
        of: dict[tuple[UUID, UUID | None], list[Delivery]] = {}
        for delivery in deliveries:
            of.setdefault((delivery.message_id, delivery.sender_person), []).append(delivery)
        for one in asked:
            for message in one.messages or ():
                for delivery in of.get((message, one.person_id), ()):
                    self._send(one.door, status_of(delivery, looked_at))
            for message, team in teams.items():
                if one.person_id in team.people and (one.messages is None or message in one.messages):
                    self._send(one.door, TeamFrame(message=ids.write_id(ids.MESSAGE, message), parts=team.parts))

    async def _teams(self, connection: asyncpg.Connection, asked: Sequence[_Asked]) -> dict[UUID, _Team]:
        """Read the team calls that may be meant, each with who may see it."""
        people = {one.person_id for one in asked if one.messages is None}
        messages = {message for one in asked for message in one.messages or ()}
        calls = await find_team_calls(connection, sorted(people), sorted(messages))
        rules, now = self._rules(), self._clock.now()
        teams: dict[UUID, _Team] = {}
        for kept, message, deliveries in await load_looks(connection, calls) if calls else ():
            escalation = kept.escalation
            if message is None or escalation.closed_at is not None:
                continue
            given = circumstances(escalation, deliveries, rules, now, "", False)
            parts = team_of(escalation, given, rules.directory)
            if parts:
                sender = {message.sender_person} if message.sender_person else set()
                teams[escalation.message_id] = _Team(
                    frozenset({*sender, *escalation.people, *given.deliveries}), parts
                )
        return teams

    def _send(self, door: Door, frame: Down) -> None:
        self._publish(door.down, encode(frame))


def status_of(delivery: Delivery, looked_at: datetime) -> StatusFrame:
    """Say how a delivery stands and since when.

    Of a state that may still move and has no instant of its own, since the last instant that is kept: never later
    than what a batch says that was decided before the look and committed after it. Of an end, when it was looked at.
    """
    before = delivery.read_at or delivery.delivered_at or ids.instant_of(delivery.message_id)
    since = {
        State.PENDING: before,
        State.UNREACHABLE: before,
        State.DELIVERED: delivery.delivered_at,
        State.READ: delivery.read_at,
        State.TAKEN: before,
        State.ACCEPTED: delivery.responded_at,
        State.DECLINED: delivery.responded_at,
        State.ANSWERED: delivery.responded_at,
    }.get(delivery.state)
    device = delivery.delivered_by
    return StatusFrame(
        message=ids.write_id(ids.MESSAGE, delivery.message_id),
        person=ids.write_id(ids.PERSON, delivery.person_id),
        state=delivery.state,
        at=since or looked_at,
        response=delivery.response or "",
        device=ids.write_id(ids.DEVICE, device) if device else "",
    )
