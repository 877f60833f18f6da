"""Two real PostgreSQL servers, one a synchronous standby of the other: to be broken and healed by tests.

The standby is made by pg_basebackup, promoted by the server's own function, and a lost primary comes back by
pg_rewind. What this cannot do is fence: a test that revives an old primary gets one that believes in itself.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from wardwire.ops.account import hand_over
from wardwire.ops.ports import LOOPBACK
from wardwire.testing import processes
from wardwire.testing.node import Origin, PostgresNode


class PostgresPair:
    """`primary` and `standby` tell who is who now; `promote` swaps them."""

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self.primary = PostgresNode(origin, "left")
        self.standby = PostgresNode(origin, "right")

    @classmethod
    @asynccontextmanager
    async def running(
        cls, *, synchronous: bool = True, major: int | None = None, parent: Path | None = None
    ) -> AsyncIterator[PostgresPair]:
        """Make a pair, start it, and remove all of it at the end, whatever was killed or frozen meanwhile.

        Args:
            synchronous: False makes the pair that loses: the primary waits for nobody.
            parent: Where its folder is made; the system's temporary folder by default.
        """
        folder = Path(tempfile.mkdtemp(prefix="wardwire-pair-", dir=parent))
        pair = cls(Origin.find(folder, major=major))
        try:
            await pair.start(synchronous=synchronous)
            yield pair
        finally:
            for node in (pair.primary, pair.standby):
                node.kill()
            shutil.rmtree(folder, ignore_errors=True)

    @property
    def nodes(self) -> tuple[PostgresNode, PostgresNode]:
        """Both nodes, always in the same order."""
        first, second = sorted((self.primary, self.standby), key=lambda node: node.name)
        return first, second

    def dsn(self, *, user: str = "postgres", password: str | None = None, database: str = "postgres") -> str:
        """Give the address that names both nodes and means whichever takes writes."""
        hosts = ",".join(f"{LOOPBACK}:{node.port}" for node in self.nodes)
        secret = password or self.origin.password
        return f"postgresql://{user}:{secret}@{hosts}/{database}?target_session_attrs=read-write"

    async def start(self, *, synchronous: bool = True) -> None:
        """Make and start both; returns when the standby is in place, and synchronous if so wanted."""
        self.primary.initdb()
        with (self.primary.data / "postgresql.conf").open("a") as file:
            file.write("include_if_exists 'pair.conf'\n")
        self.write_settings(self.primary, "")
        await self.primary.start()
        self.origin.run(
            "pg_basebackup", "-D", str(self.standby.data), "-h", LOOPBACK, "-p", str(self.primary.port),
            "-U", "postgres", "-X", "stream", "-c", "fast",
        )  # fmt: skip
        await self._follow()
        await self.set_synchronous(synchronous)

    async def set_synchronous(self, wanted: bool) -> None:
        """Let the primary wait for its standby with each commit, or for nobody; in force on return."""
        names = self.standby.name if wanted else ""
        self.write_settings(self.primary, names)
        await self.primary.query("SELECT pg_reload_conf()")
        await processes.wait_until(lambda: self._in_force(names), within_s=20, what="synchronous_standby_names")
        state = "sync" if wanted else "async"
        await processes.wait_until(lambda: self._replicates(state), within_s=20, what=f"the standby is {state}")

    async def promote(self) -> None:
        """Make the standby the primary; it takes writes on return and waits for nobody: a degraded site.

        A frozen standby is thawed. The old primary is left as it is: killed, frozen or alive.
        """
        self.write_settings(self.standby, "")
        if self.standby.running:
            self.standby.thaw()
            await self.standby.query("SELECT pg_reload_conf()")
        else:
            await self.standby.start()
        # Not `pg_promote(true)`: the query that waits holds a snapshot, and where WAL is left to be replayed that
        # prunes what it might see, the replay waits for the query: 30 s were lost so (max_standby_archive_delay).
        await self.standby.query("SELECT pg_promote(false)")
        await processes.wait_until(self._promoted, within_s=40, what="the standby takes writes")
        self.primary, self.standby = self.standby, self.primary

    async def rejoin(self, *, synchronous: bool = True) -> None:
        """Bring the node that is not the primary back as its standby, wound back where it went astray."""
        if self.standby.running:
            self.standby.kill()
        await self.primary.query("CHECKPOINT")
        self.origin.run(
            "pg_rewind", f"--target-pgdata={self.standby.data}",
            f"--source-server=host={LOOPBACK} port={self.primary.port} user=postgres dbname=postgres",
        )  # fmt: skip
        await self._follow()
        await self.set_synchronous(synchronous)

    def freeze_replication(self) -> None:
        """Stop the standby's receiver of WAL: the primary sees a standby that is there and says nothing."""
        for pid in self.standby.children("walreceiver"):
            processes.freeze(pid)

    def thaw_replication(self) -> None:
        for pid in self.standby.children("walreceiver"):
            processes.thaw(pid)

    def lose_primary(self) -> None:
        """Kill the primary, and first the standby: what lay in a socket between them is lost with it."""
        self.standby.kill()
        self.primary.kill()

    async def _follow(self) -> None:
        """Start the standby behind the primary."""
        signal_file = self.standby.data / "standby.signal"
        signal_file.touch()
        hand_over(signal_file, self.origin.account)
        self.write_settings(self.standby, "", follow=self.primary)
        await self.standby.start()

    def write_settings(self, node: PostgresNode, names: str, *, follow: PostgresNode | None = None) -> None:
        """Write a node's settings: for whom it waits ("": nobody), and whom it follows. Read at its next reload."""
        lines = [f"synchronous_standby_names = '{names}'", "wal_keep_size = '512MB'", "wal_log_hints = on"]
        lines += ["wal_receiver_status_interval = '1s'", "wal_retrieve_retry_interval = '200ms'"]
        if follow is not None:
            secret = self.origin.password
            where = f"host={LOOPBACK} port={follow.port} user=postgres password={secret}"
            lines.append(f"primary_conninfo = '{where} application_name={node.name}'")
        file = node.data / "pair.conf"
        file.write_text("\n".join(lines) + "\n")
        file.chmod(0o600)
        hand_over(file, self.origin.account)

    async def _promoted(self) -> bool:
        return not await self.standby.query("SELECT pg_is_in_recovery()")

    async def _in_force(self, names: str) -> bool:
        return bool(await self.primary.query("SELECT current_setting('synchronous_standby_names') = $1", names))

    async def _replicates(self, state: str) -> bool:
        sql = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND sync_state = $1"
        return bool(await self.primary.query(sql, state))
