"""Two core processes that send without pause to one database, and what they wrote down."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import asyncpg
import msgspec

from tests.faults.ground import Mutant, dump_ground, make_schema
from tests.faults.product import DATABASE, dump_product, make_product_schema
from tests.faults.product import RANKS as PRODUCT_RANKS
from tests.faults.scenarios import Case, Figures, Finding
from tests.faults.writer import Orders
from wardwire.ops.process import spawn
from wardwire.ops.roles import APP, OWNER
from wardwire.testing import processes
from wardwire.testing.checker import RANKS, judge
from wardwire.testing.dump import Dump
from wardwire.testing.history import (
    Died,
    Operation,
    Outcome,
    Record,
    Recorder,
    longest_gap_s,
    operations,
    read_history,
)
from wardwire.testing.node import PostgresNode, clean_environment
from wardwire.testing.pair import PostgresPair

CORES = ("left", "right")
SENDERS = 8
ROOT = Path(__file__).parents[2]


class Load:
    """The cores of one case.

    Args:
        database: A pair, or one server.
        product: Through the product's lanes on its own schema, else the ground's few statements.
        environment: Added to that of the cores, e.g. a wall clock of theirs.
    """

    def __init__(
        self,
        case: Case,
        database: PostgresPair | PostgresNode,
        *,
        mutant: Mutant = Mutant.NONE,
        product: bool = False,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.case = case
        self.figures: Figures = {}
        self._database = database
        self._mutant = mutant
        self._product = product
        self._environment = dict(environment or {})
        self._lost_at = 0.0
        self._lives = dict.fromkeys(CORES, 0)
        self._cores: dict[str, subprocess.Popen[bytes]] = {}

    async def prepare(self) -> None:
        """Make the schema, empty, and the people."""
        if self._product:
            return await make_product_schema(self._primary, CORES, SENDERS)
        connection = await self._primary.connect()
        await make_schema(connection)
        await connection.close()

    def start_cores(self) -> None:
        """Start each core that does not run; a new life settles what the last one left."""
        for name in CORES:
            if name in self._cores and self._cores[name].poll() is None:
                continue
            self._lives[name] += 1
            database = self._database
            orders = Orders(
                name=name,
                dsn=database.dsn(user=APP, database=DATABASE) if self._product else database.dsn(),
                folder=str(self.case.folder),
                life=self._lives[name],
                senders=SENDERS,
                mutant=self._mutant,
                product=self._product,
            )
            self._cores[name] = spawn(
                [sys.executable, "-m", "tests.faults.writer", msgspec.json.encode(orders).decode()],
                account=None,
                log=self.case.folder / f"{name}.log",
                death_signal=signal.SIGKILL,
                folder=ROOT,
                environment=clean_environment(self._environment),
            )

    def kill_core(self, name: str) -> None:
        """Kill one core process, and write down that its senders died."""
        self._cores[name].kill()
        self._cores[name].wait()
        with Recorder(self.case.folder / f"died-{name}-{self._lives[name]}.jsonl") as recorder:
            for number in range(SENDERS):
                recorder.write(Died(client=f"{name}/{number}#{self._lives[name]}"))

    def struck(self) -> None:
        """Note the instant at which the fault strikes: for the figure of how long nobody was answered."""
        self._lost_at = time.monotonic()

    async def flows_again(self, *, within_s: float = 40) -> None:
        """Wait until every sender had something acknowledged that it began after now.

        Raises:
            RuntimeError: A core has ended; its log is in the folder of the case.
        """
        now = time.monotonic()
        senders = {f"{name}/{number}" for name in CORES for number in range(SENDERS)}

        def all_answered() -> bool:
            for name, core in self._cores.items():
                if core.poll() is not None:
                    raise RuntimeError(f"core {name} ended with {core.returncode}: {self._log_end(name)}")
            answered = (o for o in operations(self.history()) if o.outcome is Outcome.OK and o.t_inv > now)
            return senders <= {o.source for o in answered}

        await processes.wait_until(
            all_answered, within_s=within_s, what="every sender is answered again", every_s=0.2
        )

    def history(self) -> list[Record]:
        """Read everything written down so far."""
        return read_history(self.case.folder.glob("*.jsonl"))

    async def stop_cores(self) -> None:
        """Let every core settle what it began, and end.

        Raises:
            RuntimeError: One of them ended badly.
        """
        for core in self._cores.values():
            core.send_signal(signal.SIGTERM)
        for name, core in self._cores.items():
            await processes.wait_until(partial(_ended, core), within_s=40, what=f"{name} settles")
            if core.returncode != 0:
                raise RuntimeError(f"core {name} ended with {core.returncode}: {self._log_end(name)}")

    def end(self) -> None:
        """Kill what still runs."""
        for core in self._cores.values():
            core.kill()
            core.wait()

    async def judge(self) -> Finding:
        """Stop, read the primary's rows, and let the checker judge."""
        await self.stop_cores()
        dump = await self._dump()
        history = self.history()
        verdict = judge(history, dump, ranks=PRODUCT_RANKS if self._product else RANKS)
        again = min((o.t_ret for o in operations(history) if self._answered_after(o)), default=self._lost_at)
        figures: Figures = {
            "acknowledged": verdict.acknowledged,
            "unknown": verdict.unknown,
            "unknown_kept": verdict.unknown_kept,
            "lost": verdict.lost,
            "silent": sum(1 for o in operations(history) if o.code == "silent"),
            "gap_s": round(longest_gap_s(history), 2),
            "back_after_s": round(again - self._lost_at, 2),
            **self.figures,
            "plan": self.case.plan.describe(),
        }
        return Finding(verdict=verdict, figures=figures)

    @property
    def _primary(self) -> PostgresNode:
        return self._database.primary if isinstance(self._database, PostgresPair) else self._database

    async def _dump(self) -> Dump:
        node = self._primary
        address = node.dsn(user=OWNER, database=DATABASE) if self._product else node.dsn()
        connection = await asyncpg.connect(address, server_settings={"search_path": "wardwire"})
        try:
            return await (dump_product if self._product else dump_ground)(connection)
        finally:
            await connection.close()

    def _answered_after(self, operation: Operation) -> bool:
        return operation.outcome is Outcome.OK and operation.t_inv > self._lost_at > 0

    def _log_end(self, name: str) -> str:
        log = self.case.folder / f"{name}.log"
        return "\n".join(log.read_text(errors="replace").splitlines()[-5:])


def _ended(process: subprocess.Popen[bytes]) -> bool:
    return process.poll() is not None
