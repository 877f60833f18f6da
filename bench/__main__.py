"""`make bench`: measures the product against its floors, prints a table and writes bench/results.json.

W=w1,w2     only these of w1, w2, w5, w6, w7, w8, w9, ldap, routing, code, settings, memory (a: question A, the
            floors themselves)
PEERS=1     ejabberd and RabbitMQ as well, from Debian; needs root
FULL=1      the long form
--strict    exit with 1 when a goal is missed
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench.check import NotStored
from bench.code import run_code
from bench.floors import run_floors
from bench.ldap import run_ldap
from bench.memory import run_memory
from bench.peers.install import CannotInstall, check_machine
from bench.peers.run import run_peers
from bench.result import Report
from bench.routing import run_routing
from bench.settings import run_settings
from bench.site import raise_open_files
from bench.w1 import run_w1
from bench.w2 import run_w2
from bench.w5 import run_w5
from bench.w6 import run_w6
from bench.w7 import run_w7
from bench.w8 import run_w8
from bench.w9 import run_w9

WORK: dict[str, Callable[..., None]] = {
    "w1": run_w1,
    "w2": run_w2,
    "w5": run_w5,
    "w6": run_w6,
    "w7": run_w7,
    "w8": run_w8,
    "w9": run_w9,
    "ldap": run_ldap,
    "routing": run_routing,
    "code": run_code,
    "settings": run_settings,
    "memory": run_memory,
    "a": run_floors,
    "peers": run_peers,
}
USUAL = "w1,w2,w5,w6,w7,w8,w9,ldap,routing,code,settings,memory"
PEERS = "peers"


def main() -> int:
    """Measure what is picked; 0 when it ran, 1 when something means nothing, 2 when the peers cannot be brought."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--strict", action="store_true")
    given = parser.parse_args()
    picked = [name.strip().lower() for name in (os.environ.get("W") or USUAL).split(",")]
    if os.environ.get("PEERS") == "1" and PEERS not in picked:
        picked.append(PEERS)
    if unknown := [name for name in picked if name not in WORK]:
        parser.error(f"W={','.join(unknown)} is none of {', '.join(WORK)}")
    if PEERS in picked:
        try:
            check_machine()
        except CannotInstall as error:
            print(f"{error}.", file=sys.stderr)
            return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything is stopped and removed
    raise_open_files()
    report = Report()
    ended = 0
    for name in picked:
        began = time.monotonic()
        try:
            WORK[name](report, full=os.environ.get("FULL") == "1")
        except NotStored as error:
            print(f"\n{name.upper()} means nothing: {error}", flush=True)
            report.results = [result for result in report.results if not result.id.startswith(f"{name}.")]
            ended = 1
        except CannotInstall as error:  # the others' figures are good all the same
            print(f"{error}.", file=sys.stderr)
            ended = 2
        print(f"{name.upper()} took {time.monotonic() - began:.0f} s.", flush=True)
    print(report.table(), flush=True)
    report.write(Path(__file__).parent / "results.json")
    if ended:
        return ended
    return 1 if given.strict and not all(result.held for result in report.results) else 0


if __name__ == "__main__":
    sys.exit(main())
