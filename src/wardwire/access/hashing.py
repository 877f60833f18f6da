"""Passwords are hashed beside the event loop: Argon2id, a few at once, and never a queue without an end.

Argon2id as the library `cryptography` brings it, which lets go of the interpreter while it computes (ADR 0016).
"""

from __future__ import annotations

import asyncio
import os
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
AT_ONCE = 2
MOST_WAITING = 64


class Hasher:
    """Hashes and checks passwords.

    Args:
        memory_kib: How much memory one takes; smaller in tests.
    """

    def __init__(
        self, *, at_once: int = AT_ONCE, most_waiting: int = MOST_WAITING, memory_kib: int = MEMORY_KIB
    ) -> None:
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="passwords")
        self._room = at_once + most_waiting
        self._memory_kib = memory_kib
        self._under_way = 0
        self._nobody = ""

    async def hash(self, password: str) -> str:
        """Return the hash of a password, with its salt and costs (PHC string). Raises as `check`."""
        return await self._run(_hash, password, self._memory_kib)

    async def check(self, password: str, known: str | None) -> bool:
        """Whether a hash is that of a password. Without a hash the answer is no, and takes as long.

        Raises:
            Unavailable: `OVERLOADED`: too many wait already.
        """
        if known is None:
            self._nobody = self._nobody or await self.hash(os.urandom(16).hex())
        found: bool = await self._run(_check, password, known or self._nobody)
        return found and known is not None

    def is_outdated(self, known: str) -> bool:
        """Whether a hash was made with other costs than today's."""
        return f"$m={self._memory_kib},t={ITERATIONS},p={LANES}$" not in known

    def close(self) -> None:
        """End its threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[..., T], *arguments: object) -> T:
        if self._under_way >= self._room:
            raise Unavailable(Code.OVERLOADED, "too many sign in at once; try again in a moment")
        self._under_way += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        finally:
            self._under_way -= 1


def _hash(password: str, memory_kib: int) -> str:
    argon2 = Argon2id(salt=os.urandom(16), length=32, iterations=ITERATIONS, lanes=LANES, memory_cost=memory_kib)
    return argon2.derive_phc_encoded(normal_password(password).encode())


def _check(password: str, known: str) -> bool:
    try:
        Argon2id.verify_phc_encoded(normal_password(password).encode(), known)
    except InvalidKey:
        return False
    return True
