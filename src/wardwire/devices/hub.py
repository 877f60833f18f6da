"""Tells devices what is committed: implements flow/ports.Announcer over the connection to NATS.

A message is encoded once, by the journey; what differs per person (number, ring) is put in front of it.
Whoever misses an event asks for it by its cursor: nothing here is waited for or repeated.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import count
from typing import Any
from uuid import UUID

import msgspec

from wardwire.carrier.connection import Connection, Subscription
from wardwire.devices.frames import TeamFrame, encode
from wardwire.flow.views import DeliveryView, NewBody, Status, Team
from wardwire.model import ids
from wardwire.model.clock import Clock
from wardwire.model.errors import Refused, Unavailable
from wardwire.model.people import Directory
from wardwire.store.batch import NewEvent, Numbered

_MILLISECOND = timedelta(milliseconds=1)
# A device that is just coming back has its message by resuming; only who stays away for so long is absent.
GRACE_S = 1.0
# NATS says *no responders* within a few ms; a token older than one to two of these is forgotten.
FORGET_S = 2.0
MOST_TOKENS = 50_000
_CODE = b'"priority":"code"'  # inside of a JSON string its quotes would be escaped


class _Expected(msgspec.Struct, gc=False):
    """Whom a message was published for, and how many of their devices have not been found absent."""

    message_id: UUID
    person_id: UUID
    devices: int


class Hub:
    """Publishes events and statuses to `d.<device>.down.m`.

    Args:
        core: Names this core in reply subjects; one token.
        unreachable_now: Called with (message, person) when none of a person's devices was there for a new
            message, and a moment has passed: its deadline may fall due now. Must not block.
        grace_s: The moment; 0 calls at once.

    Attributes:
        limited: Devices that are too old: they are told of `code` and of nothing else.
        published, unsent: Counters. What is unsent will be asked for.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        directory: Callable[[], Directory],
        clock: Clock,
        core: str,
        unreachable_now: Callable[[UUID, UUID], None],
        grace_s: float = GRACE_S,
    ) -> None:
        self._connection = connection
        self._directory = directory
        self._clock = clock
        self._replies = f"rep.{core}"
        self._unreachable_now = unreachable_now
        self._grace_s = grace_s
        self._absentees: list[tuple[UUID, UUID]] = []
        self._tokens = count(1)
        # By token; two generations, so that forgetting costs nothing per token.
        self._young: dict[str, _Expected] = {}
        self._old: dict[str, _Expected] = {}
        self._turned = clock.monotonic()
        self._subscription: Subscription | None = None
        self._subjects: dict[UUID, str] = {}
        self._subjects_of = -1
        self.limited: set[UUID] = set()
        self.published = 0
        self.unsent = 0

    def start(self) -> None:
        """Listen for *no responders*; repeating does nothing."""
        if self._subscription is None:
            self._subscription = self._connection.watch_absent(self._replies, self._absent)

    def stop(self) -> None:
        """Listen no more."""
        if self._subscription is not None:
            self._subscription.unsubscribe()
            self._subscription = None

    def inbox(self, epoch: int, events: Sequence[Numbered]) -> None:
        """Tell people's devices their new events."""
        devices_of, now = self._directory().devices_of, self._clock.now()
        limited, subjects = self.limited, self._subjects
        self._turn(self._clock.monotonic())
        self._renew_subjects()
        for numbered in events:
            event = numbered.event
            devices = devices_of.get(event.person_id)
            if not devices:
                continue
            frame = write_event(epoch, numbered.seq, event, now)
            if limited and not limited.isdisjoint(devices) and _CODE not in frame:
                devices = tuple(device for device in devices if device not in limited)
            reply = self._expect(event, len(devices)) if event.event in ("new", "ring") else ""
            for device in devices:
                self.publish(subjects.get(device) or self._subject(device), frame, reply)

    def live(self, items: Sequence[Any]) -> None:
        """Tell senders' devices how their messages stand, and a team who of it is there."""
        devices_of = self._directory().devices_of
        self._renew_subjects()
        for item in items:
            if isinstance(item, Status):  # the first, because it is every message's
                frame = write_status(item)
                for device in devices_of.get(item.to, ()):
                    if device not in self.limited:
                        self.publish(self._subjects.get(device) or self._subject(device), frame)
            elif isinstance(item, Team):
                frame = encode(TeamFrame(message=ids.write_id(ids.MESSAGE, item.message_id), parts=item.parts))
                for person in item.to:
                    for device in devices_of.get(person, ()):
                        if device not in self.limited:
                            self.publish(self._subjects.get(device) or self._subject(device), frame)

    def publish(self, subject: str, frame: bytes, reply: str = "") -> None:
        """Send one frame, if it can be sent now; a device that misses it will ask."""
        try:
            self._connection.publish(subject, frame, reply)
        except (Unavailable, Refused):
            self.unsent += 1
        else:
            self.published += 1

    def _renew_subjects(self) -> None:
        """Forget the subjects when the directory has changed: a shared device has another for each who has it."""
        version = self._directory().version
        if version != self._subjects_of:
            self._subjects_of = version
            self._subjects.clear()

    def _subject(self, device: UUID) -> str:
        subject = self._subjects[device] = self._directory().devices[device].down
        return subject

    def _expect(self, event: NewEvent, devices: int) -> str:
        token = f"{next(self._tokens):x}"
        self._young[token] = _Expected(event.message_id, event.person_id, devices)
        return f"{self._replies}.{token}"

    def _turn(self, now: float) -> None:
        if now - self._turned > FORGET_S or len(self._young) > MOST_TOKENS:
            self._old, self._young = self._young, {}
            self._turned = now

    def _absent(self, token: str) -> None:
        """One device was not there; once all of a person's were not, say so."""
        expected = self._young.get(token) or self._old.get(token)
        if expected is None:
            return
        expected.devices -= 1
        if expected.devices != 0:
            return
        if not self._grace_s:
            self._unreachable_now(expected.message_id, expected.person_id)
            return
        # One timer for all: who is found absent later waits less, but never nobody.
        if not self._absentees:
            asyncio.get_running_loop().call_later(self._grace_s, self._tell_absent)
        self._absentees.append((expected.message_id, expected.person_id))

    def _tell_absent(self) -> None:
        absentees, self._absentees = self._absentees, []
        for message_id, person_id in absentees:
            self._unreachable_now(message_id, person_id)


def write_status(status: Status) -> bytes:
    """Write a status frame (`StatusFrame`) as it happens."""
    delivery = status.delivery
    response = f',"response":{encode(delivery.response).decode()}' if delivery.response else ""
    device = f',"device":"dev_{status.device_id.hex}"' if status.device_id is not None else ""
    return (
        f'{{"t":"status","message":"msg_{delivery.message_id.hex}","person":"per_{delivery.person_id.hex}",'
        f'"state":"{delivery.state}","at":{encode(status.at).decode()}{response}{device}}}'
    ).encode()


@lru_cache(maxsize=16)
def _age_ms(since: datetime, now: datetime) -> int:
    """Count milliseconds, never below 0; the events of a batch have one instant."""
    return max(0, (now - since) // _MILLISECOND)


def write_event(epoch: int, seq: int, event: NewEvent, now: datetime) -> bytes:
    """Write an event frame as it happens. `event.body` is a NewBody, a DeliveryView or None."""
    body = event.body
    head = f'{{"t":"event","epoch":{epoch},"seq":{seq},"event":"{event.event}","id":"msg_{event.message_id.hex}"'
    if type(body) is NewBody:
        rings = ',"rings":true' if body.rings else ""
        return f'{head},"age_ms":{_age_ms(body.stored_at, now)}{rings},"message":'.encode() + body.message + b"}"
    if isinstance(body, DeliveryView):
        return f'{head},"deliveries":['.encode() + encode(body) + b"]}"
    return f"{head}}}".encode()
