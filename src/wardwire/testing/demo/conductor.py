"""Plays the scenes: sends what they say over real devices and REST, and lets people react to what they were given."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import cycle
from random import Random
from typing import Any, NamedTuple
from uuid import uuid4

import msgspec

from wardwire.client.device import Closed
from wardwire.devices.frames import Event, StatusFrame
from wardwire.flow.statement import Responses, Statement
from wardwire.model.errors import Refused, Unavailable, Unknown, WardwireError
from wardwire.model.priority import Kind, Priority
from wardwire.testing.demo.board import Board, Question, Row, worth
from wardwire.testing.demo.phone import Phone
from wardwire.testing.demo.rest import Rest
from wardwire.testing.demo.scenes import FOR_YOU, Line, Reaction, Scene
from wardwire.testing.demo.traffic import Cue
from wardwire.testing.demo.ward import CHEN, DESK, LAB

SCENES_MAX = 20  # at once
ANSWER_S = 10.0  # for the core's answer to one request
GIVEN_S = 30.0  # for a message to reach a phone
OFF_S = 7.0  # a phone stays switched off so long
HEARD_S = 0.2  # what a recipient has said reaches the sender's phone meanwhile
LOOK_S = 0.5  # how often the laboratory asks how its message stands
_TROUBLE = (WardwireError, Closed, OSError)


class Given(NamedTuple):
    """A recipient, as the result of a submission named them."""

    person: str
    name: str


class Conductor:
    """Plays until told to stop. Whatever goes wrong with one message is shown with it, and ends its scene only."""

    def __init__(
        self,
        lab: Rest,
        board: Board,
        *,
        seed: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.phones: Mapping[str, Phone] = {}
        self._lab = lab
        self._board = board
        self._chance = Random(f"people {seed}")
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()
        self._scenes = 0
        self._questions = cycle(FOR_YOU)

    async def play(self, cues: Iterator[Cue], stop: asyncio.Event) -> None:
        """Begin scene after scene until `stop`; those under way go on."""
        for cue in cues:
            try:
                async with asyncio.timeout(cue.pause_s):
                    await stop.wait()
                return
            except TimeoutError:
                pass
            if self._scenes < SCENES_MAX:
                self._begin(self._perform(cue.scene))

    async def settle(self, patience_s: float) -> None:
        """Wait for the scenes under way, then end what is left of them."""
        ends = self._clock() + patience_s
        while self._tasks and self._clock() < ends:
            await asyncio.wait(self._tasks, timeout=max(0.0, ends - self._clock()))
        left = list(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def ask_you(self) -> None:
        """Send the person at the terminal a message, as Dr. Chen."""
        self._begin(self._perform((next(self._questions),)))

    def answer(self, question: Question, number: int) -> None:
        """Answer it with its option of this number, from 1; another number does nothing."""
        if 1 <= number <= len(question.options) and question in self._board.questions:
            self._board.questions.remove(question)
            self._begin(self._answer(question, question.options[number - 1]))

    # What people's phones tell -----------------------------------------------------------------------------------

    def heard(self, phone: Phone, event: Event) -> None:
        """A phone was given an event. Technical alarms are nobody's line; whoever gets one reads it all the same."""
        view = event.message
        if event.event != "new" or view is None or view.kind != Kind.TECHNICAL_ALARM or event.age_ms > 60_000:
            return
        row = Row(
            sender="Wardwire",
            to=DESK,
            priority=Priority.HIGH,
            text=view.text,
            sent_at=self._clock() - event.age_ms / 1000,
        )
        self._board.alarm(row, event.id, phone.person, phone.name)
        self._begin(self._read_alarm(phone, row))

    def status(self, frame: StatusFrame) -> None:
        """A sender's phone was told how a message stands."""
        self._board.status(frame.message, frame.person, frame.state, frame.response, self._clock())

    async def _read_alarm(self, phone: Phone, row: Row) -> None:
        await asyncio.sleep(self._chance.uniform(0.8, 1.6))
        phone.device.receipt(row.message, "read")
        self._board.status(row.message, phone.person, "read", "", self._clock())
        self._board.finish(row)

    # One scene ---------------------------------------------------------------------------------------------------

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except _TROUBLE as error:
            self._board.note = why(error)

    async def _perform(self, scene: Scene) -> None:
        before: Row | None = None
        self._scenes += 1
        try:
            for line in scene:
                if before is not None:
                    await asyncio.sleep(self._chance.uniform(0.4, 1.2))
                before = await self._say(line, before)
                if before is None:
                    return
        finally:
            self._scenes -= 1

    async def _say(self, line: Line, before: Row | None) -> Row | None:
        """Send one line, and wait until people have done about it what they do; None when it was not kept."""
        if line.phone_off:
            await self._switch_off(self.phones[line.phone_off])
        if line.sender != LAB:
            await self.phones[line.sender].until_on(GIVEN_S)
        row = Row(
            sender="Laboratory" if line.sender == LAB else line.sender,
            to=line.to.partition(":")[2] or line.to,
            priority=line.priority,
            text=f"{line.subject}: {line.text}" if line.subject else line.text,
            sent_at=self._clock(),
            asks=line.accept_decline or line.free_text or bool(line.choices),
            chat=line.kind is Kind.CHAT,
            yours=line.for_you,
        )
        self._board.sent(row)
        try:
            message, given = await self._submit(line, before)
        except _TROUBLE as error:
            self._board.refused(row, why(error))
            self._board.finish(row)
            return None
        # Only a way that is open can be measured, and only a sender with a device is told of its end.
        row.in_reach = line.sender != LAB and any(
            self.phones[who.name].connected for who in given if who.name in self.phones
        )
        self._board.stored(row, message, given, self._clock())
        if line.sender == LAB:
            watch = self._begin(self._watch_lab(row))
            await self._react(line, row, given)
            await asyncio.sleep(LOOK_S)
            watch.cancel()
        else:
            await self._react(line, row, given)
            await asyncio.sleep(HEARD_S)
        if not line.for_you:
            self._board.finish(row)
        return row

    async def _submit(self, line: Line, before: Row | None) -> tuple[str, list[Given]]:
        statement = Statement(
            id=uuid4().hex,
            to=(line.to,),
            priority=line.priority,
            kind=line.kind,
            subject=line.subject,
            text=line.text,
            callback=line.callback,
            responses=Responses(line.accept_decline, line.choices, line.free_text),
            expires_at=datetime.now(UTC) + timedelta(seconds=line.expires_s) if line.expires_s else None,
            patient=line.patient,
            reply_to=before.message if line.answers and before else None,
        )
        if line.sender == LAB:
            body = msgspec.to_builtins(statement)
            del body["t"], body["id"]
            stored = await self._lab.post("/v1/messages", body, identity=statement.id)
            return stored["message"], [Given(r["person"], r["name"]) for r in stored["recipients"]]
        frame = await self.phones[line.sender].device.send(statement, timeout_s=ANSWER_S)
        return frame.message, [Given(r.person, r.name) for r in frame.recipients]

    async def _react(self, line: Line, row: Row, given: Sequence[Given]) -> None:
        by_name = {reaction.by or given[0].name: reaction for reaction in line.reactions}
        doing = [
            self._begin(self._receive(line, row, self.phones[who.name], by_name.get(who.name)))
            for who in given
            if who.name in self.phones
        ]
        if line.fails:
            await self._until_failed(line, row)
        elif line.recall_s is not None:
            await asyncio.sleep(line.recall_s)
            await self.phones[line.sender].device.cancel(row.message, recall=True, timeout_s=ANSWER_S)
            self._board.end(row, "recalled by its sender")
        elif doing:
            await asyncio.wait(doing, timeout=GIVEN_S)

    async def _receive(self, line: Line, row: Row, phone: Phone, reaction: Reaction | None) -> None:
        """One recipient: gets it, reads it, answers it."""
        if not await phone.got(row.message, GIVEN_S):
            return
        await asyncio.sleep(self._chance.uniform(0.6, 1.6))
        if line.for_you:
            options = (("accept", "decline") if line.accept_decline else ()) + line.choices
            self._board.questions.append(Question(row.message, row, options))
        await phone.until_on(GIVEN_S)
        phone.device.receipt(row.message, "read", priority=line.priority)
        if reaction is None:
            return
        await asyncio.sleep(reaction.after_s)
        await phone.until_on(GIVEN_S)
        await _respond(phone, row.message, reaction.say, line.choices)
        if reaction.hand_back_after_s is not None:
            await asyncio.sleep(reaction.hand_back_after_s)
            await _respond(phone, row.message, "hand_back", ())
            self._board.end(row, f"handed back by {phone.name}")

    async def _answer(self, question: Question, say: str) -> None:
        await _respond(self.phones[CHEN], question.message, say, question.options)
        row = question.row
        if row.sender in self.phones:
            thanks = Line(
                sender=row.sender,
                to=CHEN,
                priority=Priority.LOW,
                kind=Kind.CHAT,
                text="Thank you, Dr. Chen.",
                answers=True,
            )
            await asyncio.sleep(LOOK_S)
            self._board.finish(row)
            await asyncio.sleep(1)
            await self._say(thanks, row)
        else:
            await self._look_lab(row)
            self._board.finish(row)

    async def _until_failed(self, line: Line, row: Row) -> None:
        if line.sender != LAB:
            await self.phones[line.sender].failed(row.message, GIVEN_S)
            return
        ends = self._clock() + GIVEN_S
        # The laboratory asks again and again, see `_watch_lab`.
        while self._clock() < ends and worth(row) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.1)

    async def _watch_lab(self, row: Row) -> None:
        """The laboratory has no device that would be told: it asks."""
        ends = self._clock() + GIVEN_S
        while self._clock() < ends:
            await asyncio.sleep(LOOK_S / 2)
            await self._look_lab(row)

    async def _look_lab(self, row: Row) -> None:
        found = await self._lab.get(f"/v1/messages/{row.message}")
        for delivery in found["deliveries"]:
            person, state = delivery["person"], delivery["state"]
            self._board.status(row.message, person, state, delivery.get("response", ""), self._clock())

    async def _switch_off(self, phone: Phone) -> None:
        if not phone.is_on:
            return
        await phone.off()
        self._board.off.append(phone.name)
        self._begin(self._switch_on(phone))

    async def _switch_on(self, phone: Phone) -> None:
        try:
            await asyncio.sleep(OFF_S)
            await phone.on()
        finally:
            self._board.off.remove(phone.name)


async def _respond(phone: Phone, message: str, say: str, choices: Sequence[str]) -> None:
    if say in ("accept", "decline", "hand_back"):
        await phone.device.respond(message, say, timeout_s=ANSWER_S)
    elif say in choices:
        await phone.device.respond(message, choice=say, timeout_s=ANSWER_S)
    else:
        await phone.device.respond(message, text=say, timeout_s=ANSWER_S)


def why(error: BaseException) -> str:
    """Say in a few words what went wrong with a message."""
    match error:
        case Refused() | Unavailable():
            return error.detail or str(error.code)
        case Unknown():
            return "nobody can say whether it was kept"
        case _:
            return str(error) or type(error).__name__
