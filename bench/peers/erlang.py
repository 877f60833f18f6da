"""Runs one Erlang node in a folder of its own, under an account that is nobody's, with a port mapper of its own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.peers.install import CannotInstall
from wardwire.ops.account import drop_account
from wardwire.ops.ports import free_port
from wardwire.ops.postgres_throwaway import temporary_home
from wardwire.ops.process import polls, spawn


@contextmanager
def folder() -> Iterator[Path]:
    """Give an empty folder of that account; remove it at the end."""
    home = temporary_home(drop_account())
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def running(argv: Sequence[str], home: Path, port: int, environment: Mapping[str, str]) -> Iterator[int]:
    """Run a node until the end; gives its pid when its port answers.

    Raises:
        CannotInstall: It did not come; with the end of its log.
    """
    told = {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "ERL_EPMD_PORT": str(free_port()),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        **environment,
    }
    with ExitStack() as stack:
        for name, command in (("epmd", ["epmd"]), ("node", argv)):
            process = spawn(
                command,
                account=drop_account(),
                log=home / f"{name}.log",
                death_signal=signal.SIGKILL,
                environment=told,
                folder=home,
            )
            stack.callback(_end, process)
        for _ in polls(60):
            if process.poll() is not None:
                break
            if _answers(port):
                yield process.pid
                return
        raise CannotInstall(f"{argv[0]} did not come up: {(home / 'node.log').read_text(errors='replace')[-1500:]}")


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _end(process: subprocess.Popen[bytes]) -> None:
    """Stop it and all that it has started, which is in its process group or its child."""
    for number, patience_s in ((signal.SIGTERM, 15.0), (signal.SIGKILL, 5.0)):
        if process.poll() is None:
            os.killpg(process.pid, number)
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            continue
        break
