"""What the journey asks of the edges around it, and how they hand in what is to be committed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import msgspec

from wardwire.model.alert import Escalation
from wardwire.model.delivery import Delivery
from wardwire.model.errors import WardwireError
from wardwire.model.people import Directory, Endpoint
from wardwire.model.priority import Lane
from wardwire.model.routing import Waits
from wardwire.model.stays import Stay
from wardwire.store.batch import Batch, DeliveryKey, Numbered
from wardwire.store.escalations import Kept
from wardwire.store.messages import Message


class Known(Protocol):
    """What a batch has read before its acts decide. Everything that an act `needs` is there if it exists."""

    def delivery(self, key: DeliveryKey) -> Delivery | None:
        """Return a delivery as it stands, with what earlier acts of this batch made of it."""
        ...

    def deliveries_of(self, message_id: UUID) -> list[Delivery]:
        """Return all deliveries of a message that some act needs whole."""
        ...

    def copies_of(self, message_id: UUID) -> Sequence[Message]:
        """Return the silent copies of a message, whose copies some act needs; their deliveries are there, too."""
        ...

    def message(self, message_id: UUID) -> Message | None:
        """Return a message that some act needs."""
        ...

    def escalation(self, message_id: UUID) -> Kept | None:
        """Return the escalation of a message that some act needs, as earlier acts of this batch left it."""
        ...

    def alert_of(self, key: tuple[str, str]) -> Kept | None:
        """Return the open escalation of a (source, source key) that some act needs."""
        ...

    def call_at(self, call: tuple[UUID, UUID]) -> Kept | None:
        """Return the running guarded escalation of a (policy, place) that some act needs."""
        ...

    def ended_early(self, key: tuple[str, str]) -> bool:
        """Whether a (source, source key) that some act needs was ended a moment ago, before it had begun."""
        ...

    def stays_of(self, patient: str) -> Sequence[Stay]:
        """Return the stays that bear a patient's number which some act needs, as earlier acts left them: of a number
        that was merged into another that one's.
        """
        ...

    def alerts_about(self, patient: str) -> Sequence[Kept]:
        """Return the open escalations that are about a patient whose number some act names in `about`."""
        ...

    def moved(self, after: Stay) -> None:
        """Remember what an act made of a stay."""
        ...

    def escalated(self, after: Escalation) -> None:
        """Remember what an act made of an escalation, or that it began one."""
        ...

    def took(self, delivery: Delivery) -> None:
        """Remember what an act made of a delivery."""
        ...


class Needs(msgspec.Struct, frozen=True, gc=False):
    """What must be read before an act can decide."""

    deliveries: Sequence[DeliveryKey] = ()
    messages: Sequence[UUID] = ()
    escalations: Sequence[UUID] = ()
    alerts: Sequence[tuple[str, str]] = ()  # (source, source key): with its message, as if that were needed
    calls: Sequence[tuple[UUID, UUID]] = ()  # (policy, place)
    patients: Sequence[str] = ()
    about: Sequence[str] = ()  # patients' numbers: with the open alerts that are about them, as if those were needed
    copies: bool = False  # with the silent copies of these messages and alerts


NOTHING = Needs()


class Rules(NamedTuple):
    """What the journey goes by: the directory as of now, and the site's choices.

    Attributes:
        desk: The target (a name or id) that technical alarms go to; "" = none is set.
        policy_approval: Whether a second person must approve what is published of policies.
    """

    directory: Directory
    waits: Waits
    desk: str
    notice_after: timedelta = timedelta(seconds=10)
    largest_at_once: int = 1000
    chunk: int = 500
    policy_approval: bool = False


class Act(ABC):
    """One thing to be committed: decided purely, perhaps more than once, then told how it ended, exactly once.

    Attributes:
        identity: (source, external id) of a submission; None of anything else.
        turn: What only one act of a batch may be about: the second waits for the next batch. None = anything goes.
        lane: The lane it travels in.
        affinity: Acts of one affinity share a writer: events of one person do not wait for each other's locks.
    """

    __slots__ = ()
    lane: Lane
    affinity: int
    identity: tuple[str, str] | None = None
    turn: object = None

    def needs(self) -> Needs:
        """Return what must be read first. Must be cheap: it is asked once a batch."""
        return NOTHING

    @abstractmethod
    def decide(self, known: Known, batch: Batch, durability: str) -> None:
        """Add the effects to the batch. Nothing may be added before the last possible refusal.

        Raises:
            Refused: Nothing of this act is kept.
        """

    @abstractmethod
    def committed(self) -> None:
        """Its effects are committed."""

    @abstractmethod
    def failed(self, error: WardwireError) -> None:
        """It was refused, is unknown, or could not be tried: `error` says which."""

    def repeated(self, digest: bytes, result: str) -> None:
        """Its identity was committed before, with this digest and result."""
        raise NotImplementedError


class Writer(Protocol):
    """Where acts are handed in: engine/lanes.py."""

    def put(self, act: Act) -> None:
        """Take an act; never waits. A full lane fails the act at once with `OVERLOADED`."""
        ...


class Announcer(Protocol):
    """Who tells devices what is committed: devices/hub.py. Never waits; a device that misses it will ask."""

    def inbox(self, epoch: int, events: Sequence[Numbered]) -> None:
        """Tell people's devices their new events."""
        ...

    def live(self, items: Sequence[Any]) -> None:
        """Tell senders' devices how their messages stand (flow/views.Status); not kept anywhere."""
        ...


class SendResult(NamedTuple):
    """What a channel answers: a value to be recorded, never an exception.

    Attributes:
        outcome: `sent` (the provider took it; no more than that), `retry` or `refused` (for good).
        detail: The provider's words, without anything of the message.
    """

    outcome: str
    detail: str


class Channel(Protocol):
    """A way out that is not a device connection. One that hangs is cut off by its caller's deadline."""

    kind: str

    async def send(self, attempt_id: str, endpoint: Endpoint, message: Message, *, again: bool = False) -> SendResult:
        """Try to hand a message over. Repeating an `attempt_id` is the same attempt.

        Args:
            again: It may have been handed over before, and nobody knows: what is handed over now says so.
        """
        ...
