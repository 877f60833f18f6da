"""Runs the whole of `wardwire serve` as a child on the demo's folder, and passes on what it says."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from wardwire.ops import process
from wardwire.ops.failure import StartFailed
from wardwire.settings_sources import CONFIG_VARIABLE, ENVIRONMENT_PREFIX
from wardwire.testing.demo.folder import Folder

PATIENCE_S = 120.0
STOP_S = 25.0
POLL_S = 0.05

_READY = re.compile(r"^Wardwire runs\. API (\S+), devices (\S+)\.$")
_FRONT = re.compile(r"^Browsers and phones open (\S+)$")
_PROGRESS = re.compile(r"^(Starting|Making|Copying|An earlier) ")
_STARTING = re.compile(r"^Starting (\S+)\.$")
_PARTS = {
    "postgres": "PostgreSQL, which remembers",
    "nats-edge": "NATS for the devices",
    "nats-core": "NATS for the cores",
    "path": "the message path",
    "api": "the HTTP interface",
    "front": "the port for browsers",
}


class Attached:
    """A site that somebody else runs: it is played on, and left running."""

    def __init__(self, *, api: str, devices: str) -> None:
        self.api = api
        self.devices = devices

    def ended(self) -> bool:
        """Whether it has ended: that is not ours to know."""
        return False

    async def gone(self) -> None:
        """Wait for its end: never."""
        await asyncio.Event().wait()

    def last_words(self) -> str:
        """What it said last: it says it to somebody else."""
        return ""

    async def stop(self) -> bool:
        """Leave it running."""
        return True


class Server:
    """One `wardwire serve`. Start it from the main thread: it ends with the thread that started it.

    Attributes:
        api: Where its HTTP interface is; devices: where its devices connect; front: what a browser opens. Known when
            it is ready.
    """

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._log = folder.home / "log" / "serve.log"
        self._read = 0
        self._words: list[str] = []
        self._child: subprocess.Popen[bytes] | None = None
        self.api = ""
        self.devices = ""
        self.front = ""

    def start(self) -> None:
        """Start it; `ready` tells how that went."""
        self._read = self._log.stat().st_size if self._log.exists() else 0
        if self._read > process.LOG_LIMIT:
            self._read = 0  # the log is put aside
        # What this shell says about a real site is not for the demo's.
        ours = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(ENVIRONMENT_PREFIX) and name not in (CONFIG_VARIABLE, "NOTIFY_SOCKET")
        }
        self._words.clear()
        self._child = process.spawn(
            [sys.executable, "-m", "wardwire", "serve", "--config", str(self._folder.settings)],
            account=None,
            log=self._log,
            death_signal=signal.SIGTERM,
            environment=ours,
        )

    async def ready(self, say: Callable[[str], None]) -> None:
        """Wait until everything runs, saying what it does meanwhile.

        Raises:
            StartFailed: `demo_not_started`, in the words of the child.
        """
        ends = time.monotonic() + PATIENCE_S
        while time.monotonic() < ends:
            ended = self.ended()
            for line in self._new_lines():
                self._words.append(line)
                if found := _READY.match(line):
                    self.api, self.devices = found.groups()
                    return
                if found := _FRONT.match(line):
                    self.front = found[1]
                if _PROGRESS.match(line):  # anything else is trouble, and told with the failure
                    say(told(line))
            if ended:
                raise StartFailed("demo_not_started", *self._why())
            await asyncio.sleep(POLL_S)
        raise StartFailed(
            "demo_not_started",
            f"Wardwire was not ready within {PATIENCE_S:g} s.",
            f"Read {self._log.parent}.{self._fresh_hint()}",
        )

    def ended(self) -> bool:
        """Whether it has ended."""
        return self._child is None or self._child.poll() is not None

    def last_words(self) -> str:
        """What it said last, for a sentence."""
        self._words += self._new_lines()
        return self._words[-1] if self._words else "it said nothing"

    async def stop(self) -> bool:
        """End it and everything that it started; True when it is gone. Repeating does nothing."""
        child = self._child
        if child is None:
            return True
        if child.poll() is None:
            child.terminate()
        try:
            async with asyncio.timeout(STOP_S):
                await self.gone()
        except TimeoutError:
            child.kill()  # its children have asked to be told of that
            return False
        return True

    async def gone(self) -> None:
        """Wait for its end."""
        # A process sets no event.
        while not self.ended():  # noqa: ASYNC110
            await asyncio.sleep(POLL_S)

    @property
    def log(self) -> Path:
        """Where it writes what it says."""
        return self._log

    def _new_lines(self) -> list[str]:
        if not self._log.exists():
            return []
        with self._log.open("rb") as file:
            file.seek(self._read)
            text = file.read()
        whole = text.rfind(b"\n") + 1
        if self.ended():
            whole = len(text)
        self._read += whole
        return [line for line in text[:whole].decode(errors="replace").splitlines() if line.strip()]

    def _why(self) -> tuple[str, str]:
        self._words += self._new_lines()
        sentences = [line for line in self._words if not _STARTING.match(line)] or ["Wardwire ended without a word."]
        return " ".join(sentences[-3:]), f"Its logs are in {self._log.parent}.{self._fresh_hint()}"

    def _fresh_hint(self) -> str:
        if not self._folder.old:
            return ""
        return " The folder is of an earlier demo: `wardwire demo --fresh` removes it and begins anew."


def told(line: str) -> str:
    """Put what the server says into words for somebody who looks on. Pure."""
    found = _STARTING.match(line)
    return f"Starting {_PARTS.get(found[1], found[1])}…" if found else line
