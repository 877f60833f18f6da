"""The load maker as a process: `python -m bench.shapes.load`, orders as lines of JSON on stdin, answers on stdout.

One for every shape, so that its own cost is the same everywhere. First a `Connect`, then any number of `Run`.
Rounds: a sender's device sends, its pair confirms, the round is done when the sender hears *delivered*.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import sys
import time
from collections.abc import Callable
from typing import Any

import msgspec
import uvloop

from bench.shapes.cpu import Account, read_busy
from bench.shapes.devices import Device
from bench.shapes.voices import Party, Sort

AT_ONCE = 100


class Connect(msgspec.Struct, tag=True, kw_only=True):
    """Connect pairs of devices; the first of each sends, the second confirms.

    Attributes:
        caller: A device that sends to all listeners at once, by its voice.
        listeners: Devices that confirm what they hear; without a caller they only stay connected.
        carrier: `module:Class` of the devices.
        voice: `module:Class` of their frames, called with a party and its peer.
        log: Listeners write down what they hear, for `Heard`.
    """

    carrier: str
    port: int
    pairs: list[tuple[Party, Party]]
    voice: str = "bench.shapes.voices:Bare"
    caller: Party | None = None
    listeners: list[Party] = []
    log: bool = False


class Logs(msgspec.Struct, tag=True):
    """Give what listeners have written down since the last time."""


class Heard(msgspec.Struct, array_like=True):
    """A line of a device's own log: which message it was given, and when (Unix seconds)."""

    device: str
    message: str
    at: float


class Run(msgspec.Struct, tag=True, kw_only=True):
    """Make load for a time.

    Attributes:
        window: Rounds that each sender keeps open (closed loop); 0 with `rate`.
        rate: Sends a second, evenly spaced over all pairs (open loop); latencies count from the intended time.
        stock: Sends that each sender makes ahead, before anything is measured.
        accounts: name -> process ids whose CPU, with their children's, is read at both ends.
    """

    window: int = 0
    rate: float = 0
    warm_s: float = 0.5
    seconds: float = 2.0
    stock: int = 0
    accounts: dict[str, list[int]] = {}


class Fan(msgspec.Struct, tag=True, kw_only=True):
    """Let the caller send to all listeners, again and again, each when the last is confirmed by all.

    Attributes:
        rate: Sends a second of the pairs beside it; 0 = it is quiet beside it.
    """

    times: int = 10
    gap_s: float = 0.2
    rate: float = 0
    stock: int = 0
    accounts: dict[str, list[int]] = {}


class FanOutcome(msgspec.Struct, kw_only=True):
    """Milliseconds from the send until the first and the last listener has it, and until all are confirmed."""

    first: list[float]
    last: list[float]
    confirmed: list[float]
    beside: int
    sent: int
    refused: int
    calls: int
    foreign_cores: float
    troubles: list[str]


class Outcome(msgspec.Struct, kw_only=True):
    """What a run gave; times in milliseconds, CPU in microseconds a round by account.

    Attributes:
        open: Rounds that never ended.
        sent, done, refused: Of the load maker's whole life.
        overtaken: Of its whole life: rounds whose sender heard *delivered* before *stored*.
        unstocked: Sends of its whole life that were made in the middle of a run.
        troubles: What devices heard that nobody expects, the first few.
    """

    rounds: int
    seconds: float
    round_p50: float
    round_p99: float
    round_max: float
    receive_p50: float
    receive_p99: float
    cpu_us: dict[str, float]
    foreign_cores: float
    open: int
    sent: int
    done: int
    refused: int
    overtaken: int
    unstocked: int
    troubles: list[str]

    @property
    def rate(self) -> float:
        """Rounds a second."""
        return self.rounds / self.seconds


class Load:
    """Rounds under way and what they cost."""

    def __init__(self) -> None:
        self.senders: list[Device] = []
        self._caller: Device | None = None
        self._listeners = 0
        self._calls = 0
        self._called = b""  # the message of the call under way
        self._heard_at: list[float] = []
        self._confirmed = 0
        self._all_confirmed = asyncio.Event()
        self.sent = 0
        self.done = 0
        self.refused = 0
        self.overtaken = 0
        self._troubles: list[str] = []
        self._logs = False
        self.log: list[Heard] = []
        self._begun: dict[bytes, float] = {}  # request -> time of its send
        self._stored: dict[bytes, float] = {}  # message -> the same
        self._received: dict[bytes, float] = {}  # message -> time at the recipient
        self._overtaken: dict[bytes, float] = {}  # message -> when it was *delivered*, before it was *stored*
        self._again = False
        self._counting = False
        self._rounds: list[float] = []
        self._receives: list[float] = []

    async def connect(self, order: Connect) -> None:
        """Connect all devices and wait until the last is ready."""
        loop = asyncio.get_running_loop()
        voice, make = _find(order.voice), _find(order.carrier)
        devices: list[Device] = []
        for sender, recipient in order.pairs:
            self.senders.append(make(sender, voice(sender, recipient), self.heard))
            devices += [self.senders[-1], make(recipient, voice(recipient, sender), self.heard)]
        for party in order.listeners:
            devices.append(make(party, voice(party, order.caller or party), self.listened))
        self._listeners, self._logs = len(order.listeners), order.log
        if order.caller is not None:
            self._caller = make(order.caller, voice(order.caller, order.caller), self.answered)
            devices.append(self._caller)
        waiting: set[asyncio.Future[None]] = set()
        for device in devices:  # so many at once: what is measured is not the door
            await loop.create_connection(_same(device), "127.0.0.1", order.port)
            waiting.add(device.ready)
            if len(waiting) >= AT_ONCE:
                _, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        async with asyncio.timeout(20):
            await asyncio.gather(*(device.ready for device in devices))
            for device in self.senders:  # interest takes a moment to cross the leaf; a first round shows that it has
                await self._first_round(device)

    async def _first_round(self, device: Device) -> None:
        while True:
            self._counting, before = True, len(self._rounds)
            self._begin(device, time.perf_counter())
            for _ in range(50):
                await asyncio.sleep(0.005)
                if len(self._rounds) > before:
                    return

    def _begin(self, device: Device, since: float) -> None:
        request, frame = device.voice.send()
        self._begun[request] = since
        self.sent += 1
        device.say(frame)

    def heard(self, device: Device, sort: Sort, request: bytes, message: bytes) -> None:
        """Take what a device heard."""
        if sort is Sort.NEW:
            self._received[message] = time.perf_counter()
        elif sort is Sort.STORED:
            began = self._begun.pop(request, None)
            if began is not None:  # else one that an earlier run had given up
                delivered_at = self._overtaken.pop(message, None)
                if delivered_at is None:
                    self._stored[message] = began
                else:
                    self._end(device, message, began, delivered_at)
        elif sort is Sort.DELIVERED:
            began, now = self._stored.pop(message, None), time.perf_counter()
            if began is not None:
                self._end(device, message, began, now)
            else:  # two cores are two ways: the word of one may come before the answer of the other
                self.overtaken += 1
                self._overtaken[message] = now
        elif sort is Sort.REFUSED:
            self.refused += 1
            if self._begun.pop(request, None) is not None and self._again:
                self._begin(device, time.perf_counter())
        elif sort is Sort.TROUBLE:
            self._trouble(message)

    def _end(self, device: Device, message: bytes, began: float, delivered_at: float) -> None:
        """A round is done; its sender begins the next one if it is to."""
        received = self._received.pop(message, delivered_at)
        self.done += 1
        if self._counting:
            self._rounds.append(delivered_at - began)
            self._receives.append(received - began)
        if self._again:
            self._begin(device, time.perf_counter())

    def listened(self, device: Device, sort: Sort, request: bytes, message: bytes) -> None:
        """Take what a listener heard."""
        if sort is Sort.NEW:
            self._called = message
            self._heard_at.append(time.perf_counter())
            if self._logs:
                self.log.append(Heard(device.name, message.decode(), time.time()))
        elif sort is Sort.TROUBLE:
            self._trouble(message)

    def answered(self, device: Device, sort: Sort, request: bytes, message: bytes) -> None:
        """Take what the caller heard."""
        if sort is Sort.DELIVERED and message == self._called:
            self._confirmed += 1
            if self._confirmed == self._listeners:
                self._all_confirmed.set()
        elif sort is Sort.TROUBLE:
            self._trouble(message)

    def _trouble(self, message: bytes) -> None:
        if len(self._troubles) < 10:
            self._troubles.append(message.decode(errors="replace"))

    async def fan(self, order: Fan) -> FanOutcome:
        """Call all listeners, again and again."""
        assert self._caller is not None
        self._caller.voice.stock(order.times)
        for device in self.senders:
            device.voice.stock(order.stock)
        self._counting = self._again = False
        gc.collect()
        gc.disable()
        accounts = [Account(pids) for pids in order.accounts.values()]
        busy, since, done = read_busy(), time.perf_counter(), self.done
        before = sum(account.read() for account in accounts)
        stop = self._keep_rate(order.rate) if order.rate else None
        found: list[tuple[float, float, float]] = []
        for _ in range(order.times):
            await asyncio.sleep(order.gap_s)
            found.append(await self._call(self._caller))
        spent = sum(account.read() for account in accounts) - before
        seconds = time.perf_counter() - since
        gc.enable()
        if stop is not None:
            stop()
            await self._settle()
        return FanOutcome(
            first=[each[0] for each in found],
            last=[each[1] for each in found],
            confirmed=[each[2] for each in found],
            beside=self.done - done,
            sent=self.sent,
            refused=self.refused,
            calls=self._calls,
            foreign_cores=(read_busy() - busy - spent) / seconds,
            troubles=self._troubles,
        )

    async def _call(self, caller: Device) -> tuple[float, float, float]:
        self._calls += 1
        self._confirmed = 0
        self._heard_at.clear()
        self._all_confirmed.clear()
        _, frame = caller.voice.send()
        began = time.perf_counter()
        caller.say(frame)
        async with asyncio.timeout(10):
            await self._all_confirmed.wait()
        done = time.perf_counter()
        heard = self._heard_at
        return (heard[0] - began) * 1e3, (heard[self._listeners - 1] - began) * 1e3, (done - began) * 1e3

    async def run(self, order: Run) -> Outcome:
        """Make load, measure its middle part, and let everything under way end."""
        self._counting = False
        for device in self.senders:
            device.voice.stock(order.stock)
        self._again = order.window > 0
        stop = self._keep_rate(order.rate) if order.rate else self._fill(order.window)
        await asyncio.sleep(order.warm_s)
        self._rounds.clear()
        self._receives.clear()
        gc.collect()
        gc.disable()
        accounts = {name: Account(pids) for name, pids in order.accounts.items()}
        busy, began = read_busy(), time.perf_counter()
        before = {name: account.read() for name, account in accounts.items()}
        self._counting = True
        await asyncio.sleep(order.seconds)
        self._counting = self._again = False
        seconds = time.perf_counter() - began
        spent = {name: account.read() - before[name] for name, account in accounts.items()}
        foreign = (read_busy() - busy - sum(spent.values())) / seconds
        gc.enable()
        stop()
        left = await self._settle()
        rounds = len(self._rounds) or 1
        return Outcome(
            rounds=len(self._rounds),
            seconds=seconds,
            round_p50=_rank(self._rounds, 0.5),
            round_p99=_rank(self._rounds, 0.99),
            round_max=_rank(self._rounds, 1.0),
            receive_p50=_rank(self._receives, 0.5),
            receive_p99=_rank(self._receives, 0.99),
            cpu_us={name: cpu / rounds * 1e6 for name, cpu in spent.items()},
            foreign_cores=foreign,
            open=left,
            sent=self.sent,
            done=self.done,
            refused=self.refused,
            overtaken=self.overtaken,
            unstocked=sum(device.voice.unstocked for device in self.senders),
            troubles=self._troubles,
        )

    def _fill(self, window: int) -> Callable[[], None]:
        now = time.perf_counter()
        for _ in range(window):
            for device in self.senders:
                self._begin(device, now)
        return lambda: None

    def _keep_rate(self, rate: float) -> Callable[[], None]:
        """Send evenly spaced; what the loop is late for is sent at once and counts from when it was due."""
        loop, step = asyncio.get_running_loop(), 1 / rate
        due, turn, timer = time.perf_counter(), 0, None

        def send() -> None:
            nonlocal due, turn, timer
            now = time.perf_counter()
            while due <= now:
                self._begin(self.senders[turn % len(self.senders)], due)
                due, turn = due + step, turn + 1
            timer = loop.call_later(max(0.0, due - time.perf_counter()), send)

        send()
        return lambda: timer.cancel() if timer else None

    async def _settle(self) -> int:
        """Wait for what is under way, two seconds at most; return what never came."""
        for _ in range(200):
            if not self._begun and not self._stored:
                break
            await asyncio.sleep(0.01)
        left = len(self._begun) + len(self._stored)
        for rounds in (self._begun, self._stored, self._received, self._overtaken):
            rounds.clear()
        return left


def _find(written: str) -> Any:
    module, _, name = written.partition(":")
    return getattr(importlib.import_module(module), name)


def _same(device: Device) -> Callable[[], Device]:
    return lambda: device


def _rank(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 if ordered else 0.0


async def serve() -> None:
    """Take orders until stdin ends."""
    loop, load = asyncio.get_running_loop(), Load()
    orders = msgspec.json.Decoder(Connect | Run | Fan | Logs)
    while line := await loop.run_in_executor(None, sys.stdin.buffer.readline):
        order = orders.decode(line)
        if isinstance(order, Connect):
            await load.connect(order)
            answer = b'"connected"'
        elif isinstance(order, Logs):
            answer = msgspec.json.encode(load.log)
            load.log.clear()
        elif isinstance(order, Fan):
            answer = msgspec.json.encode(await load.fan(order))
        else:
            answer = msgspec.json.encode(await load.run(order))
        sys.stdout.buffer.write(answer + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    uvloop.run(serve())
