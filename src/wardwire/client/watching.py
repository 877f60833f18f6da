"""What a device shows of the alerts that run: a view, kept up to date by frames of which none may be missing.

Whatever goes wrong (a hole, silence, another core, another session) has one remedy: the view is asked for anew, and
until that is whole the old one stays on the screen. No I/O; of the clock it is told.
"""

from __future__ import annotations

import os

from wardwire.devices.frames import Rows, Unwatch, Watch, Watched
from wardwire.flow.board import BoardRow

# A core says something every five seconds; after three times that what is shown is stale.
STALE_S = 15.0


class View:
    """One view.

    Attributes:
        rows: What runs, by message; as of the last frame.
        gone: Why what is gone from the last frame on has ended, by message.
        whole: Whether `rows` is all there is: not before the first view has come to its end.
        more: So many run beyond those.
        frame: The last frame that was taken.
        heard_at: When that was, or when the view was asked for (monotonic seconds).
    """

    def __init__(self, place: str = "") -> None:
        self.place = place
        self.rows: dict[str, BoardRow] = {}
        self.gone: dict[str, str] = {}
        self.whole = False
        self.more = 0
        self.frame: Rows | None = None
        self.heard_at = float("-inf")
        self._id = ""
        self._n = 0
        self._coming: dict[str, BoardRow] = {}

    def ask(self, now: float) -> Watch:
        """Ask for it, or ask anew."""
        self._id, self._n = f"w{os.urandom(8).hex()}", 0
        self._coming = {}
        self.heard_at = now
        return Watch(id=self._id, place=self.place)

    def end(self) -> Unwatch:
        """Ask for it no longer."""
        return Unwatch(id=self._id)

    def is_mine(self, written: str) -> bool:
        """Whether an answer is to the last asking."""
        return written == self._id

    def is_stale(self, now: float) -> bool:
        """Whether nothing was heard for too long: what is shown may be wrong, and is asked for anew."""
        return now - self.heard_at > STALE_S

    def take(self, frame: Rows, now: float) -> Watched | Watch | None:
        """Take a frame; returns what is to be said then. `rows` has changed if `frame` is this one afterwards."""
        if frame.id != self._id:
            return None  # of a view that was asked for before
        if frame.n <= self._n:
            return None  # it came twice
        if frame.n != self._n + 1:
            return self.ask(now)
        self._n = frame.n
        self.heard_at = now
        for row in frame.rows:
            self._coming[row.message] = row
        for one in frame.gone:
            self._coming.pop(one.message, None)
        self.gone = {one.message: one.why for one in frame.gone}
        if frame.whole or not self.whole:
            self.rows, self.more = self._coming, frame.more
            self.whole = frame.whole
        self.frame = frame
        return Watched(id=self._id, n=frame.n) if frame.ack else None
