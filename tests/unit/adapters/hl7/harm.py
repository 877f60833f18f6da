"""Harms messages, seeded, and does with them all that is done before anything is stored.

python -m tests.unit.adapters.hl7.harm 1000000 7     a million, of seed 7
"""

from __future__ import annotations

import random
import sys
from datetime import UTC, datetime

from tests.unit.adapters.hl7.samples import ALARM, RESULT, adt
from wardwire.adapters.hl7.ack import Answer, Fault, owed, render_ack
from wardwire.adapters.hl7.batch import split_frame
from wardwire.adapters.hl7.frame import Deframer, render_frame
from wardwire.adapters.hl7.mapping import Table, map_message
from wardwire.adapters.hl7.registration import REGISTRATION
from wardwire.adapters.hl7.tokens import NotHl7, parse
from wardwire.testing.conformance.conversation import read_conversations

_NOW = datetime(2026, 12, 1, tzinfo=UTC)
_TABLE = Table()
_MEANS = (
    b"|",
    b"^",
    b"~",
    b"\\",
    b"&",
    b"\r",
    b"\n",
    b"\x0b",
    b"\x1c\r",
    b'""',
    b"MSH|",
    b"BHS|",
    b"\\X",
    b"\xff\xfe",
)
_SAMPLES = (
    *(adt(event, control=event, at="20261201184000").encode() for event in ("A01", "A02", "A13")),
    *(text.encode() for text in (ALARM, RESULT, "BHS|^~\\&|GW7\r" + ALARM + RESULT + "BTS|2\r")),
    *(frame for one in read_conversations(REGISTRATION.golden) for frame in Deframer().feed(one.sent)),
)


def harm(rounds: int, seed: int) -> int:
    """Harm so many messages and take each; whatever it is, nothing may be raised.

    Now and then a piece of the line itself is harmed: marks of frames, several messages, bytes between them.
    Returns how many were messages still.
    """
    rng = random.Random(seed)
    taken = 0
    for _ in range(rounds):
        message = _harmed(rng, rng.choice(_SAMPLES))
        line = render_frame(message)
        if rng.random() < 0.1:
            line = _harmed(rng, line + render_frame(rng.choice(_SAMPLES)))
        for frame in _cut(rng, line):
            taken += sum(_take(data) for data in split_frame(frame))
    return taken


def _cut(rng: random.Random, line: bytes) -> list[bytes]:
    """Give the frames of a line that comes in two pieces."""
    deframer, at = Deframer(), rng.randrange(len(line) + 1)
    return [*deframer.feed(line[:at]), *deframer.feed(line[at:])]


def _take(data: bytes) -> bool:
    try:
        message = parse(data)
    except NotHl7:
        return False
    outcome = map_message(message, data, _TABLE, source="hl7")
    for answer in (Answer.COMMITTED, Answer.REFUSED):
        for code in owed(message, answer):
            fault = Fault(102, "MSH^1", outcome.why or "why")
            written = render_ack(message, code, control_id="1", now=_NOW, fault=fault)
            assert Deframer().feed(render_frame(written)) == [written], "an answer breaks its frame"
    return True


def _harmed(rng: random.Random, message: bytes) -> bytes:
    """Change, cut out, put in and double bytes, with a liking for those that mean something."""
    body = bytearray(message)
    for _ in range(rng.randint(1, 8)):
        at = rng.randrange(len(body) + 1)
        match rng.randrange(4):
            case 0 if at < len(body):
                body[at] = rng.randrange(256)
            case 1:
                del body[at : at + rng.randint(1, 40)]
            case 2:
                body[at:at] = rng.choice(_MEANS)
            case _:
                body[at:at] = bytes(body[at : at + rng.randint(1, 60)]) * rng.randint(1, 5)
    return bytes(body)


if __name__ == "__main__":
    print(harm(int(sys.argv[1]), int(sys.argv[2])))
