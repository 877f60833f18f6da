"""Plays a day of the sample hospital: systems send over HL7, people over their phones.

Whoever is called reacts as they are: at once, slowly, with a no, or not at all. Whom a message reaches is for
Wardwire to decide.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Iterable, Mapping
from datetime import datetime, timedelta
from itertools import cycle
from random import Random
from typing import Any
from uuid import uuid4

from wardwire.client.closed import Closed
from wardwire.devices.frames import Event, StatusFrame
from wardwire.flow.statement import MessageView, Responses, Statement
from wardwire.model.errors import Refused, Unavailable, Unknown, WardwireError
from wardwire.model.priority import Kind, Priority
from wardwire.testing.demo.board import Board, Question, Row
from wardwire.testing.demo.cast import CHEN, Cast
from wardwire.testing.demo.exchange import Exchanges
from wardwire.testing.demo.line import AlarmLine
from wardwire.testing.demo.phone import Phone
from wardwire.testing.hospital.day import Absence, Alarm, At, CodeCall, Consult, Critical, Exchange, Happening, Talk
from wardwire.testing.hospital.habits import react
from wardwire.testing.hospital.hl7 import write_alarm, write_critical
from wardwire.testing.hospital.house import CODE_BLUE, on_call_policy
from wardwire.testing.hospital.plan import DESK, Hospital

RUNNING_MAX = 60  # happenings at once
ANSWER_S = 10.0  # for the core's answer to one request
OFF_S = 7.0  # a phone that has lost its network stays away so long
KNOWN_MAX = 2_000
MONITOR, LABORATORY = "Monitor", "Laboratory"
RESULT_SUBJECT = "Critical result"
_TROUBLE = (WardwireError, Closed, OSError)
_SILENT = frozenset({"taken", "cleared", "cancelled", "recalled", "answered", "expired"})
_FOR_YOU = (
    "Bed 4W-7: broad-complex tachycardia, pressure 95/60. Please come.",
    "The family of 4W-3 would like to speak with you before noon.",
    "Potassium 6.4 mmol/L in bed 4W-12, not haemolysed. Please call.",
)


class Conductor:
    """Plays until told to stop. Whatever goes wrong with one thing is shown, and ends that thing only.

    Args:
        pace: How much faster people and alarms are than in a hospital.
        day: Tells the alarms of this run from those of another.
    """

    def __init__(
        self,
        hospital: Hospital,
        cast: Cast,
        line: AlarmLine,
        board: Board,
        *,
        seed: int,
        pace: float,
        day: str,
        exchanges: Exchanges,
        now: Callable[[], datetime],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.phones: Mapping[str, Phone] = {}
        self._hospital = hospital
        self._cast = cast
        self._line = line
        self._board = board
        self._pace = pace
        self._day = day
        self._exchanges = exchanges
        self._now = now
        self._clock = clock
        self._chance = Random(f"people {seed}")
        self._tasks: set[asyncio.Task[None]] = set()
        self._reacting: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._views: OrderedDict[str, MessageView] = OrderedDict()
        self._running = 0
        self._questions = cycle(_FOR_YOU)
        self._by_hand = False

    async def play(self, day: Iterable[At], stop: asyncio.Event) -> None:
        """Begin what happens when it happens, until `stop`; what is under way goes on."""
        begun = self._clock()
        for at in day:
            try:
                async with asyncio.timeout(max(0.0, begun + at.at_s - self._clock())):
                    await stop.wait()
                return
            except TimeoutError:
                pass
            if self._running < RUNNING_MAX:
                self._begin(self._happen(at.what))

    async def settle(self, patience_s: float) -> None:
        """Wait for what is under way, then end what is left of it."""
        ends = self._clock() + patience_s
        while self._tasks and self._clock() < ends:
            await asyncio.wait(self._tasks, timeout=max(0.0, ends - self._clock()))
        left = list(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def ask_you(self) -> None:
        """Send the person at the terminal a message, as Dr. Chen."""
        self._begin(self._send_you(next(self._questions)))

    def leave_to_browser(self) -> None:
        """Somebody is Dr. Chen in a browser now: the phone that plays them answers nothing any more."""
        self._by_hand = True

    def answer(self, question: Question, number: int) -> None:
        """Answer it with its option of this number, from 1; another number does nothing."""
        if 1 <= number <= len(question.options) and question in self._board.questions:
            self._board.questions.remove(question)
            self._begin(self._respond(self.phones[CHEN], question.message, question.options[number - 1]))

    # What happens --------------------------------------------------------------------------------------------------

    async def _happen(self, what: Happening) -> None:
        self._running += 1
        try:
            match what:
                case Alarm():
                    await self._alarm(what)
                case Critical():
                    await self._line.send(write_critical(what, day=self._day, at=self._now()))
                case Consult():
                    await self._consult(what)
                case CodeCall():
                    await self._code(what)
                case Talk():
                    await self._talk(what)
                case Absence():
                    await self._absence(what)
                case Exchange():
                    await self._exchange(what)
        finally:
            self._running -= 1

    async def _alarm(self, alarm: Alarm) -> None:
        """Say every word of an alarm's life when its time has come."""
        begun = self._clock()
        for phase in alarm.phases:
            await asyncio.sleep(max(0.0, begun + phase.after_s / self._pace - self._clock()))
            code = await self._line.send(write_alarm(alarm, phase, day=self._day, at=self._now()))
            if code != "CA":
                self._board.note = f"an alarm of {alarm.bed.name} was answered {code}"

    async def _consult(self, consult: Consult) -> None:
        nurse = self._a_nurse(consult.bed.unit)
        if nurse is not None:
            await self._send(
                nurse,
                to=f"role:{consult.service} 1st",
                priority=consult.priority,
                text=f"{consult.bed.name}: {consult.words}",
                policy=on_call_policy(consult.service) if consult.priority is Priority.HIGH else "",
                asks=consult.priority is not Priority.LOW,
            )

    async def _code(self, call: CodeCall) -> None:
        desk = self.phones.get(self._cast.desk) or self.phones["Dora"]
        await self._send(
            desk,
            to="",
            priority=Priority.CODE,
            text=f"Resuscitation, {call.bed.unit}, bed {call.bed.name}",
            policy=CODE_BLUE,
            place=f"bed:{call.bed.name}",
            drill=call.drill,
            asks=True,
        )

    async def _talk(self, talk: Talk) -> None:
        nurse, other = self._a_nurse(talk.unit), self._a_nurse(talk.unit)
        if nurse is not None and other is not None and nurse is not other:
            to = f"person:{other.name}"
            await self._send(nurse, to=to, priority=Priority.LOW, text=talk.words, kind=Kind.CHAT, asks=False)

    async def _absence(self, absence: Absence) -> None:
        """They say so on their phone, until when, and who covers; it ends by itself."""
        away = self._physicians(absence.service)
        if len(away) > 1:
            until = self._now() + timedelta(seconds=absence.lasts_s / self._pace)
            cover = away[1].person
            await away[0].device.set_status("in_procedure", until=until, cover=cover, timeout_s=ANSWER_S)

    async def _exchange(self, exchange: Exchange) -> None:
        """Two physicians swap through their phones; what the plan says then is looked at."""
        until = self._now() + timedelta(seconds=exchange.lasts_s / self._pace)
        role = f"{exchange.service} 1st"
        turns = {name for duty in self._hospital.duties if duty.name == role for crew in duty.crews for name in crew}
        crew = [phone for phone in self._physicians(exchange.service) if phone.name in turns]
        await self._exchanges.play(role, crew, until)
        if self._exchanges.wrong:
            self._board.note = self._exchanges.wrong[-1]

    def _physicians(self, service: str) -> list[Phone]:
        """Those of a service whose phones are on, in an order by chance; never whoever sits at the terminal first."""
        title = f"Physician, {service}"
        there = [
            phone
            for name, phone in self.phones.items()
            if self._hospital.workers[name].title == title and phone.connected
        ]
        self._chance.shuffle(there)
        there.sort(key=lambda phone: phone.name == CHEN)
        return there

    async def _send_you(self, text: str) -> None:
        nurse = self.phones["Anna"]
        row = await self._send(nurse, to=f"person:{CHEN}", priority=Priority.HIGH, text=text, asks=True, yours=True)
        if row is not None and not row.refused:
            self._board.questions.append(Question(row.message, row, ("accept", "decline")))

    async def _send(
        self,
        phone: Phone,
        *,
        to: str,
        priority: Priority,
        text: str,
        asks: bool,
        kind: Kind = Kind.ALERT,
        policy: str = "",
        place: str = "",
        drill: bool = False,
        yours: bool = False,
    ) -> Row | None:
        """Send a message from somebody's phone, and show it; None when the phone is away."""
        if not phone.connected:
            return None
        row = Row(
            sender=phone.name,
            to=to.partition(":")[2] or place.partition(":")[2] or policy,
            priority=priority,
            text=f"DRILL {text}" if drill else text,
            sent_at=self._clock(),
            asks=asks,
            chat=kind is Kind.CHAT,
            yours=yours,
        )
        self._board.sent(row)
        statement = Statement(
            id=uuid4().hex,
            to=(to,) if to else (),
            priority=priority,
            kind=kind,
            text=text,
            responses=Responses(accept_decline=asks),
            policy=policy,
            place=place,
            drill=drill,
        )
        try:
            stored = await phone.device.send(statement, timeout_s=ANSWER_S)
        except _TROUBLE as error:
            self._board.refused(row, why(error))
            return row
        row.in_reach = any(self.phones[who.name].connected for who in stored.recipients if who.name in self.phones)
        people = [(who.person, who.name) for who in stored.recipients]
        self._board.stored(row, stored.message, people, self._clock())
        self._begin(self._finish_later(row))
        return row

    async def _finish_later(self, row: Row) -> None:
        """Give people the time that they take; then its story may be told."""
        await asyncio.sleep(60 / self._pace)
        self._board.finish(row)

    def _a_nurse(self, unit: str) -> Phone | None:
        there = [phone for name in self._cast.nurses.get(unit, ()) if (phone := self.phones.get(name))]
        return self._chance.choice(there) if there else None

    # What people's phones tell -----------------------------------------------------------------------------------

    def heard(self, phone: Phone, event: Event) -> None:
        """A phone was given an event of its inbox."""
        view = event.message or self._views.get(event.id)
        if view is not None:
            self._views[event.id] = view
            if len(self._views) > KNOWN_MAX:
                self._views.popitem(last=False)
        if event.event in ("new", "ring") and view is not None and event.age_ms < 60_000:
            self._show(phone, view)
            self._stop(phone, event.id)
            if phone.name != CHEN or not (self._by_hand or view.text in _FOR_YOU):
                key = (phone.name, event.id)
                task = self._reacting[key] = self._begin(self._react(phone, view))
                task.add_done_callback(lambda done: self._reacted(key, done))
        elif event.event in _SILENT:
            self._stop(phone, event.id)
            self._board.settled(event.id)
            if event.event == "cleared" and (row := self._board.find(event.id)) is not None:
                self._board.end(row, "cleared by its source")
                self._board.finish(row)
        elif event.event == "still_active":
            self._begin(self._still(phone, event.id))

    def status(self, frame: StatusFrame) -> None:
        """A sender's phone was told how a message stands."""
        self._board.status(frame.message, frame.person, frame.state, frame.response, self._clock())

    def _show(self, phone: Phone, view: MessageView) -> None:
        """Show a message that no phone has sent: of a system, or of Wardwire itself; and whom else it reaches."""
        row = self._board.find(view.id)
        if row is None and view.sender.source:
            alarm = view.kind == Kind.TECHNICAL_ALARM
            system = LABORATORY if view.subject == RESULT_SUBJECT else MONITOR
            row = Row(
                sender="Wardwire" if alarm else system,
                to=DESK if alarm else phone.name,
                priority=Priority(view.priority),
                text=view.text,
                sent_at=self._clock(),
                asks=True,
            )
            self._board.alarm(row, view.id, phone.person, phone.name, technical=alarm)
            self._begin(self._finish_later(row))
        self._board.also(view.id, phone.person, phone.name)

    # How people react ----------------------------------------------------------------------------------------------

    async def _react(self, phone: Phone, view: MessageView) -> None:
        """One person, one message: look, read, answer, as they are."""
        habit = self._hospital.workers[phone.name].habit
        priority, responses = Priority(view.priority), view.responses
        if self._chance.random() < habit.loses_network / 60:
            await self._lose_network(phone)
        reaction = react(
            habit, priority, asks=responses.accept_decline, choices=len(responses.choices), chance=self._chance
        )
        if reaction.read_after_s is None:
            return
        await asyncio.sleep(reaction.read_after_s / self._pace)
        if not phone.connected:
            return
        phone.device.receipt(view.id, "read", priority=priority)
        self._board.status(view.id, phone.person, "read", "", self._clock())
        if not reaction.say:
            return
        await asyncio.sleep(reaction.say_after_s / self._pace)
        say = self._chance.choice(responses.choices) if reaction.say == "choice" else reaction.say
        if not await self._respond(phone, view.id, say):
            return
        if reaction.hand_back_after_s is not None:
            await asyncio.sleep(reaction.hand_back_after_s / self._pace)
            await self._respond(phone, view.id, "hand_back")

    async def _still(self, phone: Phone, message: str) -> None:
        """Whoever has an alert is asked whether they still do; most are, some have forgotten it."""
        await asyncio.sleep(self._chance.uniform(2, 20) / self._pace)
        if self._chance.random() < 0.7:
            await self._respond(phone, message, "accept")

    async def _respond(self, phone: Phone, message: str, say: str) -> bool:
        """Say it; False when it came too late or the phone is away."""
        try:
            if say in ("accept", "decline", "hand_back"):
                done = await phone.device.respond(message, say, timeout_s=ANSWER_S)
            else:
                done = await phone.device.respond(message, choice=say, timeout_s=ANSWER_S)
        except _TROUBLE:
            return False
        self._board.status(message, phone.person, done.state, say, self._clock())
        return True

    async def _lose_network(self, phone: Phone) -> None:
        if not phone.is_on or len(self._board.off) >= 3:
            return
        self._board.off.append(phone.name)
        try:
            await phone.off()
            await asyncio.sleep(OFF_S)
            await phone.on()
        finally:
            self._board.off.remove(phone.name)

    def _reacted(self, key: tuple[str, str], task: asyncio.Task[None]) -> None:
        if self._reacting.get(key) is task:
            del self._reacting[key]

    def _stop(self, phone: Phone, message: str) -> None:
        """Nobody goes on reacting to what is over."""
        task = self._reacting.pop((phone.name, message), None)
        if task is not None and task is not asyncio.current_task():
            task.cancel()

    def _begin(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _guarded(self, work: Coroutine[Any, Any, Any]) -> None:
        try:
            await work
        except _TROUBLE as error:
            self._board.note = why(error)


def why(error: BaseException) -> str:
    """Say in a few words what went wrong with a message."""
    match error:
        case Refused() | Unavailable():
            return error.detail or str(error.code)
        case Unknown():
            return "nobody can say whether it was kept"
        case _:
            return str(error) or type(error).__name__
