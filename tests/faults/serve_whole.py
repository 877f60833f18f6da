"""`wardwire serve` as it is, but for what a fault needs to reach: a proxy between the NATS servers, wall clocks.

    python -m tests.faults.serve_whole HOME key=value…

Told by the environment: FAULTS_LEAF_PORT is the port of a proxy that the core's NATS server dials instead of the
edge's; FAULTS_CLOCKS is JSON, for `postgres` and `core` each what its environment is to have (wallclock.py);
FAULTS_CORES is the number of core processes; with FAULTS_HOLD they are those of held_core.py.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.faults.held_core import HOLD
from wardwire.cli.failures import failures
from wardwire.cli.serve import serve
from wardwire.ops import nats, process

LEAF_PORT = "FAULTS_LEAF_PORT"
CLOCKS = "FAULTS_CLOCKS"
CORES = "FAULTS_CORES"


def dial_another_leaf(port: str) -> None:
    """Let the core's NATS server dial this port of the loopback instead of the edge's."""
    module: Any = nats
    as_it_is = module.render_core

    def render(**told: Any) -> str:
        rendered: str = as_it_is(**{**told, "leaf_url": f"127.0.0.1:{port}"})
        return rendered

    module.render_core = render


def set_clocks(clocks: Mapping[str, Mapping[str, str]]) -> None:
    """Give PostgreSQL and the cores wall clocks of their own."""
    module: Any = process
    as_it_is = module.spawn

    def spawn(argv: Any, **told: Any) -> Any:
        program = Path(argv[0]).name
        whose = "postgres" if program == "postgres" else "core" if "core" in argv else ""
        if whose in clocks:
            told["environment"] = {**(told.get("environment") or os.environ), **clocks[whose]}
        return as_it_is(argv, **told)

    module.spawn = spawn


def hold_cores() -> None:
    """Let the cores be such as can be stopped in the middle of a step."""
    module: Any = process
    as_it_is = module.spawn

    def spawn(argv: Any, **told: Any) -> Any:
        held = ["tests.faults.held_core" if word == "wardwire" else word for word in argv]
        return as_it_is(held if "core" in argv else argv, **told)

    module.spawn = spawn


def main(home: str, *sets: str) -> int:
    if port := os.environ.get(LEAF_PORT):
        dial_another_leaf(port)
    if clocks := os.environ.get(CLOCKS):
        set_clocks(json.loads(clocks))
    if HOLD in os.environ:
        hold_cores()
    with failures() as outcome:
        serve(cores=int(os.environ.get(CORES, "1")), config=None, data=Path(home), set_=list(sets))
    return outcome.status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
