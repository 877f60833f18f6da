"""Processes: known by pid and start time, ended by signals in turn."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from wardwire.ops import process


def sleeper(*words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "import select; select.select([], [], [], 60)", *words])


def test_a_record_finds_its_process_and_no_other(tmp_path: Path) -> None:
    """A pid with another start time is a stranger's."""
    record = tmp_path / "x.pid"
    process.write_record(record, os.getpid(), None)

    assert process.read_record(record) == os.getpid()
    told = json.loads(record.read_text())
    record.write_text(json.dumps({**told, "started": "long ago"}))
    assert process.read_record(record) is None


def test_a_broken_or_missing_record_names_nobody(tmp_path: Path) -> None:
    """Half a file after a crash is no pid."""
    record = tmp_path / "x.pid"

    for text in ("", "{", "[]", '{"pid": "x"}'):
        record.write_text(text)
        assert process.read_record(record) is None
    assert process.read_record(tmp_path / "none") is None


def test_a_dead_child_that_nobody_collected_counts_as_gone() -> None:
    """A zombie still has its pid."""
    child = sleeper()
    try:
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)

        assert process.started_at(child.pid) is None
    finally:
        child.wait()


def test_a_frozen_process_is_thawed_and_ended_politely() -> None:
    """A stopped process hears SIGTERM only when it is continued."""
    child = sleeper()
    os.kill(child.pid, signal.SIGSTOP)

    assert process.end(child.pid, signals=((signal.SIGTERM, 10.0),), wait=child.poll)
    assert child.wait() == -signal.SIGTERM


def test_who_does_not_hear_a_polite_signal_is_killed() -> None:
    """The last signal of the row is the last resort."""
    child = sleeper()

    assert process.end(child.pid, signals=((signal.SIGCONT, 0.0), (signal.SIGKILL, 10.0)), wait=child.poll)
    assert child.wait() == -signal.SIGKILL


def test_ending_who_is_gone_already_succeeds() -> None:
    """Stopping twice does no harm."""
    child = sleeper()
    child.kill()
    child.wait()

    assert process.end(child.pid, signals=((signal.SIGTERM, 0.0),))


def test_a_long_log_is_put_aside_before_it_goes_on(tmp_path: Path) -> None:
    """One old log is kept; the new one begins empty and private."""
    log = tmp_path / "x.log"
    with log.open("wb") as file:
        file.truncate(process.LOG_LIMIT + 1)

    process.open_log(log, None).close()

    assert log.stat().st_size == 0
    assert log.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "x.log.1").stat().st_size == process.LOG_LIMIT + 1
