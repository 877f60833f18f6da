"""What a device is told of what it asked: one frame for every way that a request can end."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from uuid import UUID

import msgspec

from wardwire.devices.frames import (
    Bye,
    Confirmed,
    Done,
    Down,
    ErrorFrame,
    RefusedFrame,
    UnknownFrame,
    encode,
)
from wardwire.devices.rate import Buckets
from wardwire.devices.session import Door, Session
from wardwire.model.clock import Clock
from wardwire.model.delivery import Delivery
from wardwire.model.errors import Code, Refused, Unavailable, WardwireError

# What helps itself by another try or another hello; every other refusal is final.
_TRY_AGAIN = frozenset({Code.SESSION_UNKNOWN, Code.RATE_LIMITED})
# What somebody may not do: counted, and told to `denied`.
_DENIALS = frozenset(
    {Code.NOT_AUTHENTICATED, Code.NOT_PERMITTED, Code.PROOF_INVALID, Code.DEVICE_REVOKED, Code.NOT_FOUND}
)

Denied = Callable[[UUID | None, Code], None]


class Submitted(msgspec.Struct, frozen=True, gc=False):
    """Tells a device how its submission has ended. A closure would be five objects for the collector, each time."""

    answers: Answers
    door: Door
    request: str

    def __call__(self, result: str | WardwireError, replayed: bool) -> None:
        """Answer; only after the commit."""
        if isinstance(result, str):
            self.answers.stored(self.door, self.request, result, replayed)
        else:
            self.answers.fail(self.door, self.request, result)


class Received(msgspec.Struct, frozen=True, gc=False):
    """Tells a device how its receipt has ended."""

    answers: Answers
    door: Door
    request: str

    def __call__(self, result: Delivery | WardwireError) -> None:
        """Confirm it, if it has an id; only after the commit."""
        if isinstance(result, Delivery):
            if self.request:
                self.answers.confirm(self.door, self.request)
        else:
            self.answers.fail(self.door, self.request, result)


class Answers:
    """Writes answers; receipts are confirmed together.

    Args:
        publish: Sends a frame on a subject; never waits.
        denied: Hears of refused access, at most once a minute for each device and code.
        confirm_after_s: How long the ids of receipts are gathered.

    Attributes:
        failures: How many answers of each code.
    """

    def __init__(
        self, *, publish: Callable[[str, bytes], None], clock: Clock, denied: Denied, confirm_after_s: float
    ) -> None:
        self._publish = publish
        self._clock = clock
        self._denied = denied
        self._confirm_after_s = confirm_after_s
        self._confirmed: dict[str, list[str]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._denials = Buckets(1 / 60, 1)
        self.failures: Counter[str] = Counter()

    def tell(self, door: Door, frame: Down) -> None:
        """Send one frame."""
        self._publish(door.down, encode(frame))

    def stored(self, door: Door, request: str, result: str, replayed: bool) -> None:
        """Answer a submission: it is committed. The frame (`StoredFrame`) is the result with the request's id."""
        end = ',"replayed":true}' if replayed else "}"
        frame = f'{{"t":"stored","id":{encode(request).decode()},{result[1:-1]}{end}'
        self._publish(door.down, frame.encode())

    def done(self, door: Door, session: Session, frame: Done) -> None:
        """Answer a response or a cancel: it is committed. A repeat of the request gets the same answer."""
        written = encode(frame)
        session.remember(frame.id, written)
        self._publish(door.down, written)

    def again(self, door: Door, session: Session, request: str) -> bool:
        """Give a remembered answer again; False when there is none."""
        written = session.answered.get(request)
        if written is None:
            return False
        self._publish(door.down, written)
        return True

    def confirm(self, door: Door, request: str) -> None:
        """Confirm a receipt that had an id, together with others, soon."""
        if not request:
            return
        self._confirmed.setdefault(door.down, []).append(request)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._confirm_after_s, self.flush)

    def flush(self) -> None:
        """Send the confirmations that are gathered."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        gathered, self._confirmed = self._confirmed, {}
        for subject, ids in gathered.items():
            for first in range(0, len(ids), 200):
                self._publish(subject, encode(Confirmed(ids=ids[first : first + 200])))

    def fail(self, door: Door, request: str, error: WardwireError, session: str = "") -> None:
        """Answer with why not."""
        if isinstance(error, Refused):
            code = error.code
            if code in _TRY_AGAIN:
                self.tell(door, ErrorFrame(code=code, detail=error.detail, id=request, session=session))
            else:
                refused = RefusedFrame(
                    id=request, code=code, detail=error.detail, pointer=error.pointer, fields=error.fields
                )
                self.tell(door, refused)
                if code is Code.DEVICE_REVOKED:
                    self.tell(door, Bye(why=code))
            if code in _DENIALS:
                self.deny(UUID(hex=door.name), code)
        elif isinstance(error, Unavailable):
            code = error.code
            self.tell(door, ErrorFrame(code=code, detail=error.detail, id=request))
        else:
            code = Code.COMMIT_UNKNOWN
            detail = "nobody can say whether it was kept; send the same id again"
            self.tell(door, UnknownFrame(id=request, detail=detail))
        self.failures[code] += 1

    def deny(self, device_id: UUID | None, code: Code) -> None:
        """Count a refused access, and tell of it unless that was done a moment ago."""
        if self._denials.take((device_id, code), self._clock.monotonic()):
            self._denied(device_id, code)
