"""Figures of one process: which promises were kept."""

from __future__ import annotations

from uuid import UUID

from msgspec.structs import replace

from wardwire.engine.health import Door, Vitals
from wardwire.engine.metrics import Metrics
from wardwire.model.delivery import Delivery, State
from wardwire.model.message import Offered
from wardwire.model.priority import Kind, Priority
from wardwire.store.batch import Batch
from wardwire.testing.clock import FakeClock


def delivery(person: int) -> Delivery:
    """A new delivery of priority high."""
    return Delivery(
        UUID(int=1), UUID(int=person), 1, State.PENDING, 0, (), Kind.ALERT, Priority.HIGH, None, Offered()
    )


def test_promises_are_counted_by_priority_and_unit() -> None:
    """Kept: a device confirmed in its first time, a step began when it was due. A later word counts nothing more."""
    clock = FakeClock()
    metrics = Metrics(clock=clock, vitals=lambda: None, lanes=list)  # type: ignore[arg-type,return-value]
    batch = Batch(clock.now())
    kept, late, again, ended = (delivery(nth) for nth in range(1, 5))
    batch.change(kept, replace(kept, version=2, state=State.DELIVERED, delivered_at=batch.now))
    batch.change(late, replace(late, version=2, stage=1))
    batch.change(replace(again, version=2), replace(again, version=3, state=State.READ, delivered_at=batch.now))
    batch.change(ended, replace(ended, version=2, state=State.CANCELLED))
    batch.promises += [(True, "code", "4 West"), (False, "high", "4 West")]
    metrics.batch(batch)
    counted = {
        tuple(sample.labels.values()): sample.value
        for metric in metrics._promises.collect()
        for sample in metric.samples
        if sample.name.endswith("_total")
    }
    assert counted == {
        ("yes", "high", ""): 1, ("no", "high", ""): 1, ("yes", "code", "4 West"): 1, ("no", "high", "4 West"): 1,
    }  # fmt: skip


def test_listeners_are_told_with_what_came_in_by_them() -> None:
    """Open or shut, and each outcome; nothing of what was said."""
    doors = (
        Door(
            name="hl7", adapter="hl7", address="127.0.0.1:1", state="open", received=9, taken=5, ignored=2, letters=1
        ),
        Door(name="hl7-lab", adapter="hl7", address="127.0.0.1:2", state="shut", why="no table"),
    )
    metrics = Metrics(clock=FakeClock(), vitals=lambda: Vitals(doors=doors), lanes=list)
    lines = metrics.render().decode().splitlines()
    assert 'wardwire_adapter_open{listener="hl7"} 1.0' in lines
    assert 'wardwire_adapter_open{listener="hl7-lab"} 0.0' in lines
    assert 'wardwire_adapter_messages_total{listener="hl7",outcome="taken"} 3.0' in lines
    assert 'wardwire_adapter_messages_total{listener="hl7",outcome="ignored"} 2.0' in lines
    assert 'wardwire_adapter_dead_letters_total{listener="hl7"} 1.0' in lines
