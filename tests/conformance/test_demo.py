"""`wardwire demo` as a person starts it, without a terminal: everything comes up, plays, is counted, and goes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tomllib
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engines import REPOSITORY, wait_for
from wardwire.ops.account import drop_account
from wardwire.ops.postgres_throwaway import temporary_home
from wardwire.ops.process import read_record, started_at

PARTS = ("postgres", "nats-edge", "nats-core", "path", "api", "front")


@pytest.fixture
def home() -> Iterator[Path]:
    """An empty folder, removed afterwards."""
    import shutil

    folder = temporary_home(drop_account())
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def start(home: Path, *words: str) -> subprocess.Popen[str]:
    """Start a demo on a folder."""
    environment = {name: value for name, value in os.environ.items() if name != "DEMO_FOR"}
    return subprocess.Popen(
        [sys.executable, "-m", "wardwire", "demo", "--data", str(home), *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**environment, "PYTHONPATH": str(REPOSITORY / "src")},
    )


def parts_of(home: Path) -> list[int]:
    """The processes that run on a folder, by their records."""
    found = (read_record(home / "run" / f"{name}.pid") for name in PARTS)
    return [pid for pid in found if pid is not None]


def address_of(demo: subprocess.Popen[str]) -> str:
    """The one address that it prints."""
    assert demo.stderr is not None
    found = next(match for line in demo.stderr if (match := re.search(r"Open (http://localhost:\d+) in", line)))
    return found[1]


def test_the_demo_plays_counts_and_ends_by_itself_twice(home: Path) -> None:
    """Eight seconds of a hospital: stories in lines, the last line from the database, nothing lost; then again."""
    for words in (("--for", "8s"), ("--for", "2s")):
        demo = start(home, *words)
        out, err = demo.communicate(timeout=120)

        assert demo.returncode == 0, err
        *stories, last = out.splitlines()
        counted = json.loads(last)
        assert list(counted) == [
            "stored", "delivered", "answered", "escalated", "technical_alarms", "lost", "p99_ms",
        ]  # fmt: skip
        assert counted["lost"] == 0
        assert counted["stored"] >= 1
        assert parts_of(home) == []
        if words == ("--for", "8s"):
            assert any("Monitor → " in story for story in stories)
            assert counted["delivered"] >= 4
            assert counted["answered"] >= 2
            assert counted["p99_ms"] > 0
            assert "Entering the hospital" in err
        else:
            assert "Entering the hospital" not in err


def test_a_killed_demo_leaves_nothing_running(home: Path) -> None:
    """Its one address leads to the windows of the hospital. Whoever kills it takes the database and all along."""
    demo = start(home)
    assert demo.stdout is not None
    assert "→" in demo.stdout.readline()
    parts = parts_of(home)
    front = tomllib.loads((home / "demo" / "wardwire.toml").read_text())["front"]["listen"]
    with urllib.request.urlopen(f"http://{front}/openapi.json", timeout=30) as answer:
        assert "/v1/messages" in json.load(answer)["paths"]
    with urllib.request.urlopen(f"http://{front}/status", timeout=30) as answer:
        assert b"Messages are taken" in answer.read()
    with urllib.request.urlopen(f"http://{front}/asyncapi.json", timeout=30) as answer:
        assert json.load(answer)["asyncapi"] == "3.1.0"
    with urllib.request.urlopen(address_of(demo), timeout=30) as answer:
        assert b"Open its windows" in answer.read()
    demo.send_signal(signal.SIGKILL)
    demo.communicate()

    assert len(parts) == len(PARTS)
    wait_for(lambda: all(started_at(pid) is None for pid in parts), patience_s=30, what="the end of all parts")
