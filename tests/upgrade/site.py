"""A site that is upgraded while people use it: its engines, and cores of the former code and of this one."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from pathlib import Path

from tests.engines import SITE
from tests.faults.scenarios import Case
from tests.faults.site import Served
from tests.faults.system import ROOT, WAIT_S, System
from tests.upgrade.former import Former
from wardwire.ops.account import drop_account
from wardwire.ops.child import Child, ChildPlan
from wardwire.ops.engines import (
    ENGINES_VARIABLE,
    EmbeddedDatabase,
    EmbeddedNats,
    Engines,
    Wanted,
    logins_file,
)
from wardwire.ops.ports import free_port
from wardwire.ops.postgres_throwaway import temporary_home
from wardwire.ops.roles import DatabaseLogins
from wardwire.ops.supervisor import Part
from wardwire.store.migrations import Phase, migrate
from wardwire.testing.node import clean_environment
from wardwire.testing.plan import FaultPlan

OLD, NEW = "old", "new"
# As every version says it: what is promised between versions is the schema, not this call.
MIGRATE = """
import asyncio, datetime, sys, uuid
from wardwire.store.migrations import migrate
today = datetime.datetime.now(datetime.timezone.utc).date()
asyncio.run(migrate(sys.argv[1], today=today, site_id=uuid.UUID(sys.argv[2])))
"""


class UpgradedSite(Served):
    """Engines under a core of the former code, and what an operator does from there on.

    Args:
        former: PYTHONPATH of the former code.
    """

    def __init__(self, home: Path, former: Path) -> None:
        super().__init__(home)
        self._former = former
        self._account = drop_account()
        self._begun: list[Part] = []
        self._cores: dict[str, Child] = {}

    def start(self) -> None:
        """Start the engines, make the former schema, and start a core of the former code."""
        nats = EmbeddedNats(edge_port=self.edge)
        wanted = Wanted(home=self.home, site="Upgrade", database=EmbeddedDatabase(), nats=nats)
        engines = Engines(wanted, account=self._account, say=lambda _: None)
        engines.prepare()
        for step in engines.steps(migrate=self._make_former):
            self._begun.append(step.part)
            step.part.start(lambda _: None)
            step.part.wait_ready(stopping=lambda: False)
            if step.then is not None:
                step.then()
        self.start_core(OLD)

    def until_ready(self, *, patience_s: float = 60.0) -> None:
        """Nothing: `start` returns when everything is ready."""

    def processes(self) -> Iterable[int]:
        """Its cores; the engines have started what they need."""
        return [core.pid for core in self._cores.values()]

    def start_core(self, name: str) -> None:
        """Start a core, of the former code if it is the old one."""
        source = self._former if name == OLD else ROOT / "src"
        environment = {
            "PYTHONPATH": str(source),
            ENGINES_VARIABLE: str(logins_file(self.home)),
            "WARDWIRE__OPS__LISTEN": f"127.0.0.1:{free_port()}",
            "WARDWIRE__SITE__DESK": "Dora",
            **{f"WARDWIRE__WAITS__{priority.upper()}_S": str(wait) for priority, wait in WAIT_S.items()},
        }
        command = (sys.executable, "-m", "wardwire", "core", "--serve", "path,engine")
        plan = ChildPlan(name=name, argv=command, environment=environment)
        core = self._cores[name] = Child(plan, home=self.home, account=self._account)
        core.start()
        core.wait_ready()

    def node(self, name: str) -> str:
        """How facts name a core's process ends with this."""
        return f"-{self._cores[name].pid}"

    def stop_core(self, name: str) -> None:
        """Stop a core politely, as an operator would."""
        core = self._cores.pop(name)
        assert core.poll() is None, f"the {name} core had ended by itself"
        core.stop()

    async def migrate(self, phase: Phase) -> list[str]:
        """Bring this code's migrations of a phase in."""
        today = datetime.now(UTC).date()
        return await migrate(self.logins().database.owner, today=today, site_id=SITE, phases=(phase,))

    def remove(self) -> None:
        """Stop everything and remove the folder."""
        for part in (*self._cores.values(), *reversed(self._begun)):
            part.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def _make_former(self, logins: DatabaseLogins) -> None:
        environment = clean_environment({"PYTHONPATH": str(self._former)})
        command = [sys.executable, "-c", MIGRATE, logins.owner, str(SITE)]
        subprocess.run(command, check=True, env=environment, cwd=self._former)


@contextlib.asynccontextmanager
async def upgraded(former: Former, folder: Path) -> AsyncIterator[tuple[System, UpgradedSite]]:
    """Run a site on the former code with people, nobody speaking yet; end all of it."""
    source = former.unpack(folder / "former")
    evidence = folder / "evidence"
    evidence.mkdir()
    site = UpgradedSite(temporary_home(drop_account()), source)
    system = System(Case(plan=FaultPlan(1), folder=evidence), site, pairs=4)
    try:
        await system.open()
        yield system, site
    finally:
        with contextlib.suppress(OSError):
            system.end()
        await asyncio.to_thread(site.remove)
