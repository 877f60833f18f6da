"""`wardwire badge`: which badge is whose. Its number comes from a prompt or a pipe, and is kept as a keyed digest."""

from __future__ import annotations

import sys

import typer

from wardwire.app.devices import read_site_key
from wardwire.cli.database import Desk, at_desk, find_place
from wardwire.cli.names import find_one
from wardwire.cli.options import AsJson, ConfigFile, DataFolder
from wardwire.cli.people import Who
from wardwire.cli.tables import print_json
from wardwire.devices.badges import badge_key, digest_of
from wardwire.devices.hand_over import set_badge
from wardwire.model import ids
from wardwire.ops.failure import StartFailed

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Badges with which people take shared devices.")


@app.command("set")
def set_(who: Who, config: ConfigFile = None, data: DataFolder = None, json_: AsJson = False) -> None:
    """
    Give a person a badge, in the place of their former one; hold it to the reader, or type its number.

    Example: wardwire badge set Anna < number
    """
    number = read_badge()
    place = find_place(config, data)
    try:
        key = badge_key(read_site_key(place.home))
    except FileNotFoundError:
        raise StartFailed(
            "not_running",
            f"The site's key is not in {place.home}.",
            "Run this on the machine of the site, with --data.",
        ) from None
    digest = digest_of(key, number)

    async def work(at: Desk) -> str:
        person_id = find_one(at.directory, ids.PERSON, who)
        await set_badge(at.ledger, at.clock, person_id, digest, by=at.caller.source)
        return ids.write_id(ids.PERSON, person_id)

    person = at_desk(place, work)
    print_json({"person": person}) if json_ else print(f"{who} has this badge.")


@app.command("remove")
def remove(who: Who, config: ConfigFile = None, data: DataFolder = None, json_: AsJson = False) -> None:
    """
    Take a person's badge away; what they have taken with it they keep until its time is over.

    Example: wardwire badge remove Anna
    """

    async def work(at: Desk) -> str:
        person_id = find_one(at.directory, ids.PERSON, who)
        await set_badge(at.ledger, at.clock, person_id, None, by=at.caller.source)
        return ids.write_id(ids.PERSON, person_id)

    person = at_desk(find_place(config, data), work)
    print_json({"person": person}) if json_ else print(f"{who} has no badge.")


def read_badge() -> str:
    """Read a badge's number without showing it."""
    if sys.stdin.isatty():
        number: str = typer.prompt("Badge", hide_input=True)
        return number.strip()
    return sys.stdin.readline().strip()
