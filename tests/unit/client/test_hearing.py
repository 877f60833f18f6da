"""What is missing is asked for, whatever was lost."""

from __future__ import annotations

import time
from collections import deque
from datetime import UTC, datetime

import pytest

from wardwire.client.diary import NoDiary
from wardwire.client.hearing import LOST_S, Hearing
from wardwire.devices.frames import BeatBack, Condensed, Cursor, Event, Welcome
from wardwire.flow.statement import MessageView, Sender
from wardwire.model.priority import Priority

NOW = datetime(2026, 3, 1, 2, 14, 7, tzinfo=UTC)
BEN = "per_0193a1b2c3d475f68718293a4b5c6d7e"


class Said:
    """Keeps what the device was asked to say."""

    def __init__(self) -> None:
        self.resumes = 0
        self.receipts: list[tuple[str, str]] = []
        self.calls: list[int] = []

    def resume(self) -> None:
        """Count."""
        self.resumes += 1

    def receipt(self, message: str, kind: str = "delivered", *, priority: str = Priority.HIGH, call: int = 0) -> None:
        """Keep."""
        self.receipts.append((message, kind))
        self.calls.append(call)


def hearing(said: Said, cursor: Cursor | None = None) -> Hearing:
    """Ben's phone."""
    return Hearing(
        said, person=BEN, cursor=cursor, shown=(), diary=NoDiary(), keep=None, receipts=True, errors=deque()
    )


def welcome(head: int, epoch: int = 1) -> Welcome:
    """A core's welcome."""
    return Welcome(v=1, nonce="", session="", epoch=epoch, head=head, time=NOW, offset_ms=0, person=BEN, name="Ben")


CURSORS = {
    "of the future": Cursor(epoch=1, seq=99),
    "of another epoch": Cursor(epoch=7, seq=1),
    "behind": Cursor(epoch=1, seq=0),
    "none": None,
}


@pytest.mark.parametrize("cursor", CURSORS.values(), ids=CURSORS)
async def test_a_page_that_was_lost_is_asked_for_again(cursor: Cursor | None) -> None:
    """Also where the number is not below the head: only the next beat would notice, 15 s later."""
    said = Said()
    phone = hearing(said, cursor)
    phone.welcomed(welcome(head=1), cursor)
    phone.tick(time.monotonic())
    assert said.resumes == 0
    phone.tick(time.monotonic() + LOST_S + 0.1)
    assert said.resumes == 1

    phone.condensed(Condensed(epoch=1, first=1, last=1, seqs=[1], reset=True, asked=cursor))
    phone.event(Event(epoch=1, seq=1, event="new", id="msg_1"))
    phone.beat(BeatBack(epoch=1, head=1, time=NOW))
    phone.tick(time.monotonic() + LOST_S + 0.1)
    assert (said.resumes, phone.cursor) == (1, Cursor(epoch=1, seq=1))
    phone.end(RuntimeError())


async def test_a_cursor_that_the_head_has_not_reached_yet_is_its_own() -> None:
    """An event overtook the welcome: that is no other history."""
    said = Said()
    phone = hearing(said, Cursor(epoch=1, seq=4))
    phone.event(Event(epoch=1, seq=5, event="read", id="msg_1"))
    phone.welcomed(welcome(head=4), Cursor(epoch=1, seq=4))
    phone.event(Event(epoch=1, seq=6, event="read", id="msg_1"))
    phone.tick(time.monotonic() + LOST_S + 0.1)
    assert (said.resumes, phone.cursor) == (0, Cursor(epoch=1, seq=6))
    phone.end(RuntimeError())


async def test_the_first_message_of_all_is_heard_though_it_overtakes_the_first_page() -> None:
    """A new phone has no cursor yet, and Anna pages at once."""
    said = Said()
    phone = hearing(said)
    phone.welcomed(welcome(head=0), None)
    phone.event(Event(epoch=1, seq=1, event="new", id="msg_1"))
    phone.condensed(Condensed(epoch=1, first=1, last=0, seqs=[], reset=True))
    assert (await phone.next_event(1)).id == "msg_1"
    phone.end(RuntimeError())


def test_whoever_is_called_anew_says_so_by_a_receipt_of_its_own() -> None:
    """That of the first call may be on its way still, and its confirmation says nothing of the second."""
    said = Said()
    phone = hearing(said, Cursor(epoch=1, seq=0))
    view = MessageView(
        id="msg_1", thread="thr_1", kind="alert", priority="high", sender=Sender(source="monitor"), stored_at=NOW
    )
    phone.event(Event(epoch=1, seq=1, event="new", id="msg_1", message=view))
    phone.event(Event(epoch=1, seq=2, event="ring", id="msg_1", message=view))
    assert said.calls == [0, 2]
