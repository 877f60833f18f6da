"""Kill and freeze process trees, and wait for things outside us to be so.

Engines make children that leave their process group (PostgreSQL's all do), so that a group alone does not
reach them: the tree is read from /proc. Linux only.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import os
import signal
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path


def tree(pid: int) -> list[int]:
    """Give a process and all that descend from it, parents first. Empty when it is gone."""
    children: defaultdict[int, list[int]] = defaultdict(list)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            parent = _parent(int(entry.name))
            if parent is not None:
                children[parent].append(int(entry.name))
    found = [pid] if _parent(pid) is not None else []
    for each in found:
        found += children[each]
    return found


def freeze(pid: int) -> None:
    """Stop a process and all its descendants (SIGSTOP), including those born meanwhile."""
    frozen: set[int] = set()
    while new := [each for each in tree(pid) if each not in frozen]:
        _send(new, signal.SIGSTOP)
        frozen.update(new)


def thaw(pid: int) -> None:
    """Let a frozen tree run again, children first."""
    _send(reversed(tree(pid)), signal.SIGCONT)


def kill(pid: int) -> None:
    """End a process and all its descendants as a lost machine would: nobody notices another's end (SIGKILL).

    The caller reaps what is its own child.
    """
    freeze(pid)
    _send(tree(pid), signal.SIGKILL)


def command_line(pid: int) -> str:
    """Give a process's command line or title; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def resident_kb(pid: int) -> int:
    """Give the memory that a process holds now, in kB; 0 when it is gone."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return 0


async def wait_until(
    condition: Callable[[], bool | Awaitable[bool]], *, within_s: float, what: str, every_s: float = 0.02
) -> float:
    """Ask until the answer is true; OSError while asking counts as *not yet*. Returns the seconds it took.

    Raises:
        TimeoutError: Not so within `within_s`; the text says what was awaited.
    """
    began = time.monotonic()
    while True:
        with contextlib.suppress(OSError):
            answer = condition()
            if inspect.isawaitable(answer):
                answer = await answer
            if answer:
                return time.monotonic() - began
        if time.monotonic() - began > within_s:
            raise TimeoutError(f"not within {within_s:g} s: {what}")
        await asyncio.sleep(every_s)


def _parent(pid: int) -> int | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[1])


def _send(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
