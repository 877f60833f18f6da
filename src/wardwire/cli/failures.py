"""What goes wrong in a command becomes a sentence with its remedy, and an exit status. Never a traceback."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from wardwire.cli.exits import Exit
from wardwire.ops.failure import StartFailed
from wardwire.settings_sources import SettingsInvalid

_STATUS = {
    "folder_denied": Exit.NOT_ALLOWED,
    "port_denied": Exit.NOT_ALLOWED,
    "not_allowed": Exit.NOT_ALLOWED,
    "not_running": Exit.UNREACHABLE,
    "postgres_silent": Exit.TIMED_OUT,
    "nats_silent": Exit.TIMED_OUT,
    "leaves_missing": Exit.TIMED_OUT,
    "child_silent": Exit.TIMED_OUT,
    "usage": Exit.USAGE,
}


@dataclass(slots=True)
class Outcome:
    """How the command ended."""

    status: int = Exit.OK


@contextlib.contextmanager
def failures(*, as_json: bool = False) -> Iterator[Outcome]:
    """Catch what a command may end with; with `as_json` it is told on stdout as an object too."""
    outcome = Outcome()
    try:
        yield outcome
    except StartFailed as failed:
        print(f"{failed.sentence}\n{failed.remedy}", file=sys.stderr)
        _tell(as_json, failed.code, failed.sentence, failed.remedy)
        outcome.status = _STATUS.get(failed.code, Exit.FAILED)
    except SettingsInvalid as invalid:
        for problem in invalid.problems:
            print(problem, file=sys.stderr)
        _tell(as_json, "settings_invalid", str(invalid), "See: wardwire config check")
        outcome.status = Exit.USAGE
    except PermissionError as denied:
        print(f"Not allowed: {denied}. Try as root, or as the user that runs Wardwire.", file=sys.stderr)
        _tell(as_json, "not_allowed", str(denied), "Try as root, or as the user that runs Wardwire.")
        outcome.status = Exit.NOT_ALLOWED
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        outcome.status = 130
    except BrokenPipeError:  # the reader of our output has gone: nobody is left to be told
        outcome.status = Exit.OK


def _tell(as_json: bool, code: str, sentence: str, remedy: str) -> None:
    if as_json:
        print(json.dumps({"schema_version": 1, "error": {"code": code, "detail": sentence, "remedy": remedy}}))
