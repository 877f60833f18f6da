"""The figures of one process, as Prometheus reads them. Never a name, never what was said.

Counters are counted where it happens, by callables that are handed out; gauges are asked for at each reading.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from wardwire.engine.health import Door, Vitals, readiness
from wardwire.model.canary import is_real
from wardwire.model.clock import Clock
from wardwire.model.conservation import Books
from wardwire.model.delivery import Delivery, State
from wardwire.store.batch import Batch

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_COMMIT_BUCKETS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)


CanaryFigures = tuple[str, str, datetime | None, float | None]


class LaneFigures(Protocol):
    """What is read of a lane's writer: engine/writer.LaneWriter."""

    name: str
    committed: int
    batches: int

    @property
    def waiting(self) -> int:
        """How many acts wait."""
        ...


def _is_real(delivery: Delivery) -> bool:
    """Whether it is counted: no drill, no test, no canary."""
    return not delivery.test and is_real(delivery.kind)


def _first_promise(delivery: Delivery) -> tuple[bool, str, str] | None:
    """Whether a delivery kept the promise of its first stage, by its first change; None = that said nothing of it."""
    if delivery.stage > 0 or delivery.state is State.UNREACHABLE:
        return False, delivery.priority, ""
    return (True, delivery.priority, "") if delivery.delivered_at is not None else None


class Metrics:
    """The figures of one process."""

    def __init__(
        self,
        *,
        clock: Clock,
        vitals: Callable[[], Vitals],
        lanes: Callable[[], Sequence[LaneFigures]],
        connected: Callable[[], int] = lambda: 0,
        books: Callable[[], Books | None] = lambda: None,
        canaries: Callable[[], Sequence[CanaryFigures]] = tuple,
        silences: Callable[[], Sequence[tuple[str, float]]] = tuple,
    ) -> None:
        """`connected` says how many devices have a session with this process; `books` are its auditor's, if any;
        `canaries` are the last ones that got through: channel, unit, when, after how many seconds; `silences` say for
        how many seconds each feed has been silent.
        """
        self._clock = clock
        self._vitals = vitals
        self._lanes = lanes
        self._connected = connected
        self._books = books
        self._canaries = canaries
        self._silences = silences
        self._registry = CollectorRegistry()
        self._submissions = Counter(
            "wardwire_submissions", "Submissions by outcome.", ("outcome", "priority"), registry=self._registry
        )
        self._denied = Counter(
            "wardwire_access_denied", "Refused credentials and rights.", ("code",), registry=self._registry
        )
        self._deliveries = Counter(
            "wardwire_deliveries",
            "Deliveries that came into a state.",
            ("state", "priority"),
            registry=self._registry,
        )
        self._kept: dict[tuple[bool, str, str], Counter] = {}
        self._came: dict[tuple[str, str], Counter] = {}  # found once: to find one costs more than to count
        self._promises = Counter(
            "wardwire_promises",
            "Promises that came due: a device within its first wait, a step of an escalation within a second.",
            ("kept", "priority", "unit"),
            registry=self._registry,
        )
        self._commits = Histogram(
            "wardwire_probe_commit_seconds",
            "How long a durable commit of nothing took.",
            buckets=_COMMIT_BUCKETS,
            registry=self._registry,
        )
        self._registry.register(self)

    def submitted(self, outcome: str, priority: str) -> None:
        """Count a submission: `stored`, `repeated`, or the code of its refusal."""
        self._submissions.labels(outcome, priority).inc()

    def denied(self, code: str) -> None:
        """Count a refused credential or right."""
        self._denied.labels(code).inc()

    def committed(self, seconds: float) -> None:
        """Take the time of a probe's commit."""
        self._commits.observe(seconds)

    def batch(self, batch: Batch) -> None:
        """Count what a committed batch did to deliveries."""
        came = Tally([("new", delivery.priority) for delivery in batch.created if _is_real(delivery)])
        changes = [change for change in batch.changes.values() if _is_real(change[1])]
        came.update([(delivery.state, delivery.priority) for _, delivery in changes])
        for labels, count in came.items():
            counter = self._came.get(labels)
            if counter is None:
                counter = self._came[labels] = self._deliveries.labels(*labels)
            counter.inc(count)
        firsts = [_first_promise(delivery) for expected, delivery in changes if expected == 1]
        for promise, count in Tally([*filter(None, firsts), *batch.promises]).items():
            counter = self._kept.get(promise)
            if counter is None:
                kept, priority, unit = promise
                counter = self._kept[promise] = self._promises.labels("yes" if kept else "no", priority, unit)
            counter.inc(count)

    def render(self) -> bytes:
        """Write all figures in the text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterable[Metric]:
        """Read the gauges; called by the registry."""
        vitals = self._vitals()
        ready = readiness(vitals, self._clock.monotonic()).ready
        gauges: tuple[tuple[str, str, float], ...] = (
            ("wardwire_ready", "Whether promises can be kept now.", float(ready)),
            ("wardwire_synchronous", "Whether a standby confirms each commit.", vitals.durability == "synchronous"),
            ("wardwire_epoch", "The database's epoch.", vitals.epoch),
            ("wardwire_deadlines_armed", "Deadlines that are still to come.", vitals.deadlines_armed),
            ("wardwire_deadlines_late", "Deadlines that nobody took in time.", vitals.deadlines_late),
            ("wardwire_alarms_open", "Technical alarms that are open.", vitals.open_alarms),
            ("wardwire_stray_rows", "Rows without a table of their day.", vitals.strays),
            ("wardwire_devices_connected", "Devices with a session here.", self._connected()),
            ("wardwire_cores", "Core processes that there should be.", vitals.cores),
            ("wardwire_cores_heard", "Core processes that are heard.", vitals.cores_heard),
            ("wardwire_loop_lag_seconds", "How late the event loop is.", vitals.lag_s),
        )
        for name, about, value in gauges:
            yield GaugeMetricFamily(name, about, value=float(value))
        if vitals.disk_share is not None:
            yield GaugeMetricFamily("wardwire_disk_free_ratio", "Free part of the disk.", value=vitals.disk_share)
        waiting = GaugeMetricFamily("wardwire_lane_waiting", "Acts that wait in a lane.", labels=("lane",))
        committed = CounterMetricFamily("wardwire_lane_committed", "Acts that a lane committed.", labels=("lane",))
        batches = CounterMetricFamily("wardwire_lane_batches", "Batches that a lane committed.", labels=("lane",))
        for lane in self._lanes():
            short = lane.name.partition("/")[2] or lane.name
            waiting.add_metric((short,), lane.waiting)
            committed.add_metric((short,), lane.committed)
            batches.add_metric((short,), lane.batches)
        yield from (waiting, committed, batches)
        if vitals.doors:
            yield from _doors(vitals.doors)
        books = self._books()
        if books is not None:
            yield from _terms(books)
        canaries = self._canaries()
        if canaries:
            yield from _flights(canaries)
        silences = self._silences()
        if silences:
            silent = GaugeMetricFamily(
                "wardwire_feed_silent_seconds", "For how long a feed has said nothing.", labels=("feed",)
            )
            for feed, seconds in silences:
                silent.add_metric((feed,), seconds)
            yield silent


def _doors(doors: Sequence[Door]) -> Iterable[Metric]:
    """The listeners for other systems."""
    is_open = GaugeMetricFamily("wardwire_adapter_open", "Whether a listener is open.", labels=("listener",))
    lines = GaugeMetricFamily("wardwire_adapter_connections", "Connections of a listener.", labels=("listener",))
    messages = CounterMetricFamily(
        "wardwire_adapter_messages", "What came of the messages of a listener.", labels=("listener", "outcome")
    )
    letters = CounterMetricFamily(
        "wardwire_adapter_dead_letters", "Messages that were kept because they could not be taken.",
        labels=("listener",),
    )  # fmt: skip
    heard = GaugeMetricFamily(
        "wardwire_adapter_heard_age_seconds", "How long ago a listener heard anything.", labels=("listener",)
    )
    for door in doors:
        is_open.add_metric((door.name,), float(door.state == "open"))
        lines.add_metric((door.name,), door.connections)
        # `taken` of a listener counts those that rightly ring nobody, too, and `refused` those of other kinds.
        taken = door.taken - door.ignored - door.unplaced
        counts = {"taken": taken, "refused": door.refused - door.unsupported}
        counts |= {
            name: getattr(door, name) for name in ("ignored", "unplaced", "unsupported", "later", "unreadable")
        }
        for outcome, count in counts.items():
            messages.add_metric((door.name, outcome), count)
        letters.add_metric((door.name,), door.letters)
        if door.heard_age_s is not None:
            heard.add_metric((door.name,), door.heard_age_s)
    yield from (is_open, lines, messages, letters, heard)


def _flights(canaries: Sequence[CanaryFigures]) -> Iterable[Metric]:
    """The canaries that got through last. One that does not lets its instant grow old."""
    labels = ("channel", "unit")
    took = GaugeMetricFamily("wardwire_canary_seconds", "How long the last canary took.", labels=labels)
    last = GaugeMetricFamily(
        "wardwire_canary_last_success_timestamp_seconds", "When the last canary got through.", labels=labels
    )
    for channel, unit, at, seconds in canaries:
        if at is not None and seconds is not None:
            took.add_metric((channel, unit), seconds)
            last.add_metric((channel, unit), at.timestamp())
    yield from (took, last)


def _terms(books: Books) -> Iterable[Metric]:
    """The terms of the conservation law, and what was counted of tests and drills."""
    real = GaugeMetricFamily(
        "wardwire_conservation_deliveries",
        "Deliveries counted today by the auditor: stored = delivered + ended + armed, or some are lost.",
        labels=("term", "unit"),
    )
    tests = GaugeMetricFamily(
        "wardwire_conservation_test_deliveries", "The same of tests and drills.", labels=("term",)
    )
    for unit, balance in list(books.units.items()):
        for term, figure in balance.figures().items():
            real.add_metric((term, unit), figure)
    for term, figure in books.tests.figures().items():
        tests.add_metric((term,), figure)
    yield GaugeMetricFamily("wardwire_conservation_holds", "Whether the law holds.", value=float(books.holds))
    yield from (real, tests)
