"""Puts together what watches a core: probe, figures, disk, and the port on which it tells."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

import structlog

from wardwire.app.ground import Ground
from wardwire.app.listening import Listening
from wardwire.devices.doorway import Doorway
from wardwire.engine.auditor import Auditor
from wardwire.engine.canary import CanaryWatch
from wardwire.engine.feeds import FeedWatch
from wardwire.engine.health import AUDIT_STALE_S, PROBE_EVERY_S, Prober, Vitals
from wardwire.engine.metrics import Metrics
from wardwire.engine.muster import Muster
from wardwire.engine.ops_port import PORTS_TRIED, OpsPort
from wardwire.engine.upkeep import LoopLag, keep
from wardwire.model.canary import Way
from wardwire.model.whom import is_attended
from wardwire.ops.disk import Room, decide_room, measure
from wardwire.settings import split_address

DISK_EVERY_S = 5

log = structlog.get_logger("wardwire.app")


class Watch:
    """What was measured of this core; `metrics` counts what it did."""

    def __init__(self, ground: Ground, doorway: Doorway | None) -> None:
        self._ground = ground
        self._share: float | None = None
        self._room = Room.AMPLE
        self.auditor: Auditor | None = None
        self.canary: CanaryWatch | None = None
        self.feeds: FeedWatch | None = None
        self.doors: Sequence[Listening] = ()
        self.muster: Muster | None = None
        self.amiss: list[str] = []
        self._since = ground.clock.monotonic()
        self.lag = LoopLag(ground.clock)
        self.metrics = Metrics(
            clock=ground.clock,
            vitals=self.vitals,
            lanes=lambda: ground.lanes.writers,
            connected=lambda: doorway.sessions if doorway else 0,
            books=lambda: self.auditor.books if self.auditor else None,
            canaries=lambda: self.canary.last(ground.people.directory) if self.canary else (),
            silences=lambda: self.feeds.silences() if self.feeds else (),
        )
        self.prober = Prober(
            open_connection=ground.open_durable,
            clock=ground.clock,
            committed=self.metrics.committed,
        )

    def vitals(self) -> Vitals:
        """Say how this core is now."""
        ground, prober, auditor = self._ground, self.prober, self.auditor
        looked_at = auditor.looked_at if auditor else None
        mustered = self.muster.last if self.muster else None
        return Vitals(
            probed_at=prober.probed_at,
            commit_s=prober.commit_s,
            durability=prober.durability,
            epoch=prober.epoch,
            lanes_serving=ground.lanes.serving,
            lag_s=self.lag.seconds,
            disk_share=self._share,
            room=self._room.value,
            strays=prober.strays,
            deadlines_armed=prober.deadlines_armed,
            deadlines_late=prober.deadlines_late,
            open_alarms=prober.open_alarms,
            conservation=("holds" if auditor.holds else "broken") if auditor and looked_at is not None else "",
            audit_age_s=None if looked_at is None else ground.clock.monotonic() - looked_at,
            audit_behind_s=auditor.behind_s if auditor and looked_at is not None else 0.0,
            doors=tuple(door.told() for door in self.doors),
            cores=len(mustered.heard) + len(mustered.silent) if mustered else 0,
            cores_heard=len(mustered.heard) if mustered else 0,
            attended=is_attended(ground.people.directory, ground.settings.site.desk, ground.clock.now()),
            **self._flights(),
        )

    def complaints(self) -> list[str]:
        """Say what is amiss here that the desk must hear of, in sentences without their full stop."""
        auditor = self.auditor
        if auditor is None:
            return self.amiss
        ago = self._ground.clock.monotonic() - (self._since if auditor.looked_at is None else auditor.looked_at)
        stale = [f"the auditor has not looked for {ago:.0f} s"] if ago > AUDIT_STALE_S else []
        waited = self._ground.clock.monotonic() - self._since > AUDIT_STALE_S
        grounded = ["its canaries do not fly"] if self.canary and not self.canary.flown and waited else []
        return [*self.amiss, *stale, *grounded]

    def _flights(self) -> dict[str, Any]:
        if self.canary is None or not self.canary.flown:
            return {}
        at, took = next((canary.last for canary in self.canary.flown if canary.way == Way("app")), (None, None))
        return {
            "canary": "late" if self.canary.failing else "through" if at else "",
            "canary_age_s": None if at is None else (self._ground.clock.now() - at).total_seconds(),
            "canary_took_s": took,
        }

    async def disk(self) -> None:
        """Measure the disk; when it is nearly full the lane of the many closes for submissions."""
        own = self._ground.settings.disk
        space = await asyncio.to_thread(measure, self._ground.logins.home)
        self._share = space.share
        self._room = decide_room(space.share, warn=own.warn_percent / 100, urgent_only=own.urgent_percent / 100)
        self._ground.lanes.rest_closed = self._room is Room.URGENT_ONLY


@contextlib.asynccontextmanager
async def open_watch(ground: Ground, tasks: asyncio.TaskGroup, doorway: Doorway | None) -> AsyncIterator[Watch]:
    """Watch this core, and tell on the ops port, or the next free one: each process has its own."""
    watch = Watch(ground, doorway)
    ground.hooks.counted = watch.metrics.batch
    tasks.create_task(watch.lag.run())
    tasks.create_task(keep("probe", PROBE_EVERY_S, watch.prober.round, turns=ground.turns))
    tasks.create_task(keep("disk", DISK_EVERY_S, watch.disk))
    port = OpsPort(clock=ground.clock, vitals=watch.vitals, metrics=watch.metrics.render)
    host, first = split_address(ground.settings.ops.listen)
    for number in range(first, first + PORTS_TRIED):
        try:
            await port.start(host, number)
        except OSError:
            continue
        log.info("ops_port", port=number)
        break
    else:
        log.error("ops_port_taken", first=first, last=first + PORTS_TRIED - 1)
    try:
        yield watch
    finally:
        await port.stop()
        await watch.prober.close()
