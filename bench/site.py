"""A whole site as it is installed: engines with the product's own settings, and its core as a process of its own.

Everything is thrown away at the end; as root it runs as `nobody`.
"""

from __future__ import annotations

import resource
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from bench.people import Staff, enter_staff
from bench.wal import make_segments
from wardwire.ops.account import drop_account
from wardwire.ops.child import Child, ChildPlan
from wardwire.ops.engines import (
    ENGINES_VARIABLE,
    EmbeddedDatabase,
    EmbeddedNats,
    EngineLogins,
    Engines,
    Wanted,
    logins_file,
)
from wardwire.ops.ports import free_port
from wardwire.ops.postgres import Postgres
from wardwire.ops.postgres_conf import SETTINGS
from wardwire.ops.postgres_throwaway import SMALL, temporary_home, throwaway_postgres
from wardwire.ops.roles import DatabaseLogins, run_apart
from wardwire.store.migrations import migrate

SITE = UUID("00000000-0000-7000-8000-000000000001")
CORE = (sys.executable, "-m", "wardwire", "core", "--serve")
PATH = "path,engine"
# The load maker says on 128 devices what thousands say: a device may say more here than in a hospital.
ENVIRONMENT = {
    "WARDWIRE__LIMITS__FRAMES_PER_S": "100000",
    "WARDWIRE__LIMITS__FRAMES_BURST": "100000",
    "WARDWIRE__LOG__LEVEL": "warning",
}


@dataclass(frozen=True, slots=True)
class Site:
    """A running site.

    Attributes:
        begun: Before the first of this run's messages.
    """

    logins: EngineLogins
    engines: Engines
    cores: list[Child]
    staff: Staff
    begun: datetime

    @property
    def edge_port(self) -> int:
        """Where devices connect."""
        assert self.engines.nats is not None
        return self.engines.nats.edge.port

    def pids(self) -> dict[str, list[int]]:
        """Name the processes, as the load maker accounts for them."""
        postgres, nats = self.engines.postgres, self.engines.nats
        assert postgres is not None
        assert nats is not None
        cores = [core.pid for core in self.cores]
        return {"core": cores, "postgres": [postgres.pid], "nats": [nats.edge.pid, nats.core.pid]}


@contextmanager
def running_engines(home: Path, *, postgres: Mapping[str, str] | None = None) -> Iterator[Engines]:
    """Start the engines on a folder, migrated; stop them at the end and leave the folder.

    Args:
        postgres: Settings that win over the product's.
    """
    database = EmbeddedDatabase(settings=postgres or {})
    wanted = Wanted(home=home, site="Bench", database=database, nats=EmbeddedNats(edge_port=free_port()))
    engines = Engines(wanted, account=drop_account(), say=lambda _: None)
    engines.prepare()
    steps = engines.steps(migrate=_migrate)
    begun = []
    try:
        for step in steps:
            begun.append(step.part)
            step.part.start(lambda _: None)
            step.part.wait_ready(stopping=lambda: False)
            if step.then is not None:
                step.then()
        yield engines
    finally:
        for part in reversed(begun):
            part.stop()


@contextmanager
def floor_postgres() -> Iterator[Postgres]:
    """Start a PostgreSQL for a floor, told what the product's is told."""
    told = {name: SETTINGS[name] for name in SMALL}
    with throwaway_postgres(settings=told) as postgres:
        run_apart(make_segments(postgres.dsn()))
        yield postgres


@contextmanager
def real_site(
    *,
    people: int,
    group: int = 0,
    home: Path | None = None,
    before: Callable[[EngineLogins], None] = lambda logins: None,
    enter: Callable[[EngineLogins, Staff], None] = lambda logins, staff: None,
    serve: Sequence[str] = (PATH,),
    more: dict[str, str] | None = None,
) -> Iterator[Site]:
    """Start a site with new people, each with a device that may log in.

    Args:
        people: How many.
        group: The last so many of them are members of the group `Everybody`.
        home: A folder with a site's data, of the account that engines run as; removed at the end all the same.
        before: Called when the engines run, before anything else.
        enter: Called when its people are entered: enters more.
        serve: What each of its core processes serves.
        more: Added to their environment.
    """
    account = drop_account()
    folder = home or temporary_home(account)
    try:
        with running_engines(folder) as engines:
            logins = engines.logins()
            assert engines.postgres is not None
            run_apart(make_segments(engines.postgres.dsn()))
            before(logins)
            begun = datetime.now(UTC)
            staff = run_apart(enter_staff(logins, people=people, group=group))
            enter(logins, staff)
            environment = {**ENVIRONMENT, ENGINES_VARIABLE: str(logins_file(folder)), **(more or {})}
            cores: list[Child] = []
            try:
                for nth, parts in enumerate(serve, start=1):
                    name = f"core-{nth}"
                    told = environment | {"WARDWIRE__OPS__LISTEN": f"127.0.0.1:{free_port()}"}
                    plan = ChildPlan(name=name, argv=(*CORE, parts, "--name", name), environment=told)
                    cores.append(Child(plan, home=folder, account=account))
                    cores[-1].start()
                for child in cores:
                    child.wait_ready()
                yield Site(logins, engines, cores, staff, begun)
            finally:
                for child in cores:
                    child.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def raise_open_files() -> None:
    """Raise the soft limit of open files, for thousands of sockets."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _migrate(logins: DatabaseLogins) -> None:
    run_apart(migrate(logins.owner, today=datetime.now(UTC).date(), site_id=SITE))
