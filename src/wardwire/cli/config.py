"""`wardwire config`: what each setting is, where its value came from, and what is wrong."""

from __future__ import annotations

import difflib
import json

import typer

from wardwire.app.listeners import find_unusable
from wardwire.cli.exits import Exit
from wardwire.cli.options import AsJson, ConfigFile, DataFolder, Sets, read_settings, say
from wardwire.settings_sources import Entry, SettingsInvalid, entries, explain

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Explain and check the settings.")


@app.command("explain")
def explain_key(
    key: str, config: ConfigFile = None, data: DataFolder = None, set_: Sets = None, json_: AsJson = False
) -> None:
    """
    Tell value, source, default and meaning of a setting, or of a whole section.

    Example: wardwire config explain nats.edge_listen
    """
    found = [entry for entry in entries() if key in (entry.key, entry.section)]
    if not found:
        near = difflib.get_close_matches(key, [entry.key for entry in entries()], n=1)
        say(f"There is no setting {key}." + (f" Did you mean {near[0]}?" if near else ""))
        raise typer.Exit(Exit.USAGE)
    loaded = read_settings(config, data, set_)
    told = [explain(entry, loaded) for entry in found]
    if json_:
        print(json.dumps({"schema_version": 1, "settings": told}))
        return
    print("\n\n".join(_text(entry, about) for entry, about in zip(found, told, strict=True)))


def _text(entry: Entry, about: dict[str, object]) -> str:
    unit = f" {entry.unit}" if entry.unit else ""
    return "\n".join(
        [
            f"{about['key']} = {about['value']!r}{unit}",
            f"  {about['help']}",
            f"  from         {about['source']}",
            f"  default      {about['default']!r}",
            f"  allowed      {about['allowed']}",
            f"  environment  {about['environment']}",
        ]
    )


@app.command("check")
def check(config: ConfigFile = None, data: DataFolder = None, set_: Sets = None, json_: AsJson = False) -> None:
    """
    Read all settings, and the tables and certificates of listeners, and tell everything that is wrong; exit 1 when
    something is.

    Example: wardwire config check --config ./wardwire.toml
    """
    problems: list[dict[str, str]] = []
    files: list[str] = []
    try:
        loaded = read_settings(config, data, set_)
        files = [str(path) for path in loaded.files]
        problems = [
            {"where": planned.section, "what": f"{error.sentence} {error.remedy}"}
            for planned, error in find_unusable(loaded.settings)
        ]
    except SettingsInvalid as invalid:
        problems = [{"where": problem.where, "what": problem.what} for problem in invalid.problems]
    if json_:
        print(json.dumps({"schema_version": 1, "files": files, "problems": problems}))
    for problem in problems:
        say(f"{problem['where']}: {problem['what']}")
    if problems:
        raise typer.Exit(Exit.FAILED)
    if not json_:
        print(f"The settings are good ({', '.join(files) or 'no file; defaults and environment'}).")
