"""What a machine lacks is not collected, and said; where everything is required it fails the run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import ROOT

BARE_MACHINE = """
from dataclasses import replace
from tests import machine
machine.NEEDS = tuple(replace(need, is_met=lambda: False) for need in machine.NEEDS)
from tests.conftest import *
"""
A_STORE_TEST = """
import pytest

def test_on_each_major(pg_major): pass

@pytest.mark.needs_root
def test_as_root(): pass
"""


def run_on_a_bare_machine(folder: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a small suite as if this machine had nothing that a test can ask for."""
    (folder / "tests" / "store").mkdir(parents=True)
    (folder / "conftest.py").write_text(BARE_MACHINE)
    (folder / "tests" / "store" / "test_it.py").write_text(A_STORE_TEST)
    (folder / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    inherited = {name: value for name, value in os.environ.items() if name != "REQUIRE"}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--strict-markers", "--verbose", *options],
        cwd=folder,
        env={**inherited, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["one by one", "side by side"])
def test_what_the_machine_lacks_is_named_in_one_line(tmp_path: Path, options: tuple[str, ...]) -> None:
    """The tests that can run do; the others are left out, and one line tells which needs were not met."""
    ran = run_on_a_bare_machine(tmp_path, *options)

    assert ran.returncode == 0
    (line,) = [line for line in ran.stdout.splitlines() if line.startswith("Not collected")]
    assert "Debian's PostgreSQL 15 (1 left out; apt-get install postgresql-15)" in line
    assert "root (1 left out; run as root)" in line
    assert "test_on_each_major[pg18]" in ran.stdout
    assert "1 passed" in ran.stdout.splitlines()[-1]


def test_where_all_is_required_a_lack_fails_the_run(tmp_path: Path) -> None:
    """With REQUIRE=all nothing is left out in silence."""
    ran = run_on_a_bare_machine(tmp_path, REQUIRE="all")

    assert ran.returncode != 0
    assert "REQUIRE=all, and this machine lacks: Debian's PostgreSQL 15" in ran.stderr
