"""Reads, for a whole batch at once, what its acts need to decide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from wardwire.engine.cache import DeliveryCache
from wardwire.flow.ports import NOTHING, Act
from wardwire.flow.statement import read_statement
from wardwire.model.alert import Escalation
from wardwire.model.delivery import Delivery
from wardwire.model.stays import Stay
from wardwire.store.batch import DeliveryKey
from wardwire.store.copies import load_copies
from wardwire.store.deliveries import load_deliveries
from wardwire.store.escalations import Kept, load_ended, load_escalations, load_looks
from wardwire.store.messages import Message, as_reported, load_messages
from wardwire.store.stays import find_about, load_stays


class BatchKnown:
    """What is known while one batch decides; implements flow/ports.Known.

    It begins with what the cache has of what the acts need. Is anything `missing`, it must be `read`.

    Args:
        calls: Whether running calls are read. A call is first begun as if none ran at its place: the database's
            index guards that, and hardly ever has to.

    Attributes:
        guessed: What is known from the cache alone: another core may have changed it since.
    """

    def __init__(self, acts: Iterable[Act], cache: DeliveryCache, now: datetime, *, calls: bool) -> None:
        self._now = now
        self._deliveries: dict[DeliveryKey, Delivery] = {}
        self._of: dict[UUID, list[DeliveryKey]] = {}
        self._messages: dict[UUID, Message] = {}
        self._missing: set[DeliveryKey] = set()
        self._whole: set[UUID] = set()
        self._escalations: dict[UUID, Kept] = {}
        self._open_of: dict[tuple[str, str], UUID] = {}
        self._looks: set[UUID] = set()
        self._alerts: set[tuple[str, str]] = set()
        self._calls: set[tuple[UUID, UUID]] = set()
        self._ended: set[tuple[str, str]] = set()
        self._patients: set[str] = set()
        self._stays: dict[tuple[str, str], Stay] = {}
        self._about: set[str] = set()
        self._maybe_about: set[UUID] = set()
        self._copied: set[UUID] = set()
        self._copied_alerts: set[tuple[str, str]] = set()
        self._copies: dict[UUID, list[Message]] = {}
        for act in acts:
            needs = act.needs()
            if needs is NOTHING:
                continue
            if needs.messages:
                self._whole.update(needs.messages)
            if needs.escalations or needs.alerts or needs.calls:
                self._looks.update(needs.escalations)
                self._alerts.update(needs.alerts)
                if calls:
                    self._calls.update(needs.calls)
            if needs.about:
                self._about.update(needs.about)
            if needs.copies:
                self._copied.update(needs.messages)
                self._copied_alerts.update(needs.alerts)
            if needs.patients:
                self._patients.update(needs.patients)
            for key in needs.deliveries:
                held = cache.get(key)
                if held is not None:
                    self._deliveries[key] = held
                else:
                    self._missing.add(key)
        self.guessed: frozenset[DeliveryKey] = frozenset(self._deliveries)

    @property
    def missing(self) -> bool:
        """Whether something must be read from the database."""
        return bool(
            self._missing
            or self._whole
            or self._looks
            or self._alerts
            or self._calls
            or self._patients
            or self._about
        )

    async def read(self, connection: asyncpg.Connection) -> None:
        """Read what is missing, in at most nine queries for all acts; one does for those that only look."""
        if self._patients:
            found = await load_stays(connection, sorted(self._patients))
            self._stays = {(one.patient, one.authority): one for one in found}
        if self._alerts or self._calls:
            await self._read_escalations(connection)
        if self._about:
            self._maybe_about = set(await find_about(connection, sorted(self._about)))
            self._looks |= self._maybe_about
            self._whole |= self._maybe_about
            self._copied |= self._maybe_about
        if self._looks:
            await self._read_looks(connection)
        if self._copied:
            await self._read_copies(connection)
        messages = sorted(self._whole)
        self._took_read(await load_deliveries(connection, sorted(self._missing), messages))
        if messages:
            self._messages |= await load_messages(connection, messages)

    async def _read_looks(self, connection: asyncpg.Connection) -> None:
        for kept, message, deliveries in await load_looks(connection, sorted(self._looks)):
            self._remember(kept)
            if message is not None:
                self._messages[message.id] = message
            self._took_read(deliveries)
            self._whole.discard(kept.escalation.message_id)

    async def _read_copies(self, connection: asyncpg.Connection) -> None:
        for original, copy in await load_copies(connection, sorted(self._copied)):
            self._copies.setdefault(original, []).append(copy)
            self._whole.add(copy.id)

    async def _read_escalations(self, connection: asyncpg.Connection) -> None:
        keys = sorted(self._alerts)
        for kept in await load_escalations(connection, [], keys, sorted(self._calls)):
            one = kept.escalation
            self._remember(kept)
            if (one.source, one.source_key) in self._alerts:
                self._whole.add(one.message_id)
            if (one.source, one.source_key) in self._copied_alerts:
                self._copied.add(one.message_id)
        if keys:
            self._ended = await load_ended(connection, keys, self._now)

    def _took_read(self, deliveries: Sequence[Delivery]) -> None:
        """Remember deliveries as they were read, those of a message that is needed whole by that message too."""
        keys = [(delivery.message_id, delivery.person_id) for delivery in deliveries]
        self.guessed = self.guessed.difference(keys)
        for key, delivery in zip(keys, deliveries, strict=True):
            self.took(delivery)
            if delivery.message_id in self._whole:
                self._of.setdefault(delivery.message_id, []).append(key)

    def stays_of(self, patient: str) -> list[Stay]:
        """Return the stays that bear a number, each once; of one that was merged into another that one."""
        found: dict[tuple[str, str], Stay] = {}
        for (number, _), one in self._stays.items():
            if number == patient:
                end = self._end_of(one)
                found[end.key] = end
        return list(found.values())

    def _end_of(self, stay: Stay) -> Stay:
        for _ in range(len(self._stays)):
            into = self._stays.get(stay.into) if stay.into is not None else None
            if into is None:
                break
            stay = into
        return stay

    def alerts_about(self, patient: str) -> list[Kept]:
        """Return the open escalations that are about a patient."""
        found = []
        for message_id in sorted(self._maybe_about):
            kept, message = self._escalations.get(message_id), self._messages.get(message_id)
            if kept is None or message is None or kept.escalation.closed_at is not None:
                continue
            if read_statement(as_reported(message, kept.escalation).content).patient == patient:
                found.append(kept)
        return found

    def moved(self, after: Stay) -> None:
        """Remember what an act made of a stay."""
        self._stays[after.patient, after.authority] = after

    def escalation(self, message_id: UUID) -> Kept | None:
        """Return the escalation of a message."""
        return self._escalations.get(message_id)

    def alert_of(self, key: tuple[str, str]) -> Kept | None:
        """Return the open escalation of a source's key."""
        message_id = self._open_of.get(key)
        kept = self._escalations[message_id] if message_id else None
        return kept if kept is not None and kept.escalation.closed_at is None else None

    def call_at(self, call: tuple[UUID, UUID]) -> Kept | None:
        """Return the running call of a policy at a place."""
        for kept in self._escalations.values():
            one = kept.escalation
            if one.closed_at is None and one.guarded and (one.policy.id, one.bed or one.unit) == call:
                return kept
        return None

    def ended_early(self, key: tuple[str, str]) -> bool:
        """Whether a key was ended before it had begun."""
        return key in self._ended

    def escalated(self, after: Escalation) -> None:
        """Remember what an act made of an escalation, or that it began one."""
        before = self._escalations.get(after.message_id)
        self._remember(before._replace(escalation=after) if before else Kept(after))

    def _remember(self, kept: Kept) -> None:
        one = kept.escalation
        self._escalations[one.message_id] = kept
        if one.closed_at is None:
            self._open_of[one.source, one.source_key] = one.message_id

    def delivery(self, key: DeliveryKey) -> Delivery | None:
        """Return a delivery as it stands."""
        return self._deliveries.get(key)

    def deliveries_of(self, message_id: UUID) -> list[Delivery]:
        """Return all deliveries of a message that was needed whole."""
        return [self._deliveries[key] for key in self._of.get(message_id, ())]

    def copies_of(self, message_id: UUID) -> list[Message]:
        """Return the silent copies of a message, if they were needed."""
        return self._copies.get(message_id, [])

    def message(self, message_id: UUID) -> Message | None:
        """Return a message that was needed."""
        return self._messages.get(message_id)

    def took(self, delivery: Delivery) -> None:
        """Remember what an act made of a delivery."""
        self._deliveries[(delivery.message_id, delivery.person_id)] = delivery

    @property
    def keys(self) -> Iterable[DeliveryKey]:
        """Every delivery that was known."""
        return self._deliveries.keys()
