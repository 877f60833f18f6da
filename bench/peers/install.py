"""Brings the peers from Debian for a while: what was not there before is gone afterwards, and no service starts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PACKAGES = ("ejabberd", "erlang-p1-pgsql", "rabbitmq-server")
ACCOUNTS = ("ejabberd", "rabbitmq", "epmd")  # made by the packages, and left by their removal
POLICY = Path("/usr/sbin/policy-rc.d")
NOTHING_STARTS = "#!/bin/sh\nexit 101\n"
APT = ("apt-get", "-o", "Acquire::Retries=3", "-o", "DPkg::Lock::Timeout=300", "-qq")


class CannotInstall(Exception):
    """This machine is not one that we may or can bring the peers to."""


def check_machine() -> None:
    """Raise CannotInstall unless this is root on a Debian."""
    if os.geteuid() != 0:
        raise CannotInstall("PEERS=1 installs ejabberd and RabbitMQ, and needs root for it")
    if shutil.which("apt-get") is None or shutil.which("dpkg-query") is None:
        raise CannotInstall("PEERS=1 installs ejabberd and RabbitMQ from Debian, and this is no Debian: no apt-get")


@contextmanager
def installed() -> Iterator[None]:
    """Install what is missing; remove exactly that at the end.

    Raises:
        CannotInstall: With what apt said.
    """
    check_machine()
    before, accounts = _packages(), _accounts()
    if set(PACKAGES) <= before:
        yield
        return
    print("Installing ejabberd and RabbitMQ for a while.", flush=True)
    try:
        with _nothing_starts():
            _apt("update")
            _apt("install", "--yes", "--no-install-recommends", *PACKAGES)
        yield
    finally:
        added = sorted(_packages() - before)
        if added:
            print(f"Removing {len(added)} packages that were not here before.", flush=True)
            with _nothing_starts():
                _apt("purge", "--yes", *added)
        for name in _accounts() - accounts:
            for command in ("userdel", "groupdel"):
                with suppress(FileNotFoundError):
                    subprocess.run([command, name], capture_output=True, check=False)


@contextmanager
def _nothing_starts() -> Iterator[None]:
    """Let Debian's scripts start no service (policy-rc.d), whatever they were told before."""
    old = POLICY.read_text() if POLICY.exists() else None
    POLICY.write_text(NOTHING_STARTS)
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        if old is None:
            POLICY.unlink()
        else:
            POLICY.write_text(old)


def _packages() -> set[str]:
    told = subprocess.run(
        ["dpkg-query", "--show", "--showformat", "${db:Status-Abbrev} ${Package}\n"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return {name for state, _, name in (line.partition("  ") for line in told.stdout.splitlines()) if state == "ii"}


def _accounts() -> set[str]:
    lines = Path("/etc/passwd").read_text().splitlines()
    return {name for name in (line.partition(":")[0] for line in lines) if name in ACCOUNTS}


def _apt(*words: str) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    told = subprocess.run([*APT, *words], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if told.returncode != 0:
        print(told.stderr[-2000:], file=sys.stderr)
        raise CannotInstall(f"apt-get {words[0]} ended with {told.returncode}")
