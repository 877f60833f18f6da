"""The example of docs/howto/new-adapter.md is true, and the suite finds what may be wrong with an adapter."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.tree import ROOT
from wardwire.testing.conformance.adapters import CHECKS, hold, hold_cut
from wardwire.testing.conformance.source import Subject

PAGE = ROOT / "docs" / "howto" / "new-adapter.md"
_FILE = re.compile(r"^```\w+\n# file: (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The files of the page, in a folder that can be imported; forgotten afterwards."""
    own = tmp_path / "buttons"
    for name, text in _FILE.findall(PAGE.read_text(encoding="utf-8")):
        path = own / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("wardwire.adapters.buttons", "buttons"), encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    yield own
    for name in [name for name in sys.modules if name.partition(".")[0] == "buttons"]:
        del sys.modules[name]


def subject() -> Subject:
    """The example, as it stands in its folder."""
    registration = importlib.import_module("buttons.registration").REGISTRATION
    return Subject(registration, importlib.import_module("buttons.section").Buttons)


async def everything(example: Subject) -> None:
    """The whole suite."""
    for check in CHECKS.values():
        await check(example)
    for conversation in example.conversations():
        await hold(example, conversation)
        await hold_cut(example, conversation)


@pytest.mark.usefixtures("folder")
async def test_the_example_of_the_page_keeps_the_contract() -> None:
    """Whoever follows the page has an adapter that passes."""
    await everything(subject())


MISTAKES = {
    "it answers before the commit": ("server.py", "return await future", 'return "soon"'),
    "it waits for nothing at all": (
        "server.py",
        "match await self._hand_in(report):",
        'self._given.intake.take(report, lambda result: None)\n        match "taken":',
    ),
    "it answers later as yes": ("server.py", 'b"LATER " + number', 'b"OK " + number'),
    "it counts later as taken": ("server.py", "self.health.later += 1", "self.health.taken += 1"),
    "it takes half a line": ("server.py", 'if not line.endswith(b"\\n"):', "if not line:"),
    "it takes lines of any length": ("server.py", "limit=LINE_MAX", "limit=1 << 30"),
    "it keeps nothing": ("server.py", "self._given.letters.keep, digest, line", "bytes, line"),
    "it tells nobody": ("server.py", "self._given.intake.alarm(", "str.format("),
    "it tells what was said": ("server.py", "{why}. Nobody", "{line!r}. Nobody"),
    "it counts nothing": ("server.py", "self.health.taken += 1", "pass"),
    "it does not count what comes": ("server.py", "self.health.received += 1", "pass"),
    "it never says that it was heard": ("server.py", "self.health.heard_at =", "_ ="),
    "it counts connections for ever": ("server.py", "self.health.connections -= 1", "pass"),
    "it leaves lines open when it stops": ("server.py", "idle.cancel()", "pass"),
    "it answers nobody when it stops": ("server.py", "in list(self._idle)", "in list(self._lines)"),
    "it shares its address": ("server.py", "limit=LINE_MAX", "limit=LINE_MAX, reuse_port=True"),
    "it breaks at a letter": ("wire.py", '"ascii", "replace"', '"ascii"'),
    "each repeat is new": (
        "wire.py",
        "hashlib.sha256(line).hexdigest()[:32]",
        "str(__import__('time').monotonic_ns())",
    ),
    "it takes over for call": ("wire.py", "Phase.END", "Phase.START"),
    "it listens without being told": ("section.py", 'setting("", "Where', 'setting("0.0.0.0:9100", "Where'),
    "a setting has no sentence": ("section.py", "whose identities these are.", ""),
    "it is registered under another name": ("registration.py", 'name="buttons"', 'name="panel"'),
    "no conversation has a no": ("golden/no.txt", "! refused place_unknown /bed\n", ""),
    "a conversation says otherwise": ("golden/call.txt", "< OK 17", "< OK 18"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
async def test_the_suite_finds_each_mistake(folder: Path, mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A suite that passes whatever is wrong would be worth nothing."""
    monkeypatch.setattr("wardwire.testing.conformance.source.PATIENCE_S", 0.3)
    monkeypatch.setattr("wardwire.testing.conformance.intake.PATIENCE_S", 0.3)
    name, right, wrong = MISTAKES[mistake]
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert right in text
    path.write_text(text.replace(right, wrong).replace("STOP_S = 5.0", "STOP_S = 0.1"), encoding="utf-8")
    with pytest.raises(AssertionError):
        await everything(subject())
