"""Checks signatures of stored messages and answers behind the path: a false one is a fact and a technical alarm."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import asyncpg
import structlog

from wardwire.flow.ports import Rules, Writer
from wardwire.flow.proofs import ProofFailed, check_proofs
from wardwire.model.clock import Clock
from wardwire.store.sealing import places_before, sealed_heads

CHECK_EVERY_S = 1.0
# After a start, so much of the past is looked at again: what was stored as the last process ended is in it.
LOOK_BACK = timedelta(minutes=15)

log = structlog.get_logger("wardwire.engine.proof_watch")


class ProofWatch:
    """Run `round` every second (engine/upkeep.keep) in the process `engine`; 200 signatures, some 20 ms, a round."""

    def __init__(self, *, pool: asyncpg.Pool, writer: Writer, rules: Callable[[], Rules], clock: Clock) -> None:
        self._pool = pool
        self._writer = writer
        self._rules = rules
        self._clock = clock
        self._places: dict[UUID, int] | None = None
        self.checked = 0
        self.false = 0

    async def round(self, limit: int = 200) -> None:
        """Check what was stored since the last round, up to the sealed heads."""
        async with self._pool.acquire() as connection:
            if self._places is None:
                self._places = await places_before(connection, self._clock.now() - LOOK_BACK)
                # What is sealed of chains that did not grow since then was looked at by an earlier process.
                self._places = await _with_older(connection, self._places)
            done = await check_proofs(connection, self._places, limit=limit)
        self._places = done.places
        self.checked += done.looked_at
        for signed, why in done.false:
            self.false += 1
            log.error("proof_failed", message=signed.message_id.hex, reason=why)
            self._writer.put(ProofFailed(signed, why, self._rules))


async def _with_older(connection: asyncpg.Connection, places: dict[UUID, int]) -> dict[UUID, int]:
    older = {head.writer: head.seq for head in await sealed_heads(connection) if head.writer not in places}
    return {**older, **places}
