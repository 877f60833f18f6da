"""What a response frame says, as an event of the delivery. Pure."""

from __future__ import annotations

from uuid import UUID

from wardwire.devices.frames import Receipt, Response
from wardwire.model.delivery import Event, Happened
from wardwire.model.errors import Code, Refused


def happened_of(response: Response, device_id: UUID) -> Happened:
    """Return what a response lets happen.

    Raises:
        Refused: `INVALID` unless exactly one answer is given, or when the text cannot be kept.
    """
    given = [
        event
        for event, there in (
            (Event.ACCEPT, response.accept),
            (Event.DECLINE, response.decline),
            (Event.HAND_BACK, response.hand_back),
            (Event.KEEP, response.keep),
            (Event.DONE, response.done),
            (Event.ANSWER, bool(response.choice)),
            (Event.ANSWER, bool(response.text)),
        )
        if there
    ]
    if len(given) != 1:
        raise Refused(
            Code.INVALID, "a response is exactly one of accept, decline, hand_back, keep, done, choice, text"
        )
    answer = response.choice or response.text
    if "\x00" in answer:
        pointer = "/choice" if response.choice else "/text"
        raise Refused(Code.INVALID, "a NUL character stands in the text", pointer=pointer)
    return Happened(event=given[0], device_id=device_id, answer=answer)


def received(receipt: Receipt, device_id: UUID) -> Happened:
    """Return what a receipt lets happen."""
    return Happened(Event.SEEN if receipt.kind == "read" else Event.CONFIRMED, 0, device_id)
