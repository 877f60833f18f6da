"""Looks after what rings at the desk: asks again while nobody sees to an alarm, and is silent when somebody does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from wardwire.flow.desk import AskAgain, FallSilent, TellDesk
from wardwire.flow.ports import Rules, Writer
from wardwire.model.alert import AGAIN
from wardwire.model.clock import Clock
from wardwire.store.alarms import claim_asks, find_settled, find_untold

LOOK_EVERY_S = 2.0
# What was settled longer ago is silent, or was not made silent by us.
LOOK_BACK = timedelta(hours=1)


class DeskWatch:
    """Run `round` every few seconds (engine/upkeep.keep).

    Args:
        pool: Lends connections (asyncpg.Pool).
        again: After so long without anybody who sees to it the desk is asked again; zero = never. About an alert that
            nobody answers it is always asked again, every two minutes.
    """

    def __init__(
        self, *, pool: Any, clock: Clock, writer: Writer, rules: Callable[[], Rules], again: timedelta
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._writer = writer
        self._rules = rules
        self._again = again

    async def round(self) -> None:
        """Look once. Of several cores one asks, and falling silent twice changes nothing."""
        now = self._clock.now()
        async with self._pool.acquire() as connection:
            asks = await claim_asks(
                connection,
                now,
                asked_before=now - self._again if self._again else None,
                unanswered_before=now - AGAIN,
            )
            untold = await find_untold(connection)
            settled = await find_settled(connection, now - LOOK_BACK)
        for alarm_id, text in untold:
            self._writer.put(TellDesk(alarm_id, text, self._rules))
        for message_id in asks:
            self._writer.put(AskAgain(message_id, self._rules))
        for message_id, over in settled:
            self._writer.put(FallSilent(message_id, self._rules, over=over))
