"""Collection rules for every test: what the machine lacks is not collected, and said in one line.

`pg_major` runs store tests and stories on every PostgreSQL major that we support, all else on the first.
The fixtures that start something live in the folders that need them.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.machine import NEEDS, POSTGRES_MAJORS, Need, lacks

pytest_plugins = ("tests.engines",)

ON_EVERY_MAJOR = ("store", "stories")
_missing = pytest.StashKey[Counter[Need]]()


def pytest_configure(config: pytest.Config) -> None:
    """Make the needs known as markers."""
    config.stash[_missing] = Counter()
    for need in NEEDS:
        config.addinivalue_line("markers", f"{need.marker}: needs {need.name}")


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
    """Leave out what this machine cannot run; with REQUIRE=all that is an error."""
    missing = config.stash[_missing]
    kept = []
    for item in items:
        lacking = list(_lacking(item))
        missing.update(lacking)
        if not lacking:
            kept.append(item)
    items[:] = kept
    if missing and os.environ.get("REQUIRE") == "all":
        raise pytest.UsageError(f"REQUIRE=all, and this machine lacks: {_named(missing)}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name what was not collected, in one line above the closing one."""
    if missing := config.stash[_missing]:
        terminalreporter.write_line(f"Not collected, for this machine lacks: {_named(missing)}")


def _lacking(item: pytest.Item) -> Iterable[Need]:
    for mark in item.iter_markers():
        if need := lacks(mark.name):
            yield need


def _named(missing: Counter[Need]) -> str:
    return "; ".join(f"{need.name} ({count} left out; {need.remedy})" for need, count in missing.items())


def _folder(path: Path, config: pytest.Config) -> str:
    parts = path.relative_to(config.rootpath).parts
    return parts[1] if len(parts) > 2 else ""
