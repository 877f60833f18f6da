"""How commands read a policy from a file, and find one that is entered."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from wardwire.model import ids
from wardwire.model.people import Directory
from wardwire.model.policy import ASK_WAIT, STILL_ACTIVE, Policy, find_policy
from wardwire.ops.failure import StartFailed
from wardwire.store.policies import StepText, span_of

Which = Annotated[str, typer.Argument(help="A name, or an id pol_…", metavar="POLICY")]
File = Annotated[Path, typer.Argument(help="A TOML or JSON file with its steps.", exists=True, dir_okay=False)]


class PolicyFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What stands in a policy's file; docs/howto/policies.md shows one."""

    steps: tuple[StepText, ...]
    loops: int = 0
    still_active_s: float | None = STILL_ACTIVE.total_seconds()
    ask_wait_s: float = ASK_WAIT.total_seconds()
    never_ask_again: bool = False

    def fields(self) -> dict[str, Any]:
        """Return it as the directory takes it."""
        return {
            "steps": tuple(step.step() for step in self.steps),
            "loops": self.loops,
            "still_active": None if self.never_ask_again else span_of(self.still_active_s),
            "ask_wait": timedelta(seconds=self.ask_wait_s),
        }


def read_file(path: Path) -> PolicyFile:
    """Read a policy's file.

    Raises:
        StartFailed: `policy_unreadable`, with the place of the fault.
    """
    try:
        text = path.read_text(encoding="utf-8")
        raw = msgspec.json.decode(text) if path.suffix == ".json" else tomllib.loads(text)
        return msgspec.convert(raw, PolicyFile)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.MsgspecError) as error:
        raise StartFailed(
            "policy_unreadable", f"{path} is no policy: {error}.", "See docs/howto/policies.md for an example."
        ) from error


def find_any(text: str, directory: Directory) -> Policy:
    """Find a policy, also one that is disabled when it is named by its id.

    Raises:
        Refused: `POLICY_UNKNOWN`.
    """
    if text.startswith(f"{ids.POLICY}_"):
        found = directory.policies.get(ids.read_id(ids.POLICY, text))
        if found is not None:
            return found
    return find_policy(text, directory, "")
