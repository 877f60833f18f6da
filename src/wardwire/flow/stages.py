"""Begins a stage of a delivery: arms its deadline and intends its attempts on outside endpoints."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from wardwire.model import ids
from wardwire.model.delivery import Delivery
from wardwire.model.endpoints import usable
from wardwire.model.people import Directory, Endpoint
from wardwire.model.priority import Kind, lane_of
from wardwire.model.routing import APP, Stage
from wardwire.store.batch import Batch
from wardwire.store.deadlines import CONFIRM, SEND, stage_ref


def begin_stage(batch: Batch, directory: Directory, delivery: Delivery, stage: Stage | None, due: datetime) -> None:
    """Arm a stage's deadline, and intend its attempts on outside endpoints.

    A stage whose endpoints have all gone since the plan was made is not waited for: its deadline is now.
    """
    lane = lane_of(delivery.priority)
    reachable = False
    for kind in stage.kinds if stage else ():
        if kind == APP:
            reachable = reachable or bool(directory.active_devices(delivery.person_id))
            continue
        for endpoint in _meant(directory, delivery, kind, batch.now):
            reachable = True
            batch.intend((delivery.message_id, delivery.person_id, endpoint.id, delivery.stage, endpoint.kind))
            batch.arm(delivery.message_id, delivery.person_id, SEND, endpoint.id, lane, batch.now)
    if stage is not None and not reachable:
        due = batch.now
    batch.arm(delivery.message_id, delivery.person_id, CONFIRM, stage_ref(delivery.stage), lane, due)


def _meant(directory: Directory, delivery: Delivery, kind: str, now: datetime) -> Iterator[Endpoint]:
    """Go through the endpoints that a stage means: those of a kind that are used now; for a test one, by its id."""
    if delivery.kind is not Kind.TEST:
        return (one for one in usable(directory, delivery.person_id, delivery.priority, now) if one.kind == kind)
    there = directory.endpoints_of.get(delivery.person_id, ())
    return (one for one in there if ids.write_id(ids.ENDPOINT, one.id) == kind and not one.disabled)
