"""The demo's folder: its own, never another's, never removed while somebody runs on it."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest

from wardwire.adapters.hl7.mapping import read_table
from wardwire.ops.failure import StartFailed
from wardwire.ops.lock import FolderLock
from wardwire.settings_sources import load
from wardwire.testing.demo.folder import default_folder, open_folder, write_settings


def test_the_demo_lives_beside_the_service(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As an ordinary user in the XDG data folder, under a name of its own."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    assert default_folder() == tmp_path / "wardwire-demo"


def test_what_no_demo_has_made_is_never_touched(tmp_path: Path) -> None:
    """A folder with something else in it is refused, with --fresh too."""
    treasure = tmp_path / "treasure"
    treasure.write_text("gold")
    for fresh in (False, True):
        with pytest.raises(StartFailed) as failed:
            open_folder(tmp_path, fresh=fresh)
        assert failed.value.code == "not_a_demo"

    assert treasure.exists()


def test_a_fresh_demo_removes_the_old_one(tmp_path: Path) -> None:
    """What an earlier demo left is gone, and the folder is ready again."""
    home = tmp_path / "demo"
    first = open_folder(home)
    first.write("keys.json", {"lab": "x"})
    again = open_folder(home)
    kept = again.read("keys.json")
    fresh = open_folder(home, fresh=True)

    assert (first.old, again.old, fresh.old) == (False, True, False)
    assert kept == {"lab": "x"}
    assert fresh.read("keys.json") == {}


def test_a_running_demo_is_left_in_peace(tmp_path: Path) -> None:
    """While somebody serves the folder, nobody else starts on it, and nobody removes it."""
    home = tmp_path / "demo"
    folder = open_folder(home)
    (home / "run").mkdir()
    lock = FolderLock(home / "run" / "serve.lock")
    lock.take(folder.account)
    try:
        for fresh in (False, True):
            with pytest.raises(StartFailed, match=f"pid {os.getpid()}") as failed:
                open_folder(home, fresh=fresh)
            assert failed.value.code == "already_running"
    finally:
        lock.release()


def test_its_settings_are_settings(tmp_path: Path) -> None:
    """What is written for the site is read by it without a complaint."""
    folder = open_folder(tmp_path / "demo")
    write_settings(folder, edge=4001, api=4002, front=4006, ops=4003, smtp=4004, hl7=4005)
    settings = load(files=[folder.settings], environment={}, flags={}).settings

    assert tomllib.loads(folder.settings.read_text())["data"]["dir"] == str(folder.home)
    assert settings.site.desk == "role:Operators' desk"
    assert settings.api.listen == "127.0.0.1:4002"
    assert settings.front.listen == "127.0.0.1:4006"
    assert settings.smtp.port == 4004
    assert settings.hl7.listen == "127.0.0.1:4005"
    assert settings.hl7.table is not None
    assert [rule.name for rule in read_table(settings.hl7.table.read_text()).rules] == ["critical results"]
