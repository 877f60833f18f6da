"""Natural batches for what must wait for the database: what gathers while one batch is under way is the next."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import structlog

T = TypeVar("T")

log = structlog.get_logger("wardwire.devices")


class Gather(Generic[T]):
    """Hands items, in order, to `work`, batch after batch; at most `at_once` batches at a time.

    Its tasks live only while something waits. Whatever `work` raises is logged and ends its batch alone.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[list[T]], Awaitable[None]],
        *,
        largest: int,
        most_waiting: int,
        at_once: int = 1,
    ) -> None:
        self.name = name
        self._work = work
        self._largest = largest
        self._most_waiting = most_waiting
        self._at_once = at_once
        self._waiting: deque[T] = deque()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def waiting(self) -> int:
        """How many items wait for their batch."""
        return len(self._waiting)

    def put(self, item: T) -> bool:
        """Take an item; False when too many wait, and it was not taken."""
        if len(self._waiting) >= self._most_waiting:
            return False
        self._waiting.append(item)
        if len(self._tasks) < self._at_once:
            task = asyncio.get_running_loop().create_task(self._run(), name=self.name)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return True

    async def settled(self) -> None:
        """Wait until nothing waits and nothing is under way."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def stop(self) -> None:
        """Forget what waits and cancel what is under way."""
        self._waiting.clear()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self) -> None:
        while self._waiting:
            count = min(len(self._waiting), self._largest)
            batch = [self._waiting.popleft() for _ in range(count)]
            try:
                await self._work(batch)
            except Exception:
                log.exception("batch_failed", name=self.name, size=len(batch))
