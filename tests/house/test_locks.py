"""The lock files are those of pyproject.toml: nothing asked for is missing, nothing locked is unvouched."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.tree import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
GROUPS = PROJECT["dependency-groups"]
ASKED = {
    "requirements.lock": [*PROJECT["project"]["dependencies"], *GROUPS["build"]],
    "requirements-dev.lock": [*PROJECT["project"]["dependencies"], *GROUPS["build"], *GROUPS["dev"]],
    "requirements-web.lock": GROUPS["web"],
}
_ENTRY = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>[^\s;]+)(?P<rest>(?:.*\\\n)*.*)$", re.MULTILINE)


def locked(name: str) -> dict[str, str]:
    """Give name and version of everything in a lock file."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return {canonicalize_name(entry["name"]): entry["version"] for entry in _ENTRY.finditer(text)}


@pytest.mark.parametrize("name", list(ASKED))
def test_a_lock_holds_what_the_project_asks_for(name: str) -> None:
    """Whoever changes pyproject.toml runs `make lock`."""
    versions = locked(name)
    missing = []
    for line in ASKED[name]:
        wanted = Requirement(line)
        if not wanted.specifier.contains(versions.get(canonicalize_name(wanted.name), "0"), prereleases=True):
            missing.append(line)

    assert missing == []


def test_what_we_test_is_what_we_run() -> None:
    """The larger lock has the smaller one's packages, in the same versions."""
    assert locked("requirements.lock").items() <= locked("requirements-dev.lock").items()


@pytest.mark.parametrize("name", list(ASKED))
def test_every_locked_package_has_its_hashes(name: str) -> None:
    """Nothing is installed that a hash does not vouch for."""
    text = (ROOT / name).read_text(encoding="utf-8")

    assert [entry["name"] for entry in _ENTRY.finditer(text) if "--hash=sha256:" not in entry["rest"]] == []
