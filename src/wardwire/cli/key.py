"""`wardwire key`: keys for systems that speak HTTP."""

from __future__ import annotations

from typing import Annotated

import typer

from wardwire.cli.database import Desk, at_desk, find_place, look
from wardwire.cli.options import AsJson, ConfigFile, DataFolder, say
from wardwire.cli.tables import print_json, print_table
from wardwire.directory import keys
from wardwire.model import ids
from wardwire.model.people import ApiKey
from wardwire.model.rights import SCOPES

app = typer.Typer(add_completion=False, no_args_is_help=True, help="API keys: add, list, revoke.")

_SCOPES = "; ".join(f"{scope}: {about}" for scope, about in SCOPES.items())


@app.command("add")
def add(
    source: Annotated[str, typer.Argument(help="The system that it is for: a-z, 0-9, '.', '_', '-'.")],
    scope: Annotated[list[str], typer.Option("--scope", help=f"What it may do; again for more. {_SCOPES}.")],
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Make a key; its text is printed this once, and kept nowhere.

    Example: wardwire key add lab --scope messages:send > lab.key
    """

    async def work(at: Desk) -> tuple[ApiKey, str]:
        return await keys.make_key(at.desk, at.caller, source=source, scopes=scope)

    made, text = at_desk(find_place(config, data), work)
    if json_:
        print_json({"id": ids.write_id(ids.KEY, made.id), "source": source, "scopes": sorted(scope), "key": text})
    else:
        print(text)
        say(f"{ids.write_id(ids.KEY, made.id)}: keep this key now; it is not shown again.")


@app.command("list")
def list_(config: ConfigFile = None, data: DataFolder = None, json_: AsJson = False) -> None:
    """List keys, without their secrets."""
    directory, _ = at_desk(find_place(config, data), look)
    rows = [
        (ids.write_id(ids.KEY, key.id), key.source, ", ".join(sorted(key.scopes)), "revoked" if key.revoked else "")
        for key in sorted(directory.keys.values(), key=lambda key: (key.source, key.id))
    ]
    if json_:
        names = ("id", "source", "scopes", "revoked")
        told = [dict(zip(names, (i, s, sc.split(", "), bool(r)), strict=True)) for i, s, sc, r in rows]
        print_json({"keys": told})
        return
    print_table(("id", "source", "scopes", ""), rows, empty="There is no key yet.")


@app.command("revoke")
def revoke(
    key: Annotated[str, typer.Argument(help="An id key_…")], config: ConfigFile = None, data: DataFolder = None
) -> None:
    """Revoke a key; cores refuse it within a second."""

    async def work(at: Desk) -> ApiKey:
        return await keys.revoke_key(at.desk, at.caller, ids.read_id(ids.KEY, key))

    revoked = at_desk(find_place(config, data), work)
    print(f"{key} of {revoked.source} is revoked")
