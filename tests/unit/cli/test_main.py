"""The program: quick, and clear about what it does not know."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from wardwire.cli.exits import Exit
from wardwire.cli.main import COMMANDS, main


def test_every_command_stands_in_the_overview(capsys: pytest.CaptureFixture[str]) -> None:
    """Examples first, then each command with its sentence."""
    assert main(["--help"]) == Exit.OK

    page = capsys.readouterr().out
    assert page.index("Examples") < page.index("Commands")
    assert all(f"  {name}" in page for name in COMMANDS)


def test_the_first_output_needs_no_library() -> None:
    """Version and overview come at once, because nothing beyond the standard library is imported for them."""
    look = (
        "import sys; from wardwire.cli.main import main; main(['--version']); main(['--help']);"
        "print(sorted({'typer', 'rich', 'asyncpg', 'cryptography', 'msgspec'} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)

    assert told.stdout.splitlines()[-1] == "[]"


def test_a_misspelt_command_is_met_with_the_right_one(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 2, and a guess on stderr."""
    assert main(["srve"]) == Exit.USAGE
    assert "Did you mean 'serve'?" in capsys.readouterr().err


def test_a_command_line_of_nothing_shows_the_overview(capsys: pytest.CaptureFixture[str]) -> None:
    """With exit status 2, for scripts."""
    assert main([]) == Exit.USAGE
    assert "Commands:" in capsys.readouterr().out


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_can_explain_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each module is there, has its Typer, and answers --help."""
    assert main([name, "--help"]) == Exit.OK
    assert "Usage" in capsys.readouterr().out


def test_wrong_settings_end_with_two_and_each_on_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whichever command reads them."""
    file = tmp_path / "w.toml"
    file.write_text("[api]\nlisten = 1\nlistn = 2\n")

    assert main(["disk", "show", "--config", str(file)]) == Exit.USAGE

    lines = capsys.readouterr().err.splitlines()
    assert [line.split(": ")[0] for line in lines] == [f"{file}:2", f"{file}:3"]


def test_checking_settings_finds_everything_and_says_so_as_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`config check` ends with 1 and lists the problems."""
    file = tmp_path / "w.toml"
    file.write_text("[waits]\nhigh_s = 0\n")

    assert main(["config", "check", "--config", str(file), "--json"]) == Exit.FAILED

    told = json.loads(capsys.readouterr().out)
    assert told["schema_version"] == 1
    assert told["problems"] == [{"where": f"{file}:2", "what": "waits.high_s: 0 is not a number from 0.1 to 3600"}]


def test_explaining_a_setting_tells_where_its_value_came_from(capsys: pytest.CaptureFixture[str]) -> None:
    """Value, source, default, variable and the sentence."""
    assert main(["config", "explain", "waits.high_s", "--set", "waits.high_s=7", "--json"]) == Exit.OK

    (told,) = json.loads(capsys.readouterr().out)["settings"]
    assert (told["value"], told["default"], told["unit"]) == (7.0, 10.0, "s")
    assert told["source"] == "flag for waits.high_s"
    assert told["environment"] == "WARDWIRE__WAITS__HIGH_S"


def test_explaining_an_unknown_setting_guesses(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 2 and the nearest key."""
    assert main(["config", "explain", "wait.high"]) == Exit.USAGE
    assert "Did you mean waits.high_s?" in capsys.readouterr().err


def test_what_is_not_there_is_not_reachable(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A backup of a site that does not run ends with 3, in words and as JSON."""
    arguments = ["backup", "create", str(tmp_path / "b"), "--data", str(tmp_path / "none"), "--json"]

    assert main(arguments) == Exit.UNREACHABLE

    out, err = capsys.readouterr()
    assert json.loads(out)["error"]["code"] == "not_running"
    assert "There is no database" in err
