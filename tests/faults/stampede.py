"""Cores away, and then very many devices come back at once (ADR 0015).

The lifetimes are those of a hospital made shorter: a login lasts a minute instead of a day, the cores are away for
5 s instead of ten minutes. So the absence is a twelfth of a login's life here, and a 144th there.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from dataclasses import dataclass
from statistics import median

import msgspec
from msgspec.structs import replace

from tests.faults.crowd import Orders
from tests.faults.scenarios import Case, Finding, scenario
from tests.faults.system import Member, System, whole
from wardwire.testing import processes
from wardwire.testing.history import Outcome, operations
from wardwire.testing.verdict import Invariant, Violation

LOGIN_S = 60.0
AWAY_S = 5.0
BACK_S = 60.0


@dataclass(frozen=True, slots=True)
class Counts:
    """One line of the crowd's."""

    at: float
    there: int
    welcomed: int
    expired: int
    refused: int
    anew: int
    cut: int


@scenario("system, devices come back", rare=True)
async def come_back(case: Case) -> Finding:
    """The cores and the devices' server go away together, and some hundred devices come back at once."""
    async with whole(case, pairs=2) as system:
        crowd = await Crowd.gather(system, 300)
        await crowd.stampede()
        return await crowd.judge()


@scenario("system, cores away, 2,000 devices come back", rare=True, alone=True)
async def cores_away(case: Case) -> Finding:
    """The cores are away while logins near their end; later all devices come back at once, as a code goes out."""
    async with whole(case, f"limits.login_s={LOGIN_S:g}", pairs=2) as system:
        crowd = await Crowd.gather(system, 2000)
        began = time.monotonic()
        await asyncio.sleep(case.plan.between("away after_s", 0.45, 0.72) * LOGIN_S)
        await crowd.without_cores()
        await asyncio.sleep(max(0.0, began + 1.3 * LOGIN_S - time.monotonic()))
        crowd.nobody_expired()
        await crowd.stampede()
        return await crowd.judge()


class Crowd:
    """Many devices in one process, and a sender of `code` to them."""

    def __init__(self, system: System, members: list[Member]) -> None:
        self.system = system
        self.members = members
        self.size = len(members)
        self._counts = system.case.folder / "crowd-counts.txt"

    @classmethod
    async def gather(cls, system: System, size: int) -> Crowd:
        """Make the people, start their devices, and wait until all are welcomed."""
        members = await system.add_people([f"Many {number}" for number in range(size)])
        crowd = cls(system, members)
        orders = system.case.folder / "crowd-orders.json"
        cards = [str(member.path) for member in members]
        orders.write_bytes(msgspec.json.encode(Orders(folder=str(system.case.folder), cards=cards)))
        await system.speak(http=False)
        began = time.monotonic()
        system.spawn([sys.executable, "-m", "tests.faults.crowd", str(orders)], "crowd")
        await processes.wait_until(lambda: crowd.last().welcomed == size, within_s=BACK_S, what="all are welcomed")
        first = next(line.at for line in crowd.lines() if line.there)
        system.figures["first_logins_per_s"] = round(size / (time.monotonic() - max(first, began)))
        return crowd

    def lines(self) -> list[Counts]:
        """All counts so far."""
        if not self._counts.exists():
            return []
        rows = [line.split() for line in self._counts.read_text().splitlines()[:-1]]
        return [Counts(float(row[0]), *map(int, row[1:7])) for row in rows if row[0] != "shown"]

    def last(self) -> Counts:
        """The newest counts."""
        lines = self.lines()
        return lines[-1] if lines else Counts(0.0, 0, 0, 0, 0, 0, 0)

    async def without_cores(self) -> None:
        """Take every core process away for a while; every device must stay connected."""
        system = self.system
        began = time.monotonic()
        os.kill(system.site.pid, signal.SIGSTOP)  # so that nobody starts them again
        system.kill("path")
        system.kill("api")
        await asyncio.sleep(AWAY_S)
        ended = time.monotonic()
        os.kill(system.site.pid, signal.SIGCONT)
        await system.flows_again("cores_away")
        there = [line for line in self.lines() if began <= line.at <= ended]
        cut = there[-1].cut + there[-1].expired - there[0].cut - there[0].expired
        system.figures["cut_off_meanwhile"] = cut
        if cut:
            self._wrong("devices were cut off while the cores were away", f"{cut}")

    def nobody_expired(self) -> None:
        """Nobody's login has ended before it was renewed."""
        last = self.last()
        self.system.figures["logins_renewed"] = last.anew
        if last.expired:
            self._wrong("logins ended before they were renewed", f"{last.expired} of {self.size}")
        if last.anew < self.size:
            self._wrong("some were never asked to log in anew", f"{self.size - last.anew} of {self.size}")

    async def stampede(self) -> None:
        """Let the devices' server and the process that lets them in go; all come back at once, a code among them."""
        system = self.system
        refused = self.last().refused
        os.kill(system.site.pid, signal.SIGSTOP)
        system.kill("path")
        system.kill("nats-edge")
        await asyncio.sleep(AWAY_S)
        os.kill(system.site.pid, signal.SIGCONT)
        began = time.monotonic()
        some = system.case.plan.random("code to").sample(self.members, min(50, self.size))
        http = replace(system.http, source="code", to=[member.wire for member in some], every_s=0.2, priority="code")
        key = await system.add_key("code", http.to)
        system.http = replace(http, key=key.key)
        await system.speak("alarms", [], http=True)
        await processes.wait_until(lambda: self.last().welcomed == self.size, within_s=BACK_S, what="all are back")
        back = self.last().at
        lines = [line for line in self.lines() if line.at >= began]
        first = next(line.at for line in lines if line.welcomed)
        system.figures["devices"] = self.size
        system.figures["first_back_s"] = round(first - began, 2)
        system.figures["all_back_s"] = round(back - began, 2)
        tenth = next(line for line in lines if line.welcomed >= 0.1 * self.size)
        most = next(line for line in lines if line.welcomed >= 0.9 * self.size)
        rate = (most.welcomed - tenth.welcomed) / max(most.at - tenth.at, 0.1)
        system.figures["logins_per_s"] = round(rate)
        system.figures["tries_refused"] = self.last().refused - refused
        await asyncio.sleep(1.0)
        self._measure_code(began, back)

    def _measure_code(self, began: float, back: float) -> None:
        shown: dict[str, float] = {}
        for line in self._counts.read_text().splitlines()[:-1]:
            if line.startswith("shown "):
                _, at, message = line.split()
                shown.setdefault(message, float(at))
        sent = [
            o for o in operations(self.system.history())
            if o.source == "code" and o.outcome is Outcome.OK and o.message and o.t_inv < back
        ]  # fmt: skip
        took = [shown[o.message] - o.t_inv for o in sent if o.message in shown]
        figures = self.system.figures
        figures["code_sent_meanwhile"] = len(sent)
        figures["code_stored_worst_s"] = round(max((o.t_ret - o.t_inv for o in sent), default=0.0), 2)
        if took:
            figures["code_first_shown_after_s"] = round(
                min(shown[o.message] for o in sent if o.message in shown) - began, 2
            )
            figures["code_shown_median_s"] = round(median(took), 2)
            figures["code_shown_worst_s"] = round(max(took), 2)
        if len(took) < len(sent):
            self._wrong("a code message was not shown", f"{len(sent) - len(took)} of {len(sent)}")

    async def judge(self) -> Finding:
        """Let the checker judge what everybody saw."""
        return await self.system.judge()

    def _wrong(self, what: str, detail: str) -> None:
        violation = Violation(invariant=Invariant.NO_SILENT_FAILURE, what=what, subject="crowd", detail=detail)
        self.system.extra.append(violation)
