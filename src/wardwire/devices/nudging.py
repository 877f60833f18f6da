"""Takes *ring them again* of senders: the same message at most once a minute, whoever of their devices says it."""

from __future__ import annotations

from collections.abc import Callable

from wardwire.devices.answers import Answers
from wardwire.devices.frames import Done, Envelope
from wardwire.devices.frames import Nudge as NudgeFrame
from wardwire.devices.rate import Buckets
from wardwire.devices.session import Door, Session
from wardwire.flow.nudge import Nudge
from wardwire.flow.ports import Rules, Writer
from wardwire.model import ids
from wardwire.model.clock import Clock
from wardwire.model.errors import WardwireError
from wardwire.model.people import Directory
from wardwire.model.priority import lane_of

EVERY_S = 60


class Nudging:
    """Lets a message be rung again. The bound is this core's: another core, or a restarted one, has its own."""

    def __init__(
        self,
        writer: Writer,
        *,
        rules: Callable[[], Rules],
        directory: Callable[[], Directory],
        answers: Answers,
        clock: Clock,
    ) -> None:
        self._writer = writer
        self._rules = rules
        self._directory = directory
        self._answers = answers
        self._clock = clock
        self._often = Buckets(1 / EVERY_S, 1)

    def put(self, door: Door, session: Session, envelope: Envelope, frame: NudgeFrame) -> None:
        """Take what somebody says; it is answered `nudged` with how many were rung, none when it is too soon."""
        if self._answers.again(door, session, frame.id):
            return

        def done(result: int | WardwireError) -> None:
            if isinstance(result, int):
                self._answers.done(
                    door, session, Done(id=frame.id, message=frame.message, state="nudged", count=result)
                )
            else:
                # Nobody was rung: the next try is not too soon.
                self._often.take(key, self._clock.monotonic(), -1)
                self._answers.fail(door, frame.id, result)

        caller = session.caller(self._directory())
        message_id = ids.read_id(ids.MESSAGE, frame.message)
        key = (message_id, caller.person_id)
        if not self._often.take(key, self._clock.monotonic()):
            done(0)
            return
        self._writer.put(Nudge(message_id, caller=caller, lane=lane_of(frame.p), rules=self._rules, done=done))
