"""A process of our own code under the supervisor: described as data, started, heard, stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import wardwire
from wardwire.ops import process
from wardwire.ops.account import Account, reachable
from wardwire.ops.failure import StartFailed
from wardwire.ops.heartbeat import VARIABLE

STOP = ((signal.SIGTERM, 15.0), (signal.SIGKILL, 5.0))
DROP_VARIABLE = "WARDWIRE_DROP_TO"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildPlan:
    """
    What to run.

    Attributes:
        name: For people, for the log's and the record's file names.
        environment: Added to ours.
        beats: It says that it is ready, and every second that it lives, by `heartbeat.Heartbeat`. False:
            being there counts as ready.
        keep: Open files that it inherits, at each start.
    """

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    beats: bool = True
    keep: Sequence[int] = ()


class Child:
    """One such process. Not thread-safe; start it from a thread that lives as long as it may."""

    def __init__(self, plan: ChildPlan, *, home: Path, account: Account | None) -> None:
        self.plan = plan
        self.name = plan.name
        self.log = home / "log" / f"{plan.name}.log"
        self._record = home / "run" / f"{plan.name}.pid"
        self._account = account
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: int | None = None
        self._heard = False

    @property
    def pid(self) -> int:
        """Raises RuntimeError before the first start."""
        if self._process is None:
            raise RuntimeError(f"{self.name} was not started")
        return self._process.pid

    def start(self, say: Callable[[str], None] = lambda _: None) -> None:
        """Start the process, after ending one that outlived us."""
        old = process.read_record(self._record)
        if old is not None:
            say(f"An earlier process {self.name} (pid {old}) is still here: stopping it first.")
            process.end(old, signals=STOP)
        self._close()
        environment = {**os.environ, **self.plan.environment}
        ours, theirs = os.pipe()
        account = self._account
        if account is not None and not python_reachable(account):
            # It cannot even be started by that user: it starts as root, imports, and then drops by itself.
            environment[DROP_VARIABLE] = account.name
            account = None
        try:
            if self.plan.beats:
                environment[VARIABLE] = str(theirs)
            with process.open_log(self.log, self._account) as log:
                self._process = process.spawn(
                    self.plan.argv,
                    account=account,
                    log=log,
                    death_signal=signal.SIGTERM,
                    environment=environment,
                    keep=(*self.plan.keep, theirs) if self.plan.beats else self.plan.keep,
                )
        finally:
            os.close(theirs)
        os.set_blocking(ours, False)
        self._pipe, self._heard = ours, not self.plan.beats
        process.write_record(self._record, self._process.pid, self._account)

    def ready(self) -> bool:
        """Tell whether it has been heard since the last call (or simply is there, when it does not beat)."""
        if self.poll() is not None:
            return False
        if not self.plan.beats:
            return True
        try:
            return self._pipe is not None and len(os.read(self._pipe, 65536)) > 0
        except BlockingIOError:
            return False

    def wait_ready(self, *, patience_s: float = 60.0, stopping: Callable[[], bool] = lambda: False) -> None:
        """
        Wait until it says that it is ready.

        Raises:
            StartFailed: `child_ended` or `child_silent`.
        """
        for _ in process.polls(patience_s):
            if stopping() or self.ready():
                return
            if self.poll() is not None:
                raise StartFailed(
                    "child_ended",
                    f"The process {self.name} ended while it was starting: {last_line(self.log)}",
                    f"Read {self.log}.",
                )
        raise StartFailed(
            "child_silent",
            f"The process {self.name} did not become ready within {patience_s:.0f} s.",
            f"Read {self.log}.",
        )

    def poll(self) -> int | None:
        """Give the exit status when it has ended, None while it runs."""
        return None if self._process is None else self._process.poll()

    def stop(self) -> bool:
        """Stop it: SIGTERM, 15 s later SIGKILL; True when it is gone."""
        gone = self._process is None or process.end(self._process.pid, signals=STOP, wait=self._process.poll)
        if gone:
            if self._process is not None:
                self._process.wait()
            self._record.unlink(missing_ok=True)
            self._close()
        return gone

    def kill(self) -> None:
        """Kill it as a crash would, and wait for that."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _close(self) -> None:
        if self._pipe is not None:
            os.close(self._pipe)
            self._pipe = None


def last_line(log: Path) -> str:
    """Give the last line of a log, for a sentence."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return lines[-1].strip() if lines else "it said nothing"


def python_reachable(account: Account) -> bool:
    """Tell whether the account can run our interpreter and read our code; not so below root's home."""
    places = (
        Path(sys.executable),  # resolved: the interpreter itself
        Path(sys.executable).absolute().parent,
        Path(os.__file__).parent,
        Path(wardwire.__file__).parent,
    )
    return all(reachable(place, account) for place in places)


def drop_if_told() -> str | None:
    """
    Drop from root to the user that the supervisor named; the name, or None when there was nothing to do.

    Call it after the imports and before anything is opened: what is imported later must be readable for that
    user. Asks for the death signal again, which a change of user clears.
    """
    name = os.environ.pop(DROP_VARIABLE, "")
    if not name or os.geteuid() != 0:
        return None
    process.become(name, death_signal=signal.SIGTERM)
    return name
