"""Time is an argument: one clock at the root, no rule reads another, and no test waits for it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.tree import ROOT, SOURCE, TESTS, names_used, parse, python_files

WALL_CLOCK = {
    "datetime.date.today",
    "datetime.datetime.now",
    "datetime.datetime.today",
    "datetime.datetime.utcnow",
    "time.time",
    "time.time_ns",
}
SLEEP = {"asyncio.sleep", "time.sleep"}

# The journey and what it stands on: given `now`, and woken by rows that fall due.
TIMELESS_ROOMS = ("model", "store", "flow", "directory", "access")
# Rooms of the machine, not of messages: certificates, file names, a terminal's own clock.
ROOMS_OF_THE_MACHINE = ("ops", "cli", "testing")

MAY_READ_THE_WALL_CLOCK: dict[str, str] = {
    "src/wardwire/client/device.py": "a device's own clock, which its hello tells and nothing uses",
}
"""Files beside those rooms that may, each with its reason."""

MAY_SLEEP: dict[str, str] = {
    "tests/web/figures.py": "a measurement, which no test run collects: it sends at a pace",
    "tests/web/front.py": "a site that is far away, for that measurement",
}
"""Tests that may wait for time to pass, each with its reason. Faults need real time, and need no entry."""


def uses(source: str, forbidden: set[str]) -> list[str]:
    """Give `line: name` for each use of a forbidden name; a sleep of literally 0 only yields, and is none."""
    module = ast.parse(source)
    harmless = set(_yields(module))
    found = [(name, node) for name, node in names_used(module) if name in forbidden and node not in harmless]
    return [f"{node.lineno}: {name}" for name, node in found]


def _yields(module: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
            (argument,) = node.args
            if isinstance(argument, ast.Constant) and argument.value == 0:
                yield node.func


def _found(files: list[Path], forbidden: set[str], allowed: dict[str, str]) -> list[str]:
    found = []
    for path in files:
        name = path.relative_to(ROOT).as_posix()
        if name not in allowed:
            found += [f"{name}:{use}" for use in uses(path.read_text(encoding="utf-8"), forbidden)]
    return found


def test_no_rule_and_no_step_reads_a_clock_or_sleeps() -> None:
    """Model, store, flow, directory and access are given `now`; none of them waits."""
    files = [path for room in TIMELESS_ROOMS for path in python_files(SOURCE / room)]

    assert _found(files, WALL_CLOCK | SLEEP, {}) == []


def test_the_wall_clock_is_read_in_one_place_only() -> None:
    """A jump of a machine's wall clock changes nothing, because nothing but the clock itself reads it."""
    files = [
        path
        for path in python_files(SOURCE)
        if path.relative_to(SOURCE).parts[0] not in (*TIMELESS_ROOMS, *ROOMS_OF_THE_MACHINE)
    ]

    assert _found(files, WALL_CLOCK, MAY_READ_THE_WALL_CLOCK) == []


def test_no_test_waits_for_time_to_pass() -> None:
    """A test waits for a named signal or moves a clock; only the faults need real time."""
    files = [path for path in python_files(TESTS) if path.relative_to(TESTS).parts[0] != "faults"]

    assert _found(files, SLEEP, MAY_SLEEP) == []


@pytest.mark.parametrize("allowed", [MAY_READ_THE_WALL_CLOCK, MAY_SLEEP], ids=["wall clock", "sleep"])
def test_every_exception_is_still_needed(allowed: dict[str, str]) -> None:
    """An exception goes when its file no longer needs it."""
    needless = [name for name in allowed if not _found([ROOT / name], WALL_CLOCK | SLEEP, {})]

    assert needless == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import time\ntime.sleep(1)", ["2: time.sleep"]),
        ("from time import sleep as nap\nnap(0.1)", ["2: time.sleep"]),
        ("import asyncio\nasync def f(s): await asyncio.sleep(s)", ["2: asyncio.sleep"]),
        ("import asyncio\nasync def f(): await asyncio.sleep(0)", []),
        ("from datetime import datetime\ndatetime.now()", ["2: datetime.datetime.now"]),
        ("import datetime as d\nclock = d.datetime.now", ["2: datetime.datetime.now"]),
        ("from time import time\ntime()", ["2: time.time"]),
        ("clock.sleep(1)\nclock.now()", []),
    ],
)
def test_the_guard_sees_through_aliases(source: str, found: list[str]) -> None:
    """However a clock is imported, its use is found; a clock that was passed in is none."""
    assert uses(source, WALL_CLOCK | SLEEP) == found


def test_the_model_knows_nothing_but_the_language_and_itself() -> None:
    """Nothing in the model reaches a network, a file, a process or a log."""
    outward = {"asyncio", "http", "logging", "socket", "ssl", "subprocess", "threading", "urllib"}
    found = []
    for path in python_files(SOURCE / "model"):
        for name, _ in names_used(parse(path)):
            if name.split(".")[0] in outward:
                found.append(f"{path.name}: {name}")

    assert found == []
