"""Passwords are hashed beside the event loop: Argon2id, one after another, and never a queue without an end.

Argon2id as the library `cryptography` brings it, which lets go of the interpreter while it computes (ADR 0016).
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from wardwire.model.accounts import normal_password
from wardwire.model.errors import Code, Unavailable

T = TypeVar("T")

# RFC 9106 §4, the second recommended choice: 64 MiB, three passes, four lanes.
ITERATIONS, LANES, MEMORY_KIB = 3, 4, 65_536
MOST_WAITING = 64
# OpenSSL computes the lanes in a pool of threads that a whole process shares, and does not count who uses it rightly:
# two at once fail as if memory were short, or wait for each other for ever.
ALONE = threading.Lock()


class Hasher:
    """Hashes and checks passwords.

    Args:
        memory_kib: How much memory one takes; smaller in tests.
    """

    def __init__(self, *, most_waiting: int = MOST_WAITING, memory_kib: int = MEMORY_KIB) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="passwords")
        self._room = 1 + most_waiting
        self._memory_kib = memory_kib
        self._under_way = 0
        self._nobody = ""

    async def hash(self, password: str) -> str:
        """Return the hash of a password, with its salt and costs (PHC string). Raises as `check`."""
        return await self._run(_hash, password, self._memory_kib)

    async def check(self, password: str, known: str | None) -> bool:
        """Whether a hash is that of a password. Without a hash the answer is no, and takes as long.

        Raises:
            Unavailable: `OVERLOADED`: too many wait already, or the machine lacks memory.
        """
        if known is None:
            self._nobody = self._nobody or await self.hash(os.urandom(16).hex())
        found: bool = await self._run(_check, password, known or self._nobody)
        return found and known is not None

    def is_outdated(self, known: str) -> bool:
        """Whether a hash was made with other costs than today's."""
        return f"$m={self._memory_kib},t={ITERATIONS},p={LANES}$" not in known

    def close(self) -> None:
        """End its thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[..., T], *arguments: object) -> T:
        if self._under_way >= self._room:
            raise Unavailable(Code.OVERLOADED, "too many sign in at once; try again in a moment")
        self._under_way += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)
        except MemoryError:
            raise Unavailable(Code.OVERLOADED, "no memory to check a password now; try again in a moment") from None
        finally:
            self._under_way -= 1


def _hash(password: str, memory_kib: int) -> str:
    argon2 = Argon2id(salt=os.urandom(16), length=32, iterations=ITERATIONS, lanes=LANES, memory_cost=memory_kib)
    with ALONE:
        return argon2.derive_phc_encoded(normal_password(password).encode())


def _check(password: str, known: str) -> bool:
    try:
        with ALONE:
            Argon2id.verify_phc_encoded(normal_password(password).encode(), known)
    except InvalidKey:
        return False
    return True
