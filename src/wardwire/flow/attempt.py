"""Step 3 on an outside channel: the intent is committed, the channel was tried, here its result is committed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import msgspec

from wardwire.flow.ports import Act, Known, Needs, SendResult
from wardwire.model.delivery import Delivery, State
from wardwire.model.errors import WardwireError
from wardwire.model.facts import FactKind
from wardwire.model.priority import Lane
from wardwire.store.batch import Batch
from wardwire.store.deadlines import SEND

_ENCODE = msgspec.json.Encoder().encode
_FACTS = {"sent": FactKind.SENT, "not_needed": FactKind.NOT_SENT}
RETRY_AFTER = timedelta(seconds=10)


def still_wanted(delivery: Delivery | None) -> bool:
    """Whether an outside attempt still makes sense: nobody has confirmed the delivery, and it has not ended."""
    return delivery is not None and delivery.state in (State.PENDING, State.UNREACHABLE)


class Attempted(Act):
    """Record how an attempt ended.

    `retry` leaves its deadline armed, ten seconds on, while the delivery still wants it. A result that comes after
    its claim has ended (the core was frozen, and another one has tried since) leaves a fact and changes nothing.

    Args:
        fence: The deadline's, as it was claimed.
    """

    __slots__ = ("_channel", "_done", "_endpoint_id", "_fence", "_key", "_result", "affinity", "lane")

    def __init__(
        self,
        message_id: UUID,
        person_id: UUID,
        endpoint_id: UUID,
        channel: str,
        result: SendResult,
        *,
        fence: int,
        lane: Lane,
        done: Callable[[WardwireError | None], None],
    ) -> None:
        self._key = (message_id, person_id)
        self._endpoint_id = endpoint_id
        self._channel = channel
        self._result = result
        self._fence = fence
        self._done = done
        self.lane = lane
        self.affinity = hash(person_id)

    def needs(self) -> Needs:
        """The delivery."""
        return Needs(deliveries=(self._key,))

    def decide(self, known: Known, batch: Batch, durability: str) -> None:
        """Record the result, and try again later where that may help."""
        message_id, person_id = self._key
        delivery, result = known.delivery(self._key), self._result
        again = result.outcome == "retry" and delivery is not None and delivery.state is State.PENDING
        due = batch.now + RETRY_AFTER if again else None
        batch.rearm(message_id, self._fence, due, person_id=person_id, kind=SEND, ref=self._endpoint_id)
        if not again:
            columns = ([message_id], [person_id], [self._endpoint_id], [result.outcome], [result.detail])
            batch.also("attempt_ended", batch.now, *columns, [self._fence])
        body = {
            "channel": self._channel,
            "endpoint": self._endpoint_id.hex,
            "outcome": result.outcome,
            "detail": result.detail,
        }
        batch.record(
            _FACTS.get(result.outcome, FactKind.SEND_FAILED),
            _ENCODE(body).decode(),
            message_id=message_id,
            person_id=person_id,
        )

    def committed(self) -> None:
        """The claim is over."""
        self._done(None)

    def failed(self, error: WardwireError) -> None:
        """The lease runs out, and somebody tries again: it may be sent twice, marked so, never not at all."""
        self._done(error)
