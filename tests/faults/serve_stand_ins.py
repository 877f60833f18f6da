"""`wardwire serve` as it is, but with stand-ins for the core processes."""

from __future__ import annotations

import sys
from pathlib import Path

from wardwire.cli.failures import failures
from wardwire.cli.options import read_settings
from wardwire.cli.site import run_site
from wardwire.ops.child import ChildPlan

ROOT = Path(__file__).resolve().parents[2]
CHILDREN = tuple(
    ChildPlan(
        name=name,
        argv=(sys.executable, "-m", "tests.faults.stand_in"),
        environment={"PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"},
    )
    for name in ("path", "api")
)


def main(home: str, *sets: str) -> int:
    with failures() as outcome:
        run_site(read_settings(None, Path(home), list(sets)), children=CHILDREN)
    return outcome.status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
