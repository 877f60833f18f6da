"""Sends on outside channels: the intent is committed and claimed, the channel is tried under a time limit of its
own, and the result goes back through the lanes. Nothing is sent inside a transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

import asyncpg
import structlog

from wardwire.flow.attempt import Attempted, still_wanted
from wardwire.flow.ports import Channel, Rules, SendResult, Writer
from wardwire.model.clock import Clock
from wardwire.model.people import Endpoint
from wardwire.model.priority import Lane
from wardwire.store.deadlines import Due
from wardwire.store.deliveries import load_deliveries
from wardwire.store.messages import Message, load_messages

# R16: a hung provider must not hold up the next page.
TIME_LIMIT_S = {Lane.CODE: 1.0, Lane.HIGH: 5.0, Lane.REST: 5.0}
MOST_AT_ONCE = {Lane.CODE: 64, Lane.HIGH: 32, Lane.REST: 16}

log = structlog.get_logger("wardwire.engine.outbox")


class Outbox:
    """Sends claimed attempts, each lane within its own bound."""

    def __init__(
        self, *, writer: Writer, rules: Callable[[], Rules], clock: Clock, channels: Mapping[str, Channel]
    ) -> None:
        self._writer = writer
        self._rules = rules
        self._clock = clock
        self._channels = channels
        self._slots = {lane: asyncio.Semaphore(count) for lane, count in MOST_AT_ONCE.items()}
        self._tasks: set[asyncio.Task[None]] = set()

    async def send(self, connection: asyncpg.Connection, dues: Sequence[Due], lane: Lane) -> None:
        """Begin to send claimed attempts; returns before they have ended.

        What nobody needs any more (a device has confirmed since) is recorded as such and not sent.
        """
        keys = [(due.message_id, due.person_id) for due in dues]
        deliveries = {(d.message_id, d.person_id): d for d in await load_deliveries(connection, keys)}
        messages = await load_messages(connection, sorted({due.message_id for due in dues}))
        directory = self._rules().directory
        for due in dues:
            endpoints = {e.id: e for e in directory.endpoints_of.get(due.person_id, ())}
            endpoint = endpoints.get(due.ref)
            message = messages.get(due.message_id)
            if not still_wanted(deliveries.get((due.message_id, due.person_id))):
                self._record(due, lane, "email", SendResult("not_needed", "confirmed or ended before"))
            elif endpoint is None or endpoint.disabled or message is None:
                self._record(due, lane, "email", SendResult("refused", "the endpoint is gone"))
            elif (channel := self._channels.get(endpoint.kind)) is None:
                self._record(due, lane, endpoint.kind, SendResult("refused", "no such channel is set up"))
            else:
                task = asyncio.create_task(self._try(channel, due, endpoint, message, lane))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def idle(self) -> None:
        """Wait until nothing is under way."""
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def stop(self) -> None:
        """Give up what is under way: its lease runs out, and it is tried again."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _try(self, channel: Channel, due: Due, endpoint: Endpoint, message: Message, lane: Lane) -> None:
        async with self._slots[lane]:
            if due.until is not None and self._clock.now() + timedelta(seconds=TIME_LIMIT_S[lane]) > due.until:
                return  # it stood in line, or we were frozen, until its claim is as good as over: somebody claims it
            try:
                async with asyncio.timeout(TIME_LIMIT_S[lane]):
                    attempt_id = f"{due.message_id.hex}-{due.person_id.hex}-{due.ref.hex}"
                    # Claimed before: whoever did may have sent it and not lived to say so.
                    result = await channel.send(attempt_id, endpoint, message, again=due.fence > 1)
            except TimeoutError:
                result = SendResult("retry", f"no answer within {TIME_LIMIT_S[lane]:g} s")
            except Exception as error:
                log.exception("channel_failed", channel=channel.kind, message=str(due.message_id))
                result = SendResult("retry", type(error).__name__)
        self._record(due, lane, endpoint.kind, result)

    def _record(self, due: Due, lane: Lane, channel: str, result: SendResult) -> None:
        self._writer.put(
            Attempted(
                due.message_id,
                due.person_id,
                due.ref,
                channel,
                result,
                fence=due.fence,
                lane=lane,
                done=lambda error: None,
            )
        )
