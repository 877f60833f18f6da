"""Memory of all processes with thousands of connected idle devices."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from time import monotonic

import msgspec

from bench.real import VOICE
from bench.result import Report, Result
from bench.shapes.cpu import children
from bench.shapes.devices import NATS
from bench.shapes.load import Connect
from bench.shapes.turns import Child
from bench.site import Site, real_site

DEVICES = 5_000


def run_memory(report: Report, *, full: bool) -> None:
    """Measure memory."""
    with ExitStack() as stack:
        site = stack.enter_context(real_site(people=DEVICES))
        before = read_memory(site)
        load = Child("bench.shapes.load")
        stack.callback(load.end)
        began = monotonic()
        order = Connect(carrier=NATS, port=site.edge_port, pairs=[], voice=VOICE, listeners=site.staff.parties)
        load.ask(msgspec.json.encode(order))
        seconds = monotonic() - began
        after = read_memory(site)
    report.note(f"\nMemory before any device, MiB ({DEVICES:,} people in the directory)", scaled(before, 1024))
    report.note(f"Memory with {DEVICES:,} connected idle devices, MiB", scaled(after, 1024))
    report.note("Hellos with all their proofs, a second", {"hellos/s": DEVICES / seconds})
    each = {name: (after[name] - before[name]) / DEVICES for name in after}
    for name, value in {**each, "all": sum(each.values())}.items():
        result = Result(f"memory.{name}", f"Memory of {name} for a device", value, "", None, False, unit="KiB")
        report.add(result)


def scaled(figures: dict[str, float], by: float) -> dict[str, float]:
    """Divide all."""
    return {name: value / by for name, value in figures.items()}


def read_memory(site: Site) -> dict[str, float]:
    """Read KiB by process: each its own share (PSS), of PostgreSQL without the shared buffers."""
    pids = site.pids()
    edge, core = pids["nats"]
    postmaster = pids["postgres"][0]
    return {
        "core": _own(pids["core"][0]),
        "nats edge": _own(edge),
        "nats core": _own(core),
        "postgres": sum(_own(pid) for pid in (postmaster, *children(postmaster))),
    }


def _own(pid: int) -> float:
    """Anonymous and file-backed memory of a process in KiB, shared pages in shares."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # gone, or no such file: the resident size says nearly the same
        fields = Path(f"/proc/{pid}/statm").read_text().split() if os.path.exists(f"/proc/{pid}") else ["0"] * 3
        return (int(fields[1]) - int(fields[2])) * os.sysconf("SC_PAGESIZE") / 1024
    found = {name: float(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines[1:])}
    return found["Pss_Anon"] + found["Pss_File"]
