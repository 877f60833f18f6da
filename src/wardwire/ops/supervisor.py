"""
Keep a row of processes running: started in order, those that need not wait for each other together; checked every
second, restarted when they die, stopped in reverse order.

It has no event loop and opens no connection but its checks; whatever happens to a part, it stays. What the
parts are is given to it (`engines.py`, `child.py`). The judgement on one part (`judge`) is pure.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from types import FrameType
from typing import Protocol

from wardwire.ops.failure import StartFailed

Say = Callable[[str], None]


class Part(Protocol):
    """Something that runs. `ready` is asked once a second and must answer within two."""

    @property
    def name(self) -> str: ...
    @property
    def pid(self) -> int: ...
    def start(self, say: Say) -> None: ...
    def wait_ready(self, *, stopping: Callable[[], bool]) -> None: ...
    def ready(self) -> bool: ...
    def poll(self) -> int | None: ...
    def stop(self) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """
    One part in its place.

    Attributes:
        then: Done once, after the part became ready at the start (roles, migrations).
        beside: At the start it does not wait for the part before it: both are started, then waited for.
        missed_max: Checks that may fail in a row before a running part counts as hung and is restarted.
            Counted in checks, not in time: a machine that was asleep blames nobody.
    """

    part: Part
    then: Callable[[], None] | None = None
    beside: bool = False
    missed_max: int = 30


class Phase(Enum):
    """Where a part stands."""

    RUNNING = auto()
    STARTING = auto()  # started again, not yet ready
    DOWN = auto()  # waits for its next start


class Move(Enum):
    """What is to be done with a part now."""

    NOTHING = auto()
    START = auto()
    RESTART = auto()  # it is there but hangs: stop it first


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is known of a part; times are monotonic seconds."""

    phase: Phase = Phase.RUNNING
    since: float = 0.0
    deaths: int = 0
    missed: int = 0
    next_start: float = 0.0


STEADY_S = 60.0
CHECK_EVERY_S = 1.0  # a running part
STARTING_CHECK_EVERY_S = 0.05
STARTING_MISSED_MAX = int(600 / STARTING_CHECK_EVERY_S)  # ten minutes: a database may recover


def delay_before_start(deaths: int) -> float:
    """Seconds before the next start: at once after the first death, then doubling up to 5 s. Pure."""
    return 0.0 if deaths <= 1 else min(0.1 * 2 ** (deaths - 2), 5.0)


def judge(standing: Standing, *, ended: bool, ready: bool, now: float, missed_max: int) -> tuple[Standing, Move]:
    """
    Decide what to do with a part after one check. Pure.

    A part that ended is started again, after a delay that grows while it keeps dying. One that runs but does
    not answer is restarted after `missed_max` checks; one that is starting has longer.
    """
    if standing.phase is Phase.DOWN:
        if now < standing.next_start:
            return standing, Move.NOTHING
        return replace(standing, phase=Phase.STARTING, since=now, missed=0), Move.START
    if ended:
        steady = standing.phase is Phase.RUNNING and now - standing.since >= STEADY_S
        deaths = 1 if steady else standing.deaths + 1
        down = replace(standing, phase=Phase.DOWN, since=now, deaths=deaths, missed=0)
        return judge(
            replace(down, next_start=now + delay_before_start(deaths)),
            ended=ended,
            ready=ready,
            now=now,
            missed_max=missed_max,
        )
    if ready:
        since = now if standing.phase is Phase.STARTING else standing.since
        return replace(standing, phase=Phase.RUNNING, since=since, missed=0), Move.NOTHING
    missed = standing.missed + 1
    limit = missed_max if standing.phase is Phase.RUNNING else max(STARTING_MISSED_MAX, missed_max)
    if missed < limit:
        return replace(standing, missed=missed), Move.NOTHING
    deaths = standing.deaths + 1
    return replace(standing, phase=Phase.STARTING, since=now, deaths=deaths, missed=0), Move.RESTART


@dataclass(slots=True)
class _Kept:
    step: Step
    standing: Standing = field(default_factory=Standing)
    next_check: float = 0.0


class Supervisor:
    """
    Runs the steps until it is told to stop (SIGTERM, SIGINT, or `ask_to_stop`). Belongs into the main thread.

    Args:
        say: Hears one sentence for everything that people should know.
        on_ready: Called once, when all parts are ready.
    """

    def __init__(self, steps: Sequence[Step], *, say: Say, on_ready: Callable[[], None] | None = None) -> None:
        self._kept = [_Kept(step) for step in steps]
        self._say = say
        self._on_ready = on_ready
        self._stopping = False
        self._wake_read, self._wake_write = os.pipe()

    def ask_to_stop(self) -> None:
        """Let `run` come to its end; may be called from a signal handler."""
        self._stopping = True
        with contextlib.suppress(OSError):
            os.write(self._wake_write, b"s")

    def run(self) -> None:
        """
        Start everything in order, keep it running, and stop it in reverse order. The time of a start counts: as
        long as it lasts nobody is called.

        Raises:
            StartFailed: A part did not start at the beginning; what was started before is stopped again.
        """
        started: list[_Kept] = []
        with self._signals():
            try:
                for together in self._waves():
                    for kept in together:
                        if not self._stopping:
                            started.append(kept)
                            self._say(f"Starting {kept.step.part.name}.")
                            kept.step.part.start(self._say)
                    for kept in together:
                        if not self._stopping:
                            self._await(kept)
                if not self._stopping and self._on_ready is not None:
                    self._on_ready()
                while not self._stopping:
                    self._look_after_all()
                    self._wait(CHECK_EVERY_S)
            finally:
                for kept in reversed(started):
                    if not kept.step.part.stop():
                        self._say(f"{kept.step.part.name} could not be stopped.")

    def _waves(self) -> list[list[_Kept]]:
        """Divide the row into what is started together."""
        waves: list[list[_Kept]] = []
        for kept in self._kept:
            if kept.step.beside and waves:
                waves[-1].append(kept)
            else:
                waves.append([kept])
        return waves

    def _await(self, kept: _Kept) -> None:
        kept.step.part.wait_ready(stopping=lambda: self._stopping)
        if kept.step.then is not None and not self._stopping:
            kept.step.then()
        kept.standing = Standing(phase=Phase.RUNNING, since=time.monotonic())

    def _look_after_all(self) -> None:
        for kept in self._kept:
            if self._stopping:
                return
            self._look_after(kept)

    def _look_after(self, kept: _Kept) -> None:
        part = kept.step.part
        before = kept.standing
        ended = before.phase is not Phase.DOWN and part.poll() is not None
        if before.phase is Phase.RUNNING and not ended and time.monotonic() < kept.next_check:
            return
        kept.next_check = time.monotonic() + CHECK_EVERY_S
        ready = not ended and before.phase is not Phase.DOWN and part.ready()
        if ended:
            self._say(f"{part.name} ended ({_how(part.poll())}); starting it again.")
        now = time.monotonic()
        kept.standing, move = judge(before, ended=ended, ready=ready, now=now, missed_max=kept.step.missed_max)
        if before.phase is Phase.STARTING and kept.standing.phase is Phase.RUNNING:
            self._say(f"{part.name} is back (pid {part.pid}).")
        if move is Move.RESTART:
            self._say(f"{part.name} does not answer; restarting it.")
            part.stop()
        if move is not Move.NOTHING:
            self._start_again(kept, now)

    def _start_again(self, kept: _Kept, now: float) -> None:
        try:
            kept.step.part.start(self._say)
        except (StartFailed, OSError) as error:
            self._say(f"{kept.step.part.name} cannot be started: {error}")
            deaths = kept.standing.deaths + 1
            kept.standing = replace(
                kept.standing, phase=Phase.DOWN, deaths=deaths, next_start=now + delay_before_start(deaths)
            )

    def _wait(self, patience_s: float) -> None:
        """Wait for a signal (a child's end among them), or until the next check; shorter while one starts."""
        if any(kept.standing.phase is not Phase.RUNNING for kept in self._kept):
            patience_s = min(patience_s, STARTING_CHECK_EVERY_S)
        readable, _, _ = select.select([self._wake_read], [], [], patience_s)
        if readable:
            os.read(self._wake_read, 4096)

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        def stop(_number: int, _frame: FrameType | None) -> None:
            self._stopping = True

        def note(_number: int, _frame: FrameType | None) -> None:
            """The wake-up pipe has its byte already."""

        os.set_blocking(self._wake_write, False)
        os.set_blocking(self._wake_read, False)
        handlers = {signal.SIGTERM: stop, signal.SIGINT: stop, signal.SIGHUP: stop, signal.SIGCHLD: note}
        before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        waker = signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(waker)
            for number, handler in before.items():
                signal.signal(number, handler)


def _how(status: int | None) -> str:
    if status is None or status >= 0:
        return f"status {status}"
    return f"signal {-status}"
