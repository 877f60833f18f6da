"""A site that has been at work for days: filled once by SQL, kept as a copy of its data folder in bench/cache."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg

import wardwire.store.migrations
from bench.site import running_engines
from wardwire.ops.account import Account, drop_account
from wardwire.ops.engines import EngineLogins
from wardwire.ops.postgres_throwaway import temporary_home
from wardwire.ops.roles import run_apart

CACHE = Path(__file__).parent / "cache"
KEPT = ("postgres", "secrets")
DAYS = 6
PEOPLE = 500
# Of the whole, so many are today's: as if the day were well under way.
TODAY = 0.1
BYTES_A_MESSAGE = 4_500
# Nothing of this is worth a promise before it is complete.
QUICK = {
    "fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "autovacuum": "off", "wal_recycle": "off",
    "maintenance_work_mem": "256MB", "work_mem": "64MB",
}  # fmt: skip
SQL = (Path(__file__).parent / "history.sql").read_text().split("-- next\n")


class NoRoom(Exception):
    """The disk has no room for so many messages."""


def home_with_history(messages: int) -> Path:
    """Give a new data folder that holds so many messages of the last days; the caller lets it be removed."""
    kept = CACHE / f"history-{messages}-{_version()}"
    needed = messages * BYTES_A_MESSAGE * (1 if kept.exists() else 2)
    if shutil.disk_usage(CACHE.parent).free < needed + 2 * 10**9:
        raise NoRoom(f"{messages:,} messages need {needed / 1e9:.0f} GB of disk twice")
    account = drop_account()
    if not kept.exists():
        _fill_and_keep(messages, kept, account)
    home = temporary_home(account)
    _copy(kept, home)
    return home


def add_today(logins: EngineLogins, messages: int) -> None:
    """Add the part of so many messages that is today's."""
    now = datetime.now(UTC)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    run_apart(_fill(logins, midnight, now - timedelta(seconds=1), int(messages * TODAY)))


def _fill_and_keep(messages: int, kept: Path, account: Account | None) -> None:
    began = time.monotonic()
    print(f"Filling a store with {messages:,} messages, once; it is kept in {kept.relative_to(CACHE.parent.parent)}.")
    for old in CACHE.glob(f"history-{messages}-*"):
        shutil.rmtree(old)
    home = temporary_home(account)
    try:
        with running_engines(home, postgres=QUICK) as engines:
            midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
            older = int(messages * (1 - TODAY))
            run_apart(_fill(engines.logins(), midnight - timedelta(days=DAYS), midnight, older))
        draft = kept.with_name(f".{kept.name}")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        _copy(home, draft)
        draft.rename(kept)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    print(f"That took {time.monotonic() - began:.0f} s.", flush=True)


async def _fill(logins: EngineLogins, begin: datetime, end: datetime, count: int) -> None:
    connection = await asyncpg.connect(logins.database.owner, server_settings={"search_path": "wardwire"})
    try:
        days = (end.date() - begin.date()).days + 1
        await connection.execute("SELECT make_partitions($1, $2)", begin.date(), days)
        step = (end - begin).total_seconds() / count
        for text in SQL:
            values = {"begin": begin.isoformat(), "step": f"{step:.9f}", "count": str(count), "people": str(PEOPLE)}
            for name, value in values.items():
                text = text.replace(f":{name}", value)
            await connection.execute(text)
    finally:
        await connection.close()


def _copy(source: Path, target: Path) -> None:
    for name in KEPT:
        subprocess.run(["cp", "-a", source / name, target / name], check=True)


def _version() -> str:
    """Whatever changes the schema or this filling makes another copy."""
    schema = Path(wardwire.store.migrations.__file__).parent
    read = hashlib.sha256(Path(__file__).read_bytes())
    for path in (*sorted(schema.glob("*.sql")), Path(__file__).with_name("history.sql")):
        read.update(path.read_bytes())
    return read.hexdigest()[:12]
