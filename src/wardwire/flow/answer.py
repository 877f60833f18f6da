"""Step 4: what devices say of a delivery: stored, read, an answer, a hand-back; and what the sender has heard."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from wardwire.flow.ports import Act, Known, Needs, Rules
from wardwire.flow.take import take_step
from wardwire.model.delivery import Delivery, Happened, step
from wardwire.model.errors import Code, Refused, WardwireError
from wardwire.model.facts import FactKind
from wardwire.model.priority import Lane
from wardwire.store.batch import NOBODY, Batch
from wardwire.store.deadlines import NOTICE

Done = Callable[[Delivery | WardwireError], None]


class Signed(NamedTuple):
    """What a device has signed: the exact bytes, and the signature as it wrote it."""

    body: bytes
    signature: str


class Say(Act):
    """Let something happen to one delivery: a receipt, a response, a hand-back.

    The same said twice changes nothing and is answered alike. `done` is called with the delivery as it stands
    after the commit, or with why not.
    """

    __slots__ = ("_after", "_done", "_happened", "_key", "_rules", "_signed", "affinity", "lane")

    def __init__(
        self,
        message_id: UUID,
        person_id: UUID,
        happened: Happened,
        *,
        lane: Lane,
        rules: Callable[[], Rules],
        done: Done,
        signed: Signed | None = None,
    ) -> None:
        """Let it happen; `signed` is kept with the fact, and proved to have been checked by whoever hands it in."""
        self._key = (message_id, person_id)
        self._happened = happened
        self._rules = rules
        self._done = done
        self._signed = signed
        self._after: Delivery | None = None
        self.lane = lane
        self.affinity = hash(person_id)

    def needs(self) -> Needs:
        """The delivery."""
        return Needs(deliveries=(self._key,))

    def decide(self, known: Known, batch: Batch, durability: str) -> None:
        """Ask the pure rule, and take what it decides."""
        before = known.delivery(self._key)
        if before is None:
            raise Refused(Code.NOT_FOUND, "you are no recipient of such a message")
        happened = self._happened
        decided = step(before, happened, batch.now)
        detail: dict[str, object] = {}
        if self._signed is not None and decided.delivery is not before and happened.device_id is not None:
            body, signature = self._signed
            digest = sha256(body).digest()
            batch.keep_signed((*self._key, happened.device_id, digest, body))
            detail = {"said": happened.event.value, "content": digest.hex(), "proof": signature}
        if decided.delivery.response is not None:
            detail["response"] = happened.event.value
        take_step(batch, known, self._rules(), before, decided, device_id=happened.device_id, detail=detail)
        self._after = decided.delivery

    def committed(self) -> None:
        """Answer the device."""
        assert self._after is not None
        self._done(self._after)

    def failed(self, error: WardwireError) -> None:
        """Answer the device."""
        self._done(error)


class Heard(Act):
    """The sender's device has shown that a message failed: nobody else need be told."""

    __slots__ = ("_device_id", "_done", "_message_id", "_sender", "affinity", "lane")

    def __init__(
        self, message_id: UUID, sender: UUID, *, device_id: UUID, lane: Lane, done: Callable[[], None]
    ) -> None:
        self._message_id = message_id
        self._sender = sender
        self._device_id = device_id
        self._done = done
        self.lane = lane
        self.affinity = hash(sender)

    def needs(self) -> Needs:
        """The message: only its own sender can have heard of its failure."""
        return Needs(messages=(self._message_id,))

    def decide(self, known: Known, batch: Batch, durability: str) -> None:
        """Take the deadline away under which the desk would be told."""
        message = known.message(self._message_id)
        if message is None or message.sender_person != self._sender:
            raise Refused(Code.NOT_FOUND, "you have sent no such message")
        batch.disarm(self._message_id, self._sender, NOTICE, NOBODY)
        batch.record(
            FactKind.SENDER_TOLD,
            "{}",
            message_id=self._message_id,
            person_id=self._sender,
            device_id=self._device_id,
        )

    def committed(self) -> None:
        """Answer the device."""
        self._done()

    def failed(self, error: WardwireError) -> None:
        """The device will say it again."""
