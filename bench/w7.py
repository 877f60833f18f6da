"""W7: an HL7 alarm comes in over MLLP, and the nurse's device has it; W1 at the same rate on the same site beside it.

As installed, the door is in another process than the message path. Also how fast the door reads, on one processor.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

import asyncpg
import msgspec

from bench.check import NotStored
from bench.people import Staff, with_more
from bench.places import enter_beds
from bench.policies import enter_policies
from bench.real import VOICE
from bench.result import Report, Result
from bench.shapes.devices import NATS
from bench.shapes.load import Connect, Outcome, Run
from bench.shapes.mllp import UNIT, Alarms, Said, bed_name, write
from bench.shapes.turns import PAIRS, Child, Shape, load_maker
from bench.site import PATH, Site, real_site
from bench.w1 import stock_for
from wardwire.adapters.hl7.batch import split_frame
from wardwire.adapters.hl7.frame import Deframer, render_frame
from wardwire.adapters.hl7.heard import hear
from wardwire.adapters.hl7.mapping import Table, map_message
from wardwire.adapters.hl7.tokens import parse
from wardwire.model.policy import Step
from wardwire.ops.engines import EngineLogins
from wardwire.ops.ports import free_port
from wardwire.ops.roles import run_apart
from wardwire.testing.hospital.day import Critical
from wardwire.testing.hospital.hl7 import write_critical
from wardwire.testing.hospital.plan import Bed

RATE = 200.0
BEDS = 64
BEDSIDE = "Bedside"
LONG = timedelta(hours=1)
PARSE_S = 0.4
GIVEN = """
SELECT i.external_id, i.message_id, (SELECT count(*) FROM deliveries d WHERE d.message_id = i.message_id) AS people
FROM identities i WHERE i.source = 'hl7'
"""


@dataclass
class Turn:
    """Some seconds of alarms: from when each was due until a device had it, and until it was acknowledged, in ms."""

    late: list[float]
    acknowledged: list[float]

    def rank(self, share: float) -> float:
        """The latency that this share of them did not pass."""
        return rank(self.late, share)


def rank(values: list[float], share: float) -> float:
    """Return the value that this share does not pass."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


@contextmanager
def ward() -> Iterator[tuple[Shape, Site, int]]:
    """Start a site with a unit of beds, a nurse for each, the HL7 door in a process of its own, and W1's pairs."""
    port = free_port()
    more = {
        "WARDWIRE__HL7__LISTEN": f"127.0.0.1:{port}",
        "WARDWIRE__API__LISTEN": f"127.0.0.1:{free_port()}",
    }

    def enter(logins: EngineLogins, staff: Staff) -> None:
        policies = run_apart(enter_policies(logins, {BEDSIDE: (Step(("bed:primary",), LONG),)}))
        nurses = {bed_name(nth): party.more["person"] for nth, party in enumerate(staff.parties[2 * PAIRS :])}
        run_apart(enter_beds(logins, unit=UNIT, policy=policies[BEDSIDE], nurses=nurses))

    with ExitStack() as stack:
        serve = (PATH, "api,audit,adapters")
        site = stack.enter_context(real_site(people=2 * PAIRS + BEDS, enter=enter, serve=serve, more=more))
        order = Connect(
            carrier=NATS,
            port=site.edge_port,
            pairs=site.staff.pairs(PAIRS, priority="high"),
            voice=VOICE,
            listeners=[with_more(party, priority="high") for party in site.staff.parties[2 * PAIRS :]],
            log=True,
        )
        load = load_maker(stack, order)
        yield Shape("real", load, {**site.pids(), "load": [load.process.pid]}), site, port


def run_w7(report: Report, *, full: bool) -> None:
    """Measure W7."""
    turns, seconds = (9, 5.0) if full else (4, 3.0)
    parser(report)
    with ExitStack() as stack:
        real, site, port = stack.enter_context(ward())
        gateway = Child("bench.shapes.mllp")
        stack.callback(gateway.end)
        paced = Run(rate=RATE, seconds=seconds, stock=stock_for(RATE, Run(seconds=seconds)))
        real.run(paced)
        said, hl7, w1 = alarms(real, site, gateway, port, int(RATE), 0), [], []
        count = len(said[0].due)
        for _ in range(turns):
            w1.append(real.run(paced))
            one, turn = alarms(real, site, gateway, port, int(RATE * seconds), count)
            count += len(one.due)
            hl7.append(turn)
        given = run_apart(read_given(site))
    show(hl7, w1)
    if len(given) != count or any(row["people"] != 1 for row in given):
        raise NotStored(f"{count} alarms were acknowledged, the database has {len(given)}")
    report.note("W7 in the database", {"alarms": len(given), "deliveries": sum(row["people"] for row in given)})
    ratio = median(a.rank(0.99) / b.receive_p99 for a, b in zip(hl7, w1, strict=True))
    report.add(Result("w7.p99", "W7 HL7 alarm to device p99 at 200/s", ratio, "W1", 3.0, False))
    every = [ms for turn in hl7 for ms in turn.late]
    report.add(Result("w7.backstop", "W7 HL7 alarm to device p99", rank(every, 0.99), "", 100, False, unit="ms"))


def alarms(real: Shape, site: Site, gateway: Child, port: int, count: int, first: int) -> tuple[Said, Turn]:
    """Let the gateway say alarms; find when the nurses' devices had them."""
    real.logs()
    order = Alarms(port=port, rate=RATE, count=count, first=first, beds=BEDS)
    said = msgspec.json.decode(gateway.ask(msgspec.json.encode(order)), type=Said)
    time.sleep(0.5)
    if said.refused or len(said.acknowledged) != count:
        raise NotStored(f"of {count} alarms {len(said.acknowledged)} were acknowledged, {said.refused} as refused")
    control = {row["message_id"].hex: row["external_id"].split("|")[2] for row in run_apart(read_given(site))}
    late = [(line.at - said.due[control[line.message]]) * 1e3 for line in real.logs()]
    if len(late) != count:
        raise NotStored(f"of {count} alarms {len(late)} were heard")
    return said, Turn(late, said.acknowledged)


def show(hl7: list[Turn], w1: list[Outcome]) -> None:
    """Print latencies."""
    print(f"\nW7 at {RATE:,.0f}/s\n| what | at the device p50 / p99 / max ms | acknowledged p50 / p99 ms |")
    print("|---|---|---|")
    print(
        f"| HL7 | {median(t.rank(0.5) for t in hl7):.2f} / {median(t.rank(0.99) for t in hl7):.2f}"
        f" / {max(t.rank(1) for t in hl7):.1f} | {median(rank(t.acknowledged, 0.5) for t in hl7):.2f}"
        f" / {median(rank(t.acknowledged, 0.99) for t in hl7):.2f} |"
    )
    print(
        f"| W1 | {median(o.receive_p50 for o in w1):.2f} / {median(o.receive_p99 for o in w1):.2f} | round trip"
        f" {median(o.round_p50 for o in w1):.2f} / {median(o.round_p99 for o in w1):.2f} |"
    )
    print(f"Foreign cores, with the door's process: {median(o.foreign_cores for o in w1):.2f}", flush=True)


def parser(report: Report) -> None:
    """Read typical messages as the door does, and count them by CPU time: alarms and results in turns."""
    bed = Bed(bed_name(1), "R1", UNIT)
    result = Critical(
        number=1, bed=bed, service="CAR", test="6298-4^Potassium^LN", value="6.8", unit="mmol/L", flag="HH"
    )
    frames = [write(1, BEDS)[1], render_frame(write_critical(result, day="b", at=datetime.now(UTC)))]
    table = Table()

    def read(*, report_too: bool) -> None:
        deframer = Deframer()
        for frame in frames:
            for data in deframer.feed(frame):
                for one in split_frame(data):
                    message = parse(one)
                    if report_too:
                        map_message(message, one, table, source="bench")
                    else:
                        hear(message)

    rates = {}
    for report_too in (False, True):
        best, until = 0.0, time.process_time() + 5 * PARSE_S
        while time.process_time() < until:
            began, times = time.process_time(), 0
            while time.process_time() - began < PARSE_S / 4:
                for _ in range(50):
                    read(report_too=report_too)
                times += 50
            best = max(best, times * len(frames) / (time.process_time() - began))
        rates[report_too] = best
    name = "W7 HL7 messages read, of one processor"
    report.add(Result("w7.parser", name, rates[False], "", 10_000, True, unit="a second"))
    name = "W7 HL7 messages read and mapped"
    report.add(Result("w7.mapping", name, rates[True], "", None, True, unit="a second"))


async def read_given(site: Site) -> list[Any]:
    """Read which message each alarm became."""
    connection = await asyncpg.connect(site.logins.database.readonly, server_settings={"search_path": "wardwire"})
    try:
        return list(await connection.fetch(GIVEN))
    finally:
        await connection.close()
