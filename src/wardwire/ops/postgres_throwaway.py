"""PostgreSQL servers for a while: a folder of their own, free ports, everything gone at the end."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from wardwire.ops.account import Account, drop_account, hand_over
from wardwire.ops.binaries import PostgresBinaries, bring_postgres, find_postgres
from wardwire.ops.ports import free_port
from wardwire.ops.postgres import Postgres, PostgresPlan
from wardwire.ops.roles import ensure_roles

# A few buffers suffice, and the disk is not filled with zeros before the first test.
SMALL = {"shared_buffers": "64MB", "min_wal_size": "80MB", "max_wal_size": "512MB", "max_connections": "120"}


def temporary_home(account: Account | None, *, under: Path | None = None) -> Path:
    """Make an empty folder that the account owns, below a place that everybody may pass."""
    home = Path(tempfile.mkdtemp(prefix="wardwire-", dir=under))
    hand_over(home, account)
    return home


@contextmanager
def throwaway_postgres(
    *,
    major: int | None = None,
    fsync: bool = True,
    settings: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
    home: Path | None = None,
    binaries: PostgresBinaries | None = None,
    roles: bool = True,
) -> Iterator[Postgres]:
    """
    Start a server on a socket and a free port of 127.0.0.1; stop it and remove its folder afterwards.

    As root it runs as `nobody`. Enter it in a thread that outlives it (the main thread): the server ends
    when that thread does.

    Args:
        major: Only this major; None takes the first provider's (the wheel's).
        fsync: False only where nothing about durability is tested.
        settings: PostgreSQL settings that win.
        home: Use this folder, and leave it in place at the end.
        roles: Make our login roles and the database `wardwire`.

    Raises:
        StartFailed: `no_postgres` when this machine has no such major.
    """
    account = drop_account()
    folder = home or temporary_home(account)
    try:
        found = binaries or find_postgres(major=major)
        told = SMALL | ({} if fsync else {"fsync": "off", "full_page_writes": "off"}) | dict(settings or {})
        plan = PostgresPlan(
            home=folder,
            binaries=bring_postgres(found, folder / "engines", account),
            account=account,
            port=free_port(),
            tcp=True,
            settings=told,
            environment=dict(environment or {}),
        )
        server = Postgres(plan)
        server.prepare()
        server.start()
        try:
            server.wait_ready()
            if roles:
                ensure_roles(plan, account)
            yield server
        finally:
            server.stop()
    finally:
        if home is None:
            shutil.rmtree(folder, ignore_errors=True)
