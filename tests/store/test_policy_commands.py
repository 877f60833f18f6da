"""A policy from a terminal, as docs/howto/policies.md has it: drafted, simulated, published, and back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.store.test_commands import Terminal

V1 = '[[steps]]\ntargets = ["Anna"]\nwait_s = 120\n'
V2 = '[[steps]]\ntargets = ["Anna"]\nwait_s = 90\n\n[[steps]]\ntargets = ["group:Charge 4W"]\nwait_s = 60\n'
DESK = '\n[[steps]]\ntargets = ["desk"]\nwait_s = 60\n'


@pytest.fixture
def wardwire(commands_site: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """A terminal on a site with Anna, Dora at the desk, and a group that nothing reaches."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("WARDWIRE__SITE__DESK", "Dora")
    terminal = Terminal(capsys)
    for name in ("Anna", "Dora"):
        assert terminal("people", "add", name, "--email", f"{name.lower()}@ward.example")[0] == 0
    terminal("people", "add", "Eva")
    terminal("group", "add", "Charge 4W", "--member", "Eva")
    return terminal


def test_a_policy_goes_from_a_file_to_a_version_and_back(
    wardwire: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each command ends with 0 and says what it did; an end at nobody is a status of 1."""
    file = tmp_path / "monitor-alarm.toml"
    file.write_text(V1)
    assert wardwire("policy", "add", "Monitor alarm", str(file))[0] == 0
    file.write_text(V2)
    draft = wardwire.json("policy", "draft", str(file), "--of", "Monitor alarm", "--note", "90 s")["id"]
    status, out = wardwire("policy", "simulate", draft)
    assert (status, "unreachable_end" in wardwire.said) == (1, True)
    assert "Eva (passed over)" in out
    assert wardwire("policy", "publish", draft)[0] == 1
    assert "reaches nobody" in wardwire.said
    file.write_text(V2 + DESK)
    assert wardwire("policy", "draft", str(file), "--into", draft)[0] == 0
    assert wardwire("policy", "simulate", draft)[1].endswith("hears of it after 1:30.")
    assert "1:30" in wardwire("policy", "diff", draft)[1]
    assert draft in wardwire("policy", "drafts")[1]
    assert wardwire.json("policy", "publish", draft)["state"] == "published"
    assert wardwire("policy", "drafts")[1] == "There is no open draft."

    first, second = wardwire.json("policy", "versions", "Monitor alarm")["versions"]
    assert (first["author"], second["note"]) == ("", "90 s")
    changes = wardwire.json("policy", "diff", "Monitor alarm", "v1", "v2")["changes"]
    assert changes[0] == {"what": "step 1 waits", "before": "2:00", "after": "1:30"}
    # The first version ends with Anna, who has a mailbox: it may come back.
    assert wardwire("policy", "rollback", "Monitor alarm", "v1")[0] == 0
    assert len(wardwire.json("policy", "show", "Monitor alarm")["steps"]) == 1
    assert "back to v1" in wardwire("policy", "versions", "Monitor alarm")[1]


def test_a_second_person_is_another_one(wardwire: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """H151: with `policies.approval` nothing is published, nor added, by one person alone."""
    monkeypatch.setenv("WARDWIRE__POLICIES__APPROVAL", "true")
    monkeypatch.setattr("getpass.getuser", lambda: "eva")
    file = tmp_path / "p.toml"
    file.write_text(V1)
    assert wardwire("policy", "add", "P", str(file))[0] == 1
    draft = wardwire.json("policy", "draft", str(file), "--name", "P")["id"]
    wardwire("policy", "simulate", draft)
    for words in (("publish", draft), ("approve", draft)):
        assert wardwire("policy", *words)[0] == 1
        assert "second person" in wardwire.said
    monkeypatch.setattr("getpass.getuser", lambda: "chen")
    assert "approved by cli:chen" in wardwire("policy", "approve", draft)[1]
    assert wardwire("policy", "publish", draft)[0] == 0
    (version,) = wardwire.json("policy", "versions", "P")["versions"]
    assert (version["author"], version["approver"]) == ("cli:eva", "cli:chen")


def test_what_cannot_be_meant_is_a_sentence(wardwire: Terminal, tmp_path: Path) -> None:
    """No traceback, and nothing is done."""
    file = tmp_path / "p.toml"
    file.write_text(V1)
    assert wardwire("policy", "draft", str(file))[0] != 0
    assert wardwire("policy", "rollback", "P", "seven")[0] != 0
    assert wardwire("policy", "publish", "drf_" + "0" * 32)[0] == 1
    wardwire("policy", "add", "P", str(file))
    assert wardwire("policy", "diff", "P", "v1", "v9")[0] == 1
    assert "Versions are v1 to v1" in wardwire.said
    assert "Traceback" not in wardwire.said
