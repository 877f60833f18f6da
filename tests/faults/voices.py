"""A process of people: pairs that page each other by their devices, a sender over HTTP, and what all of them saw.

    python -m tests.faults.voices '{"folder": "...", "voices": [...], ...}'

Every device writes a history of its own. Nobody gives an identity up before its outcome is known. SIGTERM: nobody
begins anything new, and what was begun is settled; then a file `settled-NAME` appears and the devices listen on.
A second SIGTERM ends the process. SIGUSR1 heals the radio of all devices.

Whoever `answers` accepts an alert, declines it, or stays silent, as the seed has it, and after a while.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import socket
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, cast

import httpx
import msgspec

from wardwire.client.card import Card
from wardwire.client.closed import Closed
from wardwire.client.device import Device
from wardwire.devices.frames import Condensed, Event, StatusFrame
from wardwire.flow.statement import Statement
from wardwire.model.errors import Code, Refused, Unavailable, Unknown
from wardwire.model.priority import Priority
from wardwire.testing.checker import PASSING_CODES
from wardwire.testing.frames import FrameFaults, FrameRates
from wardwire.testing.history import Answered, Attempt, Operation, Outcome, Recorder, Seen, Status
from wardwire.testing.history import Condensed as CondensedRecord

PATIENCE_S = 5.0
AGAIN_S = 0.05
PRIORITIES = (Priority.HIGH, Priority.HIGH, Priority.MEDIUM, Priority.LOW, Priority.HIGH, Priority.CODE)


class Alerts(msgspec.Struct, frozen=True):
    """A policy by which alerts are sent, and their priority."""

    policy: str
    priority: Priority


class Voice(msgspec.Struct, frozen=True, kw_only=True):
    """One device: its card's file, whom it pages (ids as written; nobody: it only listens), and its radio."""

    card: str
    to: list[str] = []
    every_s: float = 0.1
    seed: int = 0
    drop: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    deaf_after_s: float = 0.0  # stops reading its socket then
    deaf_for_s: float = 0.0
    receipts: bool = True  # False: it shows everything and confirms nothing, so that deadlines pass
    alerts: list[Alerts] = []  # instead of messages to somebody
    accepts: float = 0.0  # so often an alert is accepted, and so often declined; else there is silence
    declines: float = 0.0
    within_s: float = 0.0  # the longest that it takes


class Http(msgspec.Struct, frozen=True, kw_only=True):
    """A sender over HTTP."""

    url: str
    key: str
    source: str
    to: list[str]
    every_s: float = 0.1
    text_length: int = 0
    at_once: int = 1
    priority: str = ""
    alerts: list[Alerts] = []


class Orders(msgspec.Struct, frozen=True, kw_only=True):
    """What a process of voices is told. `life` counts the processes of this name."""

    name: str
    folder: str
    voices: list[Voice]
    http: list[Http] = []


class Sender:
    """Tries one identity after the other, each until its outcome is known, and writes every try down."""

    def __init__(
        self,
        folder: Path,
        client: str,
        source: str,
        *,
        prefix: str = "",
        text_length: int = 0,
        priorities: Sequence[Priority] = PRIORITIES,
        alerts: Sequence[Alerts] = (),
    ) -> None:
        self.client = client
        self.source = source
        self.recorder = Recorder(folder / f"{client}.jsonl")
        self._prefix = prefix
        self._text_length = text_length
        self._priorities = priorities
        self._alerts = alerts
        self._tries = 0
        self._next = 0

    async def run(self, stop: asyncio.Event, to: list[str], every_s: float) -> None:
        """Send until told to stop; leaves nothing unsettled."""
        while not stop.is_set():
            self._next += 1
            await self._settle(self._statement(self._next, to))
            await asyncio.sleep(every_s)

    def _statement(self, nth: int, to: Sequence[str]) -> Statement:
        id, text = f"{self._prefix}{nth}", f"content of {nth} by {self.client}".ljust(self._text_length, ".")
        if self._alerts:
            alert = self._alerts[nth % len(self._alerts)]
            return Statement(id=id, to=(), priority=alert.priority, policy=alert.policy, text=text)
        priority = self._priorities[nth % len(self._priorities)]
        return Statement(id=id, to=(to[nth % len(to)],), priority=priority, text=text)

    async def _settle(self, statement: Statement) -> None:
        while True:
            operation = await self._try(statement)
            if operation.outcome is Outcome.OK:
                return
            if operation.outcome is Outcome.REFUSED and operation.code not in PASSING_CODES:
                return
            await asyncio.sleep(AGAIN_S)

    async def _try(self, statement: Statement) -> Operation:
        self._tries += 1
        attempt = Attempt(
            client=self.client,
            n=self._tries,
            source=self.source,
            external_id=statement.id,
            digest=statement.text,
            t_inv=time.monotonic(),
        )
        self.recorder.write(attempt)
        outcome, message, code = await self.ask(statement)
        operation = Operation(
            client=self.client,
            n=self._tries,
            source=self.source,
            external_id=statement.id,
            digest=statement.text,
            t_inv=attempt.t_inv,
            t_ret=time.monotonic(),
            outcome=outcome,
            message=message,
            code=code,
        )
        self.recorder.write(operation)
        return operation

    async def ask(self, statement: Statement) -> tuple[Outcome, str | None, str | None]:
        """Say it once: outcome, message, code."""
        raise NotImplementedError


class DeviceVoice(Sender):
    """A person with a device. Its diary goes into the same file as its tries, in the order of what it saw."""

    def __init__(self, folder: Path, voice: Voice) -> None:
        self.voice = voice
        card = Card.load(Path(voice.card))
        super().__init__(folder, card.name, card.place.device, alerts=voice.alerts)
        self._reacting: set[asyncio.Task[None]] = set()
        self._person = card.place.person.removeprefix("per_")
        rates = FrameRates(drop=voice.drop, duplicate=voice.duplicate, reorder=voice.reorder)
        self.up: FrameFaults[bytes] = FrameFaults(voice.seed * 2, rates)
        self.down: FrameFaults[bytes] = FrameFaults(voice.seed * 2 + 1, rates)
        self.device = Device(
            card, diary=self, incoming=self.down.take, outgoing=self.up.take, receipts=voice.receipts
        )

    def seen(self, event: Event, shown: bool) -> None:
        """Write an event down."""
        record = Seen(
            device=self.client,
            person=self._person,
            epoch=event.epoch,
            seq=event.seq,
            event=event.event,
            message=event.id,
            shown=shown,
            t=time.monotonic(),
        )
        self.recorder.write(record)
        if shown and event.event == "new" and self.voice.within_s:
            self._react(event)

    def _react(self, event: Event) -> None:
        said = event.message.text if event.message else ""
        rng = random.Random(f"{self.voice.seed}/{said}")
        chance, after_s = rng.random(), rng.uniform(0.1, self.voice.within_s)
        answer = "accept" if chance < self.voice.accepts else "decline"
        if chance < self.voice.accepts + self.voice.declines:
            task = asyncio.get_running_loop().create_task(self._answer(event.id, answer, after_s))
            self._reacting.add(task)
            task.add_done_callback(self._reacting.discard)

    async def _answer(self, message: str, answer: str, after_s: float) -> None:
        await asyncio.sleep(after_s)
        began = time.monotonic()
        try:
            done = await self.device.respond(message, answer)
        except (Refused, Closed):
            return
        record = Answered(
            device=self.client,
            person=self._person,
            message=message,
            state=done.state,
            t_inv=began,
            t_ret=time.monotonic(),
        )
        self.recorder.write(record)

    def condensed(self, page: Condensed) -> None:
        """Write down what will not come singly."""
        self.recorder.write(CondensedRecord(device=self.client, first=page.first, last=page.last))

    def status(self, status: StatusFrame) -> None:
        """Write a status down."""
        person = status.person.removeprefix("per_")
        self.recorder.write(
            Status(client=self.client, message=status.message, person=person, state=str(status.state))
        )

    async def ask(self, statement: Statement) -> tuple[Outcome, str | None, str | None]:
        try:
            stored = await self.device.send(statement, timeout_s=PATIENCE_S)
        except Refused as refused:
            return Outcome.REFUSED, None, refused.code.value
        except Unknown:
            return Outcome.UNKNOWN, None, Code.COMMIT_UNKNOWN.value
        except Unavailable as error:
            return Outcome.REFUSED, None, error.code.value
        return Outcome.OK, stored.message, None

    async def go_deaf(self) -> None:
        """Stop reading the socket for a while: what the server sends stays with the server."""
        await asyncio.sleep(self.voice.deaf_after_s)
        transport = _transport_of(self.device)
        if transport is None:
            return
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        transport.pause_reading()
        await asyncio.sleep(self.voice.deaf_for_s)
        with contextlib.suppress(RuntimeError):
            transport.resume_reading()


class HttpVoice(Sender):
    """An integration that sends over HTTP, with idempotency keys."""

    def __init__(self, folder: Path, http: Http, nth: int) -> None:
        client = f"http-{http.source}-{nth}"
        super().__init__(
            folder,
            client,
            http.source,
            prefix=f"{nth}.",
            text_length=http.text_length,
            priorities=(Priority(http.priority),) if http.priority else PRIORITIES,
            alerts=http.alerts,
        )
        self._client = httpx.AsyncClient(
            base_url=http.url, headers={"Authorization": f"Bearer {http.key}"}, timeout=PATIENCE_S
        )

    async def ask(self, statement: Statement) -> tuple[Outcome, str | None, str | None]:
        body: dict[str, Any] = {
            "to": list(statement.to), "priority": statement.priority.value, "text": statement.text
        }  # fmt: skip
        if statement.policy:
            body["policy"] = statement.policy
        try:
            answer = await self._client.post("/v1/messages", json=body, headers={"Idempotency-Key": statement.id})
            told = answer.json()
        except (httpx.ConnectError, httpx.ConnectTimeout):
            return Outcome.REFUSED, None, Code.UNAVAILABLE.value  # nothing was said to anybody
        except (httpx.TransportError, ValueError):
            return Outcome.UNKNOWN, None, "no_answer"
        if answer.status_code == 201:
            return Outcome.OK, told["message"], None
        code = str(told.get("code", answer.status_code))
        unknown = code == Code.COMMIT_UNKNOWN.value
        return (Outcome.UNKNOWN if unknown else Outcome.REFUSED), None, code


def _transport_of(device: Device) -> asyncio.Transport | None:
    wire = cast(Any, device)._connection._wire
    return cast("asyncio.Transport | None", wire._transport if wire is not None else None)


async def main(orders: Orders) -> None:
    """Speak until SIGTERM, listen until the next."""
    folder = Path(orders.folder)
    stop, end = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    voices = [DeviceVoice(folder, voice) for voice in orders.voices]

    def asked_to_stop() -> None:
        (end if stop.is_set() else stop).set()

    loop.add_signal_handler(signal.SIGTERM, asked_to_stop)
    loop.add_signal_handler(signal.SIGUSR1, heal, voices)
    for voice in voices:
        voice.device.start()
    for voice in voices:
        await voice.device.welcomed(60)
    (folder / f"speaking-{orders.name}").touch()
    async with asyncio.TaskGroup() as group:
        for voice in voices:
            if voice.voice.to or voice.voice.alerts:
                group.create_task(voice.run(stop, voice.voice.to, voice.voice.every_s))
            if voice.voice.deaf_for_s:
                group.create_task(voice.go_deaf())
        for http in orders.http:
            for nth in range(http.at_once):
                group.create_task(HttpVoice(folder, http, nth).run(stop, http.to, http.every_s))
    (folder / f"settled-{orders.name}").touch()
    await end.wait()
    unanswered = {voice.client: voice.device.unanswered for voice in voices if voice.device.unanswered}
    for voice in voices:
        await voice.device.close()
    (folder / f"errors-{orders.name}.txt").write_text(
        "\n".join(f"{voice.client} {error}" for voice in voices for error in voice.device.errors)
        + f"\nunanswered at the end: {unanswered}\n"
    )


def heal(voices: Iterable[DeviceVoice]) -> None:
    """Let every frame pass unharmed from now on; what was held back goes as it is."""
    for voice in voices:
        for frame in voice.up.heal():
            voice.device.write_raw(frame)
        for frame in voice.down.heal():
            voice.device._take(frame)


if __name__ == "__main__":
    asyncio.run(main(msgspec.json.decode(sys.argv[1], type=Orders)))
