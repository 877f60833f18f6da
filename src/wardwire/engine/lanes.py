"""The lanes: `code` and `high` have writers of their own, so that they never wait behind the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from wardwire.engine.cache import DeliveryCache
from wardwire.engine.right_of_way import RightOfWay
from wardwire.engine.writer import LARGEST_BATCH, LaneWriter
from wardwire.flow.ports import Act, Announcer
from wardwire.model.clock import Clock
from wardwire.model.errors import Code, Unavailable
from wardwire.model.priority import Lane
from wardwire.store.batch import Batch
from wardwire.store.durable import PATIENCE_S, DurableConnection

# Two writers in the lane of the many: one batch executes while the other waits for its flush.
WRITERS = {Lane.CODE: 1, Lane.HIGH: 1, Lane.REST: 2}
# While its batches are smaller than this, the first writer of a lane does it all: a batch of four costs hardly more
# than one of two.
SPREAD_AT = 32
# So many acts of the many keep their writers busy, in large batches that cost little each; what is more waits where
# it costs nothing yet. Beside urgent acts fewer: a large batch keeps a processor of the database for long.
MOST_AHEAD = 2 * LARGEST_BATCH
MOST_BESIDE = 256


class Lanes:
    """Where acts are handed in; implements flow/ports.Writer."""

    def __init__(
        self,
        *,
        open_connection: Callable[[], Awaitable[DurableConnection]],
        clock: Clock,
        announcer: Announcer,
        node: str,
        written: Callable[[Batch], None] = lambda batch: None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        cache = DeliveryCache()
        self.rest_closed = False

        def writers(lane: Lane, ahead: RightOfWay | None = None) -> list[LaneWriter]:
            return [
                LaneWriter(
                    f"{node}/{lane.name.lower()}/{nth}",
                    open_connection=open_connection,
                    clock=clock,
                    announcer=announcer,
                    cache=cache,
                    written=written,
                    patience_s=patience_s,
                    ahead=ahead,
                )
                for nth in range(WRITERS[lane])
            ]

        code, high = writers(Lane.CODE), writers(Lane.HIGH)
        self._right_of_way = RightOfWay([*code, *high], clock)
        self._writers = [code, high, writers(Lane.REST, self._right_of_way)]  # looked up by lane for each act
        self._tasks: list[asyncio.Task[None]] = []

    def put(self, act: Act) -> None:
        """Take an act, or fail it at once; never waits.

        While `rest_closed` (the disk is nearly full) only the lanes of `code` and `high` take submissions.
        """
        if self.rest_closed and act.lane is Lane.REST and act.identity is not None:
            act.failed(Unavailable(Code.DISK_LOW, "the disk is nearly full: only code and high are taken"))
            return
        writers = self._writers[act.lane]
        writer = writers[0]
        if not writer.has_room(SPREAD_AT):
            writer = writers[act.affinity % len(writers)]
        writer.put(act)

    def rest_held(self) -> bool:
        """Whether what is not urgent had better wait where it is: others go ahead, or enough of it waits here."""
        if self._right_of_way.taken():
            return True
        most = MOST_BESIDE if self._right_of_way.lately else MOST_AHEAD
        return sum(writer.waiting for writer in self._writers[Lane.REST]) >= most

    @property
    def serving(self) -> bool:
        """Whether every lane takes acts."""
        return all(writer.serving for writer in self.writers)

    @property
    def epoch(self) -> int:
        """The database's epoch; 0 = not known now."""
        return max(writer.epoch for writer in self.writers)

    @property
    def writers(self) -> list[LaneWriter]:
        """Every writer: for health and metrics."""
        return [writer for writers in self._writers for writer in writers]

    async def start(self) -> None:
        """Start all writers; returns when each has a connection. Waits as long as the database is away."""
        opened = [asyncio.Event() for _ in self.writers]
        for writer, event in zip(self.writers, opened, strict=True):
            self._tasks.append(asyncio.create_task(writer.run(event.set), name=writer.name))
        for event in opened:
            await event.wait()

    async def watch(self) -> None:
        """Return never; a writer that ends by itself ends this too, and so the process, which then begins anew.

        Raises:
            RuntimeError: Which writer, and by what.
        """
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            reason = None if task.cancelled() else task.exception()
            raise RuntimeError(f"the writer {task.get_name()} has ended") from reason

    async def stop(self) -> None:
        """Stop all writers; what waits is failed as not kept, what is being committed is *unknown*."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
