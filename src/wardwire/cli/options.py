"""Options that many commands share, and how they become settings."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from wardwire.ops.failure import StartFailed
from wardwire.ops.home import default_home
from wardwire.settings_sources import Loaded, config_files, load

ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", help="The settings' file; by default /etc/wardwire/wardwire.toml as root."),
]
DataFolder = Annotated[Path | None, typer.Option("--data", help="Our folder; wins over the setting data.dir.")]
Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="A setting for this run; wins over all."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]


def read_settings(config: Path | None, data: Path | None, sets: list[str] | None) -> Loaded:
    """
    Read file, environment and flags.

    Raises:
        SettingsInvalid: With everything that is wrong.
        StartFailed: `usage` when a --set has no "=".
    """
    return load(files=config_files(os.environ, config), environment=os.environ, flags=flags_of(data, sets))


def flags_of(data: Path | None, sets: list[str] | None) -> dict[str, str]:
    """Turn --data and --set into settings."""
    flags: dict[str, str] = {}
    for text in sets or []:
        key, equals, value = text.partition("=")
        if not equals:
            raise StartFailed("usage", f"--set {text} has no value.", "Write --set KEY=VALUE.")
        flags[key.strip()] = value
    if data is not None:
        flags["data.dir"] = str(data.absolute())
    return flags


def home_of(loaded: Loaded) -> Path:
    """Give the data folder that these settings mean."""
    return (loaded.settings.data.dir or default_home()).absolute()


def say(text: str) -> None:
    """Talk to the person at the terminal; results go to stdout instead."""
    print(text, file=sys.stderr, flush=True)
