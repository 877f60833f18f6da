"""`wardwire hl7 table`: which mapping table is in force, putting another one to use, and going back to the file's."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from wardwire.adapters.contract import NotUsable
from wardwire.adapters.hl7.registration import read_edited
from wardwire.cli.database import Desk, at_desk, find_place
from wardwire.cli.options import AsJson, ConfigFile, DataFolder, read_settings
from wardwire.cli.tables import print_json, print_table
from wardwire.directory.mapping_tables import set_mapping_table
from wardwire.ops.failure import StartFailed
from wardwire.settings import Hl7, Settings, listeners
from wardwire.store.mapping_tables import MappingTable, newest_table, table_history

MOST = 20

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="The mapping table of a listener: in force, another, the file's."
)
Listener = Annotated[str, typer.Option("--listener", help="Of which listener: `adapters list` names them.")]


def find_listener(settings: Settings, listener: str) -> Hl7:
    """Return the settings of a listener. Raises `StartFailed` (`usage`)."""
    options: dict[str, Hl7] = {
        section.replace(".also.", "-"): own for section, own in listeners("hl7", settings.hl7).items()
    }
    if listener not in options:
        raise StartFailed("usage", f"There is no listener {listener}.", f"Name one of {', '.join(options)}.")
    return options[listener]


async def _history(at: Desk, listener: str) -> list[MappingTable]:
    return await table_history(at.connection, listener, MOST)


def find_edited(config: Path | None, data: Path | None, listener: str) -> str | None:
    """Return the table that the running site has put to use; None = the file's is, or nobody can be asked."""
    try:
        found = at_desk(find_place(config, data), lambda at: newest_table(at.connection, listener))
    except (StartFailed, PermissionError):
        return None
    return found.text if found else None


@app.command("show")
def show(
    listener: Listener = "hl7",
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Show which mapping table is in force, and what was put to use before, by whom.

    Example: wardwire hl7 table show
    """
    own = find_listener(read_settings(config, data, None).settings, listener)
    found = at_desk(find_place(config, data), lambda at: _history(at, listener))
    text = found[0].text if found else None
    if text is None:
        text = own.table.read_text(encoding="utf-8") if own.table else ""
    if json_:
        told = [one._asdict() | {"made_at": one.made_at.isoformat()} for one in found]
        print_json({"listener": listener, "file": str(own.table or ""), "text": text, "versions": told})
        return
    print(text or "There is no table: units decide by their policies.")
    rows = [(one.version, f"{one.made_at:%Y-%m-%d %H:%M:%S}Z", one.made_by, one.text is None) for one in found]
    print_table(
        ("version", "put to use", "by", "is"),
        [(*row[:3], "the file's" if row[3] else "edited") for row in rows],
        empty=f"The file's is in force: {own.table or 'none is set'}.",
    )


@app.command("put")
def put(
    file: Annotated[Path, typer.Argument(help="The table, TOML; - reads standard input.", allow_dash=True)],
    listener: Listener = "hl7",
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Put a mapping table to use instead of the file's. The listener takes it within seconds; nothing is lost meanwhile.

    Try it first: wardwire hl7 try sample.hl7 --table FILE

    Example: wardwire hl7 table put mapping.toml
    """
    find_listener(read_settings(config, data, None).settings, listener)
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
        read_edited(text)
    except (OSError, UnicodeDecodeError) as error:
        raise StartFailed("usage", f"{file} cannot be read: {error}.", "Name a file in UTF-8.") from error
    except NotUsable as error:
        raise StartFailed(error.code, error.sentence, "See docs/howto/hl7.md.") from error
    _set(listener, text, config, data, json_=json_)


@app.command("reset")
def reset(
    listener: Listener = "hl7",
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Let the file's mapping table decide again.

    Example: wardwire hl7 table reset
    """
    find_listener(read_settings(config, data, None).settings, listener)
    _set(listener, None, config, data, json_=json_)


def _set(listener: str, text: str | None, config: Path | None, data: Path | None, *, json_: bool) -> None:
    table = at_desk(find_place(config, data), lambda at: set_mapping_table(at.desk, at.caller, listener, text))
    if json_:
        print_json({"listener": listener, "version": table.version, "file": table.text is None})
        return
    what = "The file's table decides again" if table.text is None else f"Version {table.version} is in force"
    print(f"{what}. {listener} takes it within seconds.")
