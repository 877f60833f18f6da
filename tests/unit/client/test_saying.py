"""What a device says is said again until it is answered, and each call of its person has a receipt of its own."""

from __future__ import annotations

from collections import deque
from typing import Any, cast

import msgspec

from wardwire.client.saying import Saying
from wardwire.client.session import Session
from wardwire.devices.frames import Envelope


class Open:
    """A session that proves nothing."""

    def prove(self, body: bytes, sig: str) -> Envelope:
        """Wrap."""
        return Envelope(v=1, body=msgspec.Raw(body), sig=sig)


def receipts(written: list[Envelope]) -> list[dict[str, Any]]:
    return [msgspec.json.decode(bytes(envelope.body)) for envelope in written]


def test_a_second_call_is_confirmed_although_the_first_receipt_still_waits() -> None:
    """Else the confirmation of the first ends both, and whoever was rung counts as unreachable."""
    written: list[Envelope] = []
    saying = Saying(cast(Session, Open()), written.append, deque(), 10)
    saying.receipt("msg_1", "delivered", "high")
    saying.receipt("msg_1", "delivered", "high")
    assert [each["id"] for each in receipts(written)] == ["dmsg_1"]
    saying.receipt("msg_1", "delivered", "high", 7)
    assert [each["id"] for each in receipts(written)] == ["dmsg_1", "dmsg_1.7"]
    saying.confirmed(["dmsg_1"])
    assert len(saying) == 1
    saying.confirmed(["dmsg_1.7"])
    assert len(saying) == 0
