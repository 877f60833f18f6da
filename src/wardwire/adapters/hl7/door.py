"""What is answered to one HL7 message: a pure reading, a report handed in, an acknowledgement when it has ended."""

from __future__ import annotations

import asyncio
import hashlib
import math
import re
from collections import OrderedDict
from dataclasses import dataclass
from itertools import count

import structlog

from wardwire.adapters.contract import UNPLACED, Health, Intake
from wardwire.adapters.dead_letters import DeadLetters
from wardwire.adapters.hl7.ack import Answer, Fault, owed, render_ack
from wardwire.adapters.hl7.heard import TAKEN, find_pairs
from wardwire.adapters.hl7.mapping import Table, map_message
from wardwire.adapters.hl7.tokens import Message, NotHl7, parse
from wardwire.model.clock import Clock
from wardwire.model.errors import Code, Refused, WardwireError
from wardwire.model.report import Report
from wardwire.model.stays import Movement

# Senders wait for 10 s and longer; a commit is *unknown* after 2.
PATIENCE_S = 4.0
# So many messages that were refused are remembered, to know their repeats.
REMEMBERED = 1_000
RELEASED_AFTER = 3
# Of frames that are no message, and of messages of other kinds than are taken: how often one is kept, how many at
# most, and how often the desk is told.
KEEP_EVERY_S = 1.0
SAMPLES_MAX = 100
TELL_EVERY_S = 60.0
# So many kinds that are not taken are told apart.
KINDS_MAX = 100
_KIND = re.compile(r"[A-Z0-9]{1,4}(\^[A-Z0-9]{1,4})?")

log = structlog.get_logger("wardwire.adapters.hl7")
_PLACES = {"/patient": "PID^1^3", "/bed": "PV1^1^3", "/unit": "PV1^1^3", "/text": "OBX^1^5", "/subject": "OBX^1^5"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How a site speaks with its source.

    Attributes:
        charset: Of messages that name none.
        release_poison: A message that was refused for the third time is answered as taken, so that an engine that
            repeats it for ever goes on with the next one. The technical alarm stays.
    """

    source: str
    charset: str = "utf-8"
    release_poison: bool = False


class Hl7Door:
    """Answers messages of one source. One for all its connections.

    Args:
        name: Names us in control ids of our own.
        letters: Keeps what is refused.
    """

    def __init__(
        self, *, intake: Intake, table: Table, manners: Manners, clock: Clock, name: str, letters: DeadLetters
    ) -> None:
        self._intake = intake
        self._letters = letters
        self._table = table
        self._manners = manners
        self._clock = clock
        self._name = name
        self._numbers = count(1)
        self._refused: OrderedDict[str, int] = OrderedDict()
        self._unreadable = letters.apart("unreadable", most=SAMPLES_MAX)
        self._keep_after = self._tell_after = -math.inf
        self._unsupported = letters.apart("unsupported", most=SAMPLES_MAX)
        self._unplaced = letters.apart("unplaced", most=SAMPLES_MAX)
        self._keep_other_after = self._keep_unplaced_after = -math.inf
        self._tell_other_after: dict[str, float] = {}
        self._tell_unplaced_after: dict[str, float] = {}
        self.health = Health()

    async def answer(self, data: bytes) -> list[bytes]:
        """Take one message; return the acknowledgements that its sender is owed, often one.

        Never raises for what a message says. The positive one is returned only after the commit.
        """
        self.health.received += 1
        try:
            message = parse(data, charset=self._manners.charset)
        except NotHl7:
            await self.cannot_read(data, "no HL7 message: it has no header that could be read")
            return []
        self.health.heard(message.msh.get(3), message.msh.get(4), self._clock.monotonic())
        answer, fault = await self._judge(message, data)
        match answer:
            case Answer.COMMITTED:
                self.health.taken += 1
            case Answer.LATER:
                self.health.later += 1
            case _:
                self.health.refused += 1
        now = self._clock.now()
        return [
            render_ack(message, code, control_id=f"{self._name}-{next(self._numbers)}", now=now, fault=fault)
            for code in owed(message, answer)
        ]

    async def cannot_read(self, data: bytes, what: str) -> None:
        """Keep a frame that nobody can be answered to, and tell the desk: one alarm is open, and counts on.

        Of a flood only one a second is kept, and one a minute told; all are counted.

        Args:
            data: The frame; b"" = there is nothing to keep.
        """
        self.health.unreadable += 1
        now = self._clock.monotonic()
        if data and now >= self._keep_after:
            self._keep_after = now + KEEP_EVERY_S
            self.health.letters += await self._keep(hashlib.sha256(data).hexdigest(), data, self._unreadable)
        if now >= self._tell_after:
            self._tell_after = now + TELL_EVERY_S
            source = self._manners.source
            log.warning("hl7_unreadable", source=source, count=self.health.unreadable)
            text = (
                f"What the source {source} sends is {what}. Nobody can be answered, and nobody was called because of"
                f" it. {self.health.unreadable} such since the start; see dead-letters/{source}/unreadable."
            )
            self._intake.alarm("hl7_unreadable", source, text)

    async def _judge(self, message: Message, data: bytes) -> tuple[Answer, Fault | None]:
        msh = message.msh
        if not msh.get(10):
            return await self._refuse(message, data, Fault(101, "MSH^1^10", "the control id is missing"))
        unsupported = find_unsupported(message)
        if unsupported is not None:
            await self._decline(message, data, unsupported)
            return Answer.UNSUPPORTED, unsupported
        if message.cut:
            return await self._refuse(message, data, Fault(100, "MSH^1", "it has too many segments"))
        mapped = map_message(message, data, self._table, source=self._manners.source)
        handed = mapped.report or mapped.movement
        if handed is None:
            self.health.ignored += 1
            return Answer.COMMITTED, None
        result = await self._hand_in(handed)
        if isinstance(result, str):
            if isinstance(handed, Movement) and result == UNPLACED:
                await self._tell_unplaced(handed, data)
            return Answer.COMMITTED, None
        if isinstance(result, Refused):
            place = _PLACES.get(result.pointer, "MSH^1")
            number = 204 if result.code in (Code.PLACE_UNKNOWN, Code.POLICY_UNKNOWN, Code.RECIPIENT_UNKNOWN) else 102
            return await self._refuse(message, data, Fault(number, place, f"{result.code}: {result.detail}"))
        return Answer.LATER, Fault(207, "MSH^1", "it cannot be stored now; send it again")

    async def _decline(self, message: Message, data: bytes, fault: Fault) -> None:
        """Keep and count a message of a kind that is not taken here, and tell the desk of the kind: it may be that
        somebody believes that somebody is called by it. Of a flood some are kept, and one a minute is told.
        """
        self.health.unsupported += 1
        now, source = self._clock.monotonic(), self._manners.source
        if now >= self._keep_other_after:
            self._keep_other_after = now + KEEP_EVERY_S
            self.health.letters += await self._keep(hashlib.sha256(data).hexdigest(), data, self._unsupported)
        kind = message.kind if _KIND.fullmatch(message.kind) else "unknown"
        subject = f"{source} {kind} {fault.place}"
        if self._is_told(subject, self._tell_other_after):
            return
        log.warning("hl7_unsupported", source=source, kind=kind, place=fault.place)
        text = (
            f"The source {source} sends messages that are not taken here: {kind}, {fault.text} ({fault.place})."
            f" Nobody is called by them. Samples are in dead-letters/{source}/unsupported. If they are not meant for"
            " us, let the source leave them out."
        )
        self._intake.alarm("hl7_unsupported", subject, text)

    async def _tell_unplaced(self, movement: Movement, data: bytes) -> None:
        """Keep and count a movement to a bed that is not entered, and tell the desk of the bed: what is about that
        patient finds nobody by it. It is taken all the same, because the patient has left the bed of before.
        """
        self.health.unplaced += 1
        now, source = self._clock.monotonic(), self._manners.source
        if now >= self._keep_unplaced_after:
            self._keep_unplaced_after = now + KEEP_EVERY_S
            self.health.letters += await self._keep(hashlib.sha256(data).hexdigest(), data, self._unplaced)
        subject = f"{source} {(movement.unit or movement.bed)[:100]}"
        if self._is_told(subject, self._tell_unplaced_after):
            return
        log.warning("hl7_unplaced", source=source)
        text = (
            f"The source {source} sends patients to {(movement.bed or movement.unit)[:100]}, which is not entered"
            " here. Alarms and results about them go by the place that they name themselves. Enter the bed, and send"
            f" what is kept in dead-letters/{source}/unplaced once more; or let a rule of the mapping table ignore"
            " that unit."
        )
        self._intake.alarm("hl7_unplaced", subject, text)

    def _is_told(self, subject: str, told_after: dict[str, float]) -> bool:
        """Whether the desk was told of this a moment ago, or of too many such; if not, it is to be told now."""
        now = self._clock.monotonic()
        if now < told_after.get(subject, -math.inf) or (subject not in told_after and len(told_after) >= KINDS_MAX):
            return True
        told_after[subject] = now + TELL_EVERY_S
        return False

    async def _hand_in(self, report: Report | Movement) -> str | WardwireError | None:
        """Hand it in and wait for its end; None when that takes too long: then nobody knows."""
        future: asyncio.Future[str | WardwireError] = asyncio.get_running_loop().create_future()

        def ended(result: str | WardwireError) -> None:
            if not future.done():
                future.set_result(result)

        self._intake.take(report, ended)
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await future
        except TimeoutError:
            return None

    async def _refuse(self, message: Message, data: bytes, fault: Fault) -> tuple[Answer, Fault | None]:
        """Refuse a message, with a technical alarm at its first time; let go of it when it comes again and again.

        It is kept first. What could not be kept is never let go of: its sender would be the last to have it.
        """
        digest = hashlib.sha256(data).hexdigest()
        kept = await self._keep(digest, data, self._letters)
        times = self._refused.pop(digest, 0) + 1
        self._refused[digest] = times
        if len(self._refused) > REMEMBERED:
            self._refused.popitem(last=False)
        if times == 1:
            self.health.letters += kept
            code = fault.text.partition(":")[0] if ":" in fault.text else str(fault.code)
            log.warning("hl7_refused", source=self._manners.source, code=code, place=fault.place)
            text = (
                f"A message of the source {self._manners.source} could not be taken: {code} at {fault.place}. Its"
                f" control id: {message.msh.get(10)[:40] or 'none'}. Nobody was called because of it."
                + (f" It is kept as {digest[:16]}…" if kept else " It could not be kept.")
            )
            self._intake.alarm("hl7_refused", f"{self._manners.source} {code} {fault.place}", text)
        if self._manners.release_poison and kept and times >= RELEASED_AFTER:
            return Answer.COMMITTED, None
        return Answer.REFUSED, fault

    async def _keep(self, digest: str, data: bytes, letters: DeadLetters) -> bool:
        try:
            await asyncio.to_thread(letters.keep, digest, data)
        except OSError as error:
            log.error("hl7_dead_letter_not_kept", source=self._manners.source, reason=error)
            return False
        return True


def find_unsupported(message: Message) -> Fault | None:
    """What is not taken here, whatever it says. Any 2.x is: devices say 2.3 to 2.8 and mean the same."""
    msh = message.msh
    if message.kind not in TAKEN:
        return Fault(201 if msh.get(9) == "ORU" else 200, "MSH^1^9", "this type of message is not taken here")
    if msh.get(11).upper() not in ("", "P", "D", "T"):
        return Fault(202, "MSH^1^11", "it is none of P, D, T")
    if msh.get(12) and not msh.get(12).startswith("2"):
        return Fault(203, "MSH^1^12", "only version 2 is spoken here")
    if message.kind == "ADT^A40" and not find_pairs(message):
        return Fault(200, "MRG^1", "it merges nobody, or there is a PID or an MRG that has no other half")
    return None
