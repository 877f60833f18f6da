"""A whole site under `serve`, run as a process of its own, so that it can be killed like any other.

With stand-ins for the core processes (`served`), or with the real ones (`serve_whole`, for scenarios).
"""

from __future__ import annotations

import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.engines import REPOSITORY, wait_for
from wardwire.ops.account import drop_account
from wardwire.ops.engines import EngineLogins, logins_file, read_logins
from wardwire.ops.ports import free_port
from wardwire.ops.postgres_throwaway import temporary_home
from wardwire.ops.process import read_record, started_at

PARTS = ("postgres", "nats-edge", "nats-core", "path", "api")
SECOND = "path-2"  # of a site with two cores


STAND_INS = "tests.faults.serve_stand_ins"
WHOLE = "tests.faults.serve_whole"


class Served:
    """One `serve` on one folder; started as often as one likes.

    Args:
        program: The module that serves: `STAND_INS` or `WHOLE`.
        environment: Added to ours, at each start.
    """

    def __init__(
        self,
        home: Path,
        *sets: str,
        prefix: Sequence[str] = (),
        program: str = STAND_INS,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.home = home
        self.environment = dict(environment or {})
        self._program = program
        self.edge, self.api = free_port(), free_port()
        self._sets = (
            "data.user=nobody",
            "disk.ballast_mb=1",
            "canary.every_s=0",  # every row is compared with what people's devices have logged
            f"nats.edge_listen=127.0.0.1:{self.edge}",
            f"api.listen=127.0.0.1:{self.api}",
            *sets,
        )
        self._prefix = prefix
        self._process: subprocess.Popen[bytes] | None = None
        self.words = ""

    def start(self) -> None:
        """Start it; `until_ready` or `until_ended` tells how that went."""
        environment = {**os.environ, "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'src'}", **self.environment}
        command = [sys.executable, "-m", self._program, str(self.home), *self._sets]
        self.words = ""
        self._process = subprocess.Popen(
            [*self._prefix, *command], stderr=subprocess.PIPE, env=environment, cwd=REPOSITORY
        )

    @property
    def flags(self) -> list[str]:
        """What a core process of this site is told on its command line."""
        return ["--data", str(self.home), *(word for each in self._sets for word in ("--set", each))]

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def processes(self) -> Iterable[int]:
        """Those that were started; what they start inherits how they are treated."""
        return (self.pid,)

    def until_ready(self, *, patience_s: float = 150.0) -> None:
        """Wait for its word that everything runs."""
        self.until("Wardwire runs", patience_s=patience_s)

    def until(self, wanted: str, *, patience_s: float = 30.0) -> None:
        """Wait until it says this."""
        ends = time.monotonic() + patience_s
        while wanted not in self.words:
            if not self._listen(ends - time.monotonic()):
                raise AssertionError(f"it never said {wanted!r}, but:\n{self.words}")

    def until_ended(self, *, patience_s: float = 60.0) -> int:
        """Wait for its end; its exit status."""
        assert self._process is not None
        ends = time.monotonic() + patience_s
        while self._listen(ends - time.monotonic()):
            pass
        return self._process.wait(max(ends - time.monotonic(), 0.1))

    def _listen(self, patience_s: float) -> bool:
        assert self._process is not None
        assert self._process.stderr is not None
        line = self._process.stderr
        readable, _, _ = select.select([line], [], [], max(patience_s, 0))
        piece = os.read(line.fileno(), 65536) if readable else b""
        self.words += piece.decode(errors="replace")
        return bool(piece)

    def stop(self) -> int:
        """End it politely; its exit status."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        return self.until_ended()

    def kill(self) -> None:
        """Kill the supervisor alone, as a crash would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def part(self, name: str) -> int | None:
        """The pid of a part, by the record that the supervisor keeps; None when it does not live."""
        return read_record(self.home / "run" / f"{name}.pid")

    def logins(self) -> EngineLogins:
        return read_logins(logins_file(self.home))

    def gone(self, pids: Sequence[int], *, patience_s: float = 30.0) -> None:
        """Wait until none of these processes lives."""
        wait_for(
            lambda: all(started_at(pid) is None for pid in pids),
            patience_s=patience_s,
            what=f"the end of {pids}",
        )

    def remove(self) -> None:
        if self._process is not None:
            self.stop()
            if self._process.stderr is not None:
                self._process.stderr.close()
        left = [pid for pid in map(self.part, (*PARTS, SECOND)) if pid is not None]
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.home, ignore_errors=True)
        assert left == [], "parts outlived a polite stop"


@contextmanager
def served(
    *sets: str, prefix: Sequence[str] = (), home: Path | None = None, program: str = STAND_INS
) -> Iterator[Served]:
    """Give a site that is not started yet; stop it and remove its folder afterwards."""
    site = Served(home or temporary_home(drop_account()), *sets, prefix=prefix, program=program)
    try:
        yield site
    finally:
        site.remove()


def pid_in(words: str) -> int:
    """Find the pid that a sentence names."""
    found = re.search(r"\(pid (\d+)\)", words)
    assert found is not None, words
    return int(found.group(1))
