"""Collection rules for every test: what the machine lacks is not collected, and said in one line.

`pg_major` runs store tests and stories on every PostgreSQL major that we support, all else on the first.
The fixtures that start something live in the folders that need them.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.beside import beside
from tests.machine import NEEDS, POSTGRES_MAJORS, Need, lacks

pytest_plugins = ("tests.engines",)

ON_EVERY_MAJOR = ("store", "stories")
_LEFT_OUT = "left_out"
# How long an example takes says how busy the machine is, and nothing about a rule.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")
_missing = pytest.StashKey[Counter[Need]]()
_machine = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """Make the needs known as markers; with REQUIRE=all whatever the machine lacks is an error."""
    config.stash[_missing] = Counter()
    for need in NEEDS:
        config.addinivalue_line("markers", f"{need.marker}: needs {need.name}")
    if os.environ.get("REQUIRE") == "all" and (lacking := [need for need in NEEDS if lacks(need.marker)]):
        named = "; ".join(f"{need.name} ({need.remedy})" for need in lacking)
        raise pytest.UsageError(f"REQUIRE=all, and this machine lacks: {named}")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what asks for `pg_major` on the majors of its folder."""
    if "pg_major" not in metafunc.fixturenames:
        return
    folder = _folder(metafunc.definition.path, metafunc.config)
    majors = POSTGRES_MAJORS if folder in ON_EVERY_MAJOR else POSTGRES_MAJORS[:1]
    marks = {15: [pytest.mark.needs_pg15]}
    params = [pytest.param(major, id=f"pg{major}", marks=marks.get(major, [])) for major in majors]
    metafunc.parametrize("pg_major", params, scope="session")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what this machine cannot run."""
    missing = config.stash[_missing]
    kept = []
    for item in items:
        lacking = list(_lacking(item))
        missing.update(lacking)
        if not lacking:
            kept.append(item)
    items[:] = kept
    if (output := getattr(config, "workeroutput", None)) is not None:
        output[_LEFT_OUT] = {need.marker: count for need, count in missing.items()}


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Give the workers of this run a file by which one of them may hold the machine alone."""
    stash = node.config.stash
    if _machine not in stash:
        stash[_machine] = Path(tempfile.mkdtemp(prefix="wardwire-beside-")) / "machine.lock"
        stash[_machine].touch()
    node.workerinput["machine"] = str(stash[_machine])


def pytest_unconfigure(config: pytest.Config) -> None:
    """Take that file away."""
    if machine := config.stash.get(_machine, None):
        shutil.rmtree(machine.parent, ignore_errors=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Run a test beside those of other workers."""
    if (given := getattr(item.config, "workerinput", None)) is None:
        return (yield)
    with beside(Path(given["machine"])):
        return (yield)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Run twice as many tests at once as there are processors: most of them wait for something, most of the time."""
    return 2 * len(os.sched_getaffinity(0))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Hear from a worker what it has left out; all of them leave out the same."""
    left_out = getattr(node, "workeroutput", {}).get(_LEFT_OUT, {})
    node.config.stash[_missing].update(
        {
            need: left_out[need.marker]
            for need in NEEDS
            if need.marker in left_out and need not in node.config.stash[_missing]
        }
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name what was not collected, in one line above the closing one."""
    if missing := config.stash[_missing]:
        named = "; ".join(f"{need.name} ({count} left out; {need.remedy})" for need, count in missing.items())
        terminalreporter.write_line(f"Not collected, for this machine lacks: {named}")


def _lacking(item: pytest.Item) -> Iterable[Need]:
    for mark in item.iter_markers():
        if need := lacks(mark.name):
            yield need


def _folder(path: Path, config: pytest.Config) -> str:
    parts = path.relative_to(config.rootpath).parts
    return parts[1] if len(parts) > 2 else ""
