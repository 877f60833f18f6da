"""A backup is whole, proven, and gives the same site back."""

from __future__ import annotations

import json
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from wardwire.cli.exits import Exit
from wardwire.cli.main import main
from wardwire.ops import backup
from wardwire.ops.account import drop_account
from wardwire.ops.failure import StartFailed
from wardwire.ops.postgres import SUPERUSER, Postgres, PostgresPlan
from wardwire.ops.postgres_throwaway import temporary_home, throwaway_postgres
from wardwire.ops.roles import run_apart


async def ask(dsn: str, statement: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with throwaway_postgres() as server:
        run_apart(ask(server.dsn(), "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n"))
        yield server


@pytest.fixture
def made(server: Postgres, tmp_path: Path) -> Path:
    backup.create(server.plan, tmp_path / "monday")
    return tmp_path / "monday"


def test_a_backup_is_private_whole_and_says_what_it_is(server: Postgres, made: Path) -> None:
    """It holds keys and passwords; it verifies; it names its PostgreSQL."""
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    assert all(stat.S_IMODE((made / name).stat().st_mode) == 0o600 for name in ("backup.json",))
    assert backup.read_description(made).postgres == server.plan.binaries.version
    assert f"secrets/database-{SUPERUSER}.password" in backup.read_description(made).files
    assert backup.verify(made, server.plan.binaries) == []


def test_progress_is_told_up_to_the_whole(server: Postgres, tmp_path: Path) -> None:
    """Bytes done and bytes in all, ending with the whole."""
    heard: list[tuple[int, int]] = []
    backup.create(server.plan, tmp_path / "tuesday", progress=lambda done, total: heard.append((done, total)))

    done, total = heard[-1]
    assert done >= total > 0


def test_a_restored_site_has_the_same_data_and_passwords(server: Postgres, made: Path) -> None:
    """Into an empty folder; the next start recovers and goes on."""
    account = drop_account()
    home = temporary_home(account)
    try:
        backup.restore(made, home, server.plan.binaries, account)
        again = Postgres(PostgresPlan(home=home, binaries=server.plan.binaries, account=account))
        assert again.prepare() is False
        again.start()
        try:
            again.wait_ready()
            assert run_apart(ask(again.dsn(), "SELECT count(*) FROM kept")) == 1000
            assert again.plan.password(SUPERUSER) == server.plan.password(SUPERUSER)
        finally:
            again.stop()
    finally:
        shutil.rmtree(home)


def test_nothing_is_ever_overwritten(server: Postgres, made: Path, tmp_path: Path) -> None:
    """Neither a backup by a backup, nor a data folder by a restore."""
    with pytest.raises(StartFailed, match="exists already"):
        backup.create(server.plan, made)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    with pytest.raises(StartFailed, match="is not empty"):
        backup.restore(made, tmp_path / "full", server.plan.binaries, None)


@pytest.mark.parametrize("name", ["postgres/PG_VERSION", f"secrets/database-{SUPERUSER}.password"])
def test_a_changed_file_is_found_and_never_restored(server: Postgres, made: Path, name: str) -> None:
    """One byte more in the data or beside it."""
    with (made / name).open("ab") as file:
        file.write(b"\n")

    problems = backup.verify(made, server.plan.binaries)

    assert len(problems) == 1
    assert Path(name).name in problems[0]
    with pytest.raises(StartFailed, match="The backup is damaged"):
        backup.restore(made, made.parent / "new", server.plan.binaries, None)
    assert not (made.parent / "new").exists()


def test_a_missing_file_is_found(server: Postgres, made: Path) -> None:
    """In the data and beside it."""
    (made / "postgres" / "global" / "pg_control").unlink()
    (made / "secrets" / f"database-{SUPERUSER}.password").unlink()

    assert len(backup.verify(made, server.plan.binaries)) == 2


def test_the_command_proves_a_backup_by_its_exit_status(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """0 when whole, 1 with the problems when not."""
    assert main(["backup", "verify", str(made), "--json"]) == Exit.OK
    assert json.loads(capsys.readouterr().out)["problems"] == []
    (made / "postgres" / "PG_VERSION").write_text("18\n\n")
    assert main(["backup", "verify", str(made)]) == Exit.FAILED


def test_what_is_no_backup_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder without its description."""
    assert main(["backup", "verify", str(tmp_path)]) == Exit.FAILED
    assert "is no backup that we can read" in capsys.readouterr().err
