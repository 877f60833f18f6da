"""A hospital is set up from nothing by docs/howto/set-up-a-hospital.md, block by block, on a real `serve`."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store.test_more_commands import at_a_terminal
from wardwire.cli.main import main
from wardwire.ops.account import drop_account
from wardwire.ops.ports import free_port
from wardwire.ops.postgres_throwaway import temporary_home
from wardwire.ops.process import polls
from wardwire.settings_sources import CONFIG_VARIABLE
from wardwire.testing.demo.folder import open_folder, write_settings
from wardwire.testing.demo.server import Server

HOWTO = Path(__file__).parents[2] / "docs" / "howto" / "set-up-a-hospital.md"
_BLOCK = re.compile(r"(?:Write `([\w.-]+)`[^`]*?:\n\n)?```(\w+)\n(.*?)```", re.DOTALL)
_KEPT = re.compile(r"(\w+)=\$\((.*?)(?: \| cut -d ' ' -f 1)?\)")


@pytest.fixture
def api() -> Iterator[tuple[str, Path]]:
    """An empty site that runs: where its interface is, and its settings."""
    home = temporary_home(drop_account())
    folder = open_folder(home / "site")
    ports = {name: free_port() for name in ("edge", "api", "front", "ops", "smtp", "hl7")}
    write_settings(folder, **ports)
    server = Server(folder)
    server.start()
    try:
        asyncio.run(server.ready(lambda _: None))
        yield server.api, folder.settings
    finally:
        asyncio.run(server.stop())
        shutil.rmtree(home)


class Shell:
    """As much of a shell as the page uses: variables, `$(…)`, `>`."""

    def __init__(self, api: str, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.names = {"API": api}

    def run(self, line: str) -> str:
        """Run a line; returns what came on stdout."""
        kept = _KEPT.fullmatch(line)
        command, _, file = (kept[2] if kept else line).partition(" > ")
        program, *words = [
            re.sub(r"\$(\w+)", lambda found: self.names[found[1]], word) for word in shlex.split(command)
        ]
        assert program == "wardwire", line
        status, out, said = 1, "", ""
        for _ in polls(20.0):
            self._capsys.readouterr()
            status = main(words)
            out, said = self._capsys.readouterr()
            # The core hears of a change within a second: nobody types as fast as this test.
            if status == 0 or "--url" not in words:
                break
        assert status == 0, f"{line}\n{out}\n{said}"
        if kept:
            self.names[kept[1]] = out.split()[0]
        if file:
            Path(file).write_text(out)
        return out


def test_the_howto_sets_up_a_hospital(
    api: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each file and command of it in its order; at the end Anna has the test page, and nobody else was called."""
    address, settings = api
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(CONFIG_VARIABLE, str(settings))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.setenv("COLUMNS", "200")
    shell = Shell(address, capsys)
    told: dict[str, str] = {}
    for name, kind, block in _BLOCK.findall(HOWTO.read_text()):
        if kind == "sh":
            told |= {line: shell.run(line) for line in block.splitlines()}
        else:
            assert name, block
            Path(name).write_text(block)
    assert len(told) > 45
    trace = told['wardwire trace "$message"']
    assert "promised: Ben, Eva, step 2, after 60 s; happened: not so far" in trace, trace
    assert "taken by Anna" in trace, trace
    assert "Dr. Chen" in told["wardwire search tschen"]
    status, seen = at_a_terminal("device", "test", "--card", "anna", "--wait", "120")
    (test,) = re.findall(r"msg_[0-9a-f]{32}", seen)
    assert (status, "Anna" in seen) == (0, True), seen
    seen = at_a_terminal("device", "listen", "--card", "anna", typed="accept", at=test, until="\n  accepted")[1]
    assert "Traceback" not in seen, seen
    story = json.loads(shell.run(f"wardwire trace {test} --json"))
    hops = [hop["what"] for hop in story["hops"]]
    assert [what for what in hops if what != "Unreachable"] == ["Stored", "Delivered", "Answered"], seen
    status, seen = at_a_terminal("device", "test", f"ept_{'0' * 31}1", "--card", "anna")
    assert (status, "Traceback" in seen) == (1, False), seen
