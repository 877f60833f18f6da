"""The right of way of `code` and `high`: while their acts are under way, the many wait, for a moment at most.

Lanes of their own are not enough when a storm of `low` keeps every processor busy: each step of an urgent message
then stands in line for a processor, behind work that could wait. (20,000 `low` in 2 s on two processors: p99 of
`code` 600 ms with lanes alone, some 100 with the right of way.)
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Protocol

from wardwire.model.clock import Clock

# Urgent traffic without a pause must not starve the many: after so long they have a turn.
PATIENCE_S = 0.1
LATELY_S = 1.0


class Urgent(Protocol):
    """A writer that goes ahead."""

    @property
    def busy(self) -> bool: ...
    async def idle(self) -> None: ...


class RightOfWay:
    """Says when the many wait.

    Args:
        urgent: The writers of `code` and `high`.
    """

    def __init__(self, urgent: Sequence[Urgent], clock: Clock, *, patience_s: float = PATIENCE_S) -> None:
        self._urgent = urgent
        self._clock = clock
        self._patience_s = patience_s
        self._since: float | None = None
        self._last = float("-inf")

    @property
    def lately(self) -> bool:
        """Whether urgent acts were under way within a second, as far as anybody has asked."""
        return self._clock.monotonic() - self._last < LATELY_S

    def taken(self) -> bool:
        """Whether urgent acts are under way now, and the many have not waited for too long."""
        if not any(writer.busy for writer in self._urgent):
            self._since = None
            return False
        now = self._last = self._clock.monotonic()
        if self._since is None:
            self._since = now
        if now - self._since < self._patience_s:
            return True
        self._since = None
        return False

    async def wait(self) -> None:
        """Let urgent acts go ahead: returns when none is under way, or patience is at its end."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._patience_s):
                for writer in self._urgent:
                    if writer.busy:
                        await writer.idle()
