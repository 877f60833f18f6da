"""W1 on the peers and on the product, in one run, in turns, on the same two cores, with equally much in flight."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from statistics import median

from bench.check import NotStored, check_rounds
from bench.peers.ejabberd import count_archived, running_ejabberd
from bench.peers.install import installed
from bench.peers.rabbitmq import running_rabbitmq
from bench.real import real_shape
from bench.result import Report, Result
from bench.shapes.cpu import same_cores
from bench.shapes.load import Connect, Outcome, Run
from bench.shapes.turns import PAIRS, Shape, load_maker, new_party
from bench.shapes.voices import Party
from bench.site import floor_postgres
from bench.w1 import WINDOW, stock_for
from wardwire.ops.postgres import Postgres
from wardwire.ops.roles import run_apart

XMPP = "bench.peers.xmpp:XmppDevice"
MQTT = "bench.peers.mqtt:MqttDevice"
PLAIN = "bench.peers.plain:Plain"
# A message and its receipt, each in the archive of both.
ROWS_A_ROUND = 4
GOALS = {"ejabberd": 5.0, "rabbitmq": 2.0}
CORES = 2
# Stated beside it: some are quicker with less in flight.
FEWER = 4


def run_peers(report: Report, *, full: bool) -> None:
    """Measure the product against ejabberd and RabbitMQ."""
    turns, seconds = (9, 4.0) if full else (5, 2.5)
    with installed(), same_cores(CORES), ExitStack() as stack:
        archive = stack.enter_context(floor_postgres())
        ejabberd = stack.enter_context(ejabberd_shape(archive))
        rabbitmq = stack.enter_context(rabbitmq_shape())
        real, site = stack.enter_context(real_shape("real"))
        shapes = (ejabberd, real, rabbitmq)
        order = Run(window=WINDOW, seconds=seconds)
        for shape in shapes:
            last = shape.run(Run(window=WINDOW, seconds=1.5, stock=300))
            if shape is real:
                order.stock = stock_for(last.rate, order)
        found: dict[str, list[Outcome]] = {shape.name: [] for shape in shapes}
        for _ in range(turns):
            for shape in shapes:
                found[shape.name].append(shape.run(order))
        report.outcomes(f"W1 at saturation beside others, {PAIRS} pairs with {WINDOW} open each", found)
        fewer = {
            shape.name: [shape.run(Run(window=FEWER, seconds=seconds, stock=order.stock)) for _ in range(2)]
            for shape in shapes
        }
        report.outcomes(f"The same with {FEWER} open each", fewer)
        for name, goal in GOALS.items():
            ratio = ratio_of(found["real"], found[name], lambda one: one.rate)
            report.add(Result(f"peers.{name}", f"W1 rounds/s at saturation, {name}", ratio, name, goal, True))
            p50 = ratio_of(found["real"], found[name], lambda one: one.round_p50)
            report.add(Result(f"peers.{name}.p50", f"W1 p50 at saturation, {name}", p50, name, None, False))
            cpu = ratio_of(found["real"], found[name], lambda one: sum(one.cpu_us.values()))
            report.add(Result(f"peers.{name}.cpu", f"W1 CPU of everything a round, {name}", cpu, name, None, False))
        report.note("W1 in the product's database", run_apart(check_rounds(site, fewer["real"][-1])))
        report.note("W1 in ejabberd's archive", check_archive(archive, fewer["ejabberd"][-1]))


def ratio_of(ours: list[Outcome], theirs: list[Outcome], of: Callable[[Outcome], float]) -> float:
    """The median of the ratios of neighbours in time."""
    return median(of(a) / max(of(b), 1e-9) for a, b in zip(ours, theirs, strict=True))


def check_archive(database: Postgres, last: Outcome) -> dict[str, float]:
    """Count ejabberd's archive; raises NotStored when it kept less than it confirmed."""
    rows = run_apart(count_archived(database))
    if rows < last.done * ROWS_A_ROUND:
        raise NotStored(f"ejabberd confirmed {last.done} rounds and kept {rows} rows, not {ROWS_A_ROUND} each")
    return {"rounds": last.done, "rows": rows}


@contextmanager
def ejabberd_shape(database: Postgres) -> Iterator[Shape]:
    """Run ejabberd with pairs of devices that have done a first round."""
    pairs = new_pairs()
    with running_ejabberd(database, [party for pair in pairs for party in pair]) as (port, pid):
        accounts = {"core": [pid], "postgres": [database.pid]}
        with ExitStack() as stack:
            load = load_maker(stack, Connect(carrier=XMPP, port=port, pairs=pairs, voice=PLAIN))
            yield Shape("ejabberd", load, {**accounts, "load": [load.process.pid]})


@contextmanager
def rabbitmq_shape() -> Iterator[Shape]:
    """Run RabbitMQ with pairs of devices that have done a first round."""
    with running_rabbitmq() as (port, pid):
        connect = Connect(carrier=MQTT, port=port, pairs=new_pairs(), voice=PLAIN)
        with ExitStack() as stack:
            load = load_maker(stack, connect)
            yield Shape("rabbitmq", load, {"core": [pid], "load": [load.process.pid]})


def new_pairs() -> list[tuple[Party, Party]]:
    """Make devices that only have names."""
    return [(new_party(), new_party()) for _ in range(PAIRS)]
