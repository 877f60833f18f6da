"""Who is heard first when more comes in than can be handled at once: `code` and `high`, and hellos.

A core reads its socket as fast as bytes come, and looks at each frame only for what it is. What is urgent is handled
at once; of the rest so much in a turn of the event loop as leaves it free for others, and what is more waits here.
So an urgent frame never stands in a socket behind thousands of `low` ones.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

# Frames of the many that are handled in one turn of the event loop: some 2 ms of work.
SLICE = 32
MOST_WAITING = 10_000
LOOK_AGAIN_S = 0.001
# As a frame carries them in `p` and `priority`; inside of a text the quotes would be escaped. Written with a space
# after the colon it only waits its turn.
_CODE, _HIGH = b':"code"', b':"high"'
_SESSION = b'"s":"'

Take = Callable[[str, bytes], None]


class Precedence:
    """Hands frames on: those of the many in their order, urgent ones before them.

    Args:
        take: Handles a frame (subject, payload); must not raise.
        refuse: Answers a frame that there is no room for.
        held: Whether the many wait now. Asked again and again while it is so.
    """

    def __init__(
        self,
        take: Take,
        refuse: Take,
        held: Callable[[], bool],
        *,
        slice: int = SLICE,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self._take = take
        self._refuse = refuse
        self._held = held
        self._slice = slice
        self._most_waiting = most_waiting
        self._waiting: deque[tuple[str, bytes]] = deque()
        self._left = slice
        self._due: asyncio.Handle | None = None

    @property
    def waiting(self) -> int:
        """How many frames wait."""
        return len(self._waiting)

    def put(self, subject: str, _reply: str, payload: bytes, _status: int) -> None:
        """Take a frame straight from the socket."""
        if _CODE in payload or _HIGH in payload or _SESSION not in payload:
            self._take(subject, payload)
            return
        waiting = self._waiting
        if self._left and not waiting:
            self._left -= 1
            self._take(subject, payload)
        elif len(waiting) < self._most_waiting:
            waiting.append((subject, payload))
        else:
            self._refuse(subject, payload)
        if self._due is None:
            self._due = asyncio.get_running_loop().call_soon(self._turn)

    def stop(self) -> None:
        """Forget what waits: nobody was answered, so everybody asks again."""
        self._waiting.clear()
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _turn(self) -> None:
        """A turn of the loop is over: the next slice."""
        loop = asyncio.get_running_loop()
        waiting, left = self._waiting, self._slice
        if waiting and self._held():
            self._left = 0
            self._due = loop.call_later(LOOK_AGAIN_S, self._turn)
            return
        while waiting and left:
            left -= 1
            self._take(*waiting.popleft())
        self._left = left
        self._due = loop.call_soon(self._turn) if waiting else None
