"""`wardwire endpoint`: where people are reached outside our own devices, and when."""

from __future__ import annotations

import time
from typing import Annotated, Any
from uuid import uuid4

import typer

from wardwire.cli.database import Desk, at_desk, find_place
from wardwire.cli.exits import Exit
from wardwire.cli.message import Authority, KeyFile, Url, reach_api
from wardwire.cli.names import find_one, read_instant
from wardwire.cli.options import AsJson, ConfigFile, DataFolder
from wardwire.cli.tables import print_json, print_table
from wardwire.directory import endpoints
from wardwire.model import ids
from wardwire.model.people import Directory, Endpoint
from wardwire.model.quiet import write_quiet

LOOK_EVERY_S = 0.5
# What is the last of a test, and what is good.
_ENDS = {"Sent", "Read", "Answered", "Unreachable", "Cancelled"}
_GOOD = {"Sent", "Delivered", "Read", "Answered"}

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Pagers, phones, e-mail: where people are reached, and when."
)

Emergency = Annotated[bool | None, typer.Option("--emergency-only/--always", help="Used for code and high alone.")]
Until = Annotated[str | None, typer.Option("--until", help="Used before this, e.g. 2026-12-31T00:00; '' = no end.")]
QuietTimes = Annotated[
    list[str] | None,
    typer.Option("--quiet", help="'mon-fri 22:00-07:00 Europe/Berlin'; again for more, '' for none."),
]
Verified = Annotated[bool | None, typer.Option("--verified/--unverified", help="Somebody made sure that it works.")]


@app.command("add")
def add(
    who: Annotated[str, typer.Argument(help="A name, or an id per_…", metavar="WHO")],
    kind: Annotated[str, typer.Argument(help="email, pager, phone, sms or voice.")],
    address: Annotated[str, typer.Argument(help="E.g. anna@ward.example, wctp:8812, 4711, +49 170 1234567.")],
    emergency_only: Emergency = None,
    until: Until = None,
    quiet: QuietTimes = None,
    verified: Verified = None,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Add a way to reach somebody.

    Example: wardwire endpoint add "Dr. Chen" pager wctp:8812 --until 2026-12-31T00:00
    """

    async def work(at: Desk) -> tuple[Endpoint, Directory]:
        made = await endpoints.add_endpoint(
            at.desk,
            at.caller,
            find_one(at.directory, ids.PERSON, who),
            kind=kind,
            address=address,
            verified=bool(verified),
            emergency_only=bool(emergency_only),
            until=read_instant(until) if until else None,
            quiet=[text for text in quiet or () if text],
        )
        return made, at.directory

    _done(*at_desk(find_place(config, data), work), json_)


@app.command("change")
def change(
    endpoint: Annotated[str, typer.Argument(help="An id ept_…; `endpoint list` shows it.")],
    address: Annotated[str | None, typer.Option(help="Another address; it is then unverified.")] = None,
    emergency_only: Emergency = None,
    until: Until = None,
    quiet: QuietTimes = None,
    verified: Verified = None,
    disabled: Annotated[bool | None, typer.Option("--disable/--enable", help="Whether it is used.")] = None,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """Change when somebody is reached there; what is not named stays."""

    async def work(at: Desk) -> tuple[Endpoint, Directory]:
        made = await endpoints.change_endpoint(
            at.desk,
            at.caller,
            ids.read_id(ids.ENDPOINT, endpoint),
            address=address,
            verified=verified,
            emergency_only=emergency_only,
            until=read_instant(until) if until else None,
            no_until=until == "",
            quiet=None if quiet is None else [text for text in quiet if text],
            disabled=disabled,
        )
        return made, at.directory

    _done(*at_desk(find_place(config, data), work), json_)


@app.command("list")
def list_(
    who: Annotated[str, typer.Argument(help="A name, or an id per_…", metavar="WHO")],
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """List where somebody is reached."""

    async def work(at: Desk) -> list[dict[str, Any]]:
        there = at.directory.endpoints_of.get(find_one(at.directory, ids.PERSON, who), ())
        return [show_endpoint(endpoint, at.directory) for endpoint in there]

    found = at_desk(find_place(config, data), work)
    if json_:
        print_json({"endpoints": found})
        return
    rows = [(one["id"], one["kind"], one["address"], ", ".join(say_rules(one))) for one in found]
    print_table(("id", "kind", "address", ""), rows, empty="There is none beside their devices.")


@app.command("test")
def try_(
    key_file: KeyFile,
    who: Annotated[str, typer.Argument(help="An id per_…", metavar="WHO")],
    endpoint: Annotated[
        str, typer.Argument(help="app for their devices, or ept_…; `endpoint list` shows it.")
    ] = "app",
    wait: Annotated[float, typer.Option(help="Seconds to look on.", min=0, max=600)] = 65,
    id: Annotated[str, typer.Option("--id", help="An id of yours: the same again is the same test.")] = "",
    url: Url = "",
    authority: Authority = None,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Send a test to one endpoint of somebody, and tell each hop with its seconds, or where it stopped and why.

    It goes there alone, is marked as a test, never counted as real, and calls nobody at the desk. The status is 1
    when it was not confirmed: by a device, or taken by the relay.

    Example: wardwire endpoint test per_0193… ept_0193… --key-file eva.key
    """
    api = reach_api(url, key_file, authority, config, data)
    path, key = f"/v1/people/{who}/endpoints/{endpoint}/test", {"Idempotency-Key": id or uuid4().hex}
    message = api.ask("POST", path, None, key).body["message"]
    told, until = 0, time.monotonic() + wait
    while True:
        story = api.ask("GET", f"/v1/messages/{message}/trace").body
        for hop in [] if json_ else story["hops"][told:]:
            print(f"{hop['after_s']:8.3f} s  {hop['text']}")
        told = len(story["hops"])
        seen = {hop["what"] for hop in story["hops"]}
        if seen & _ENDS or time.monotonic() >= until:
            break
        time.sleep(min(LOOK_EVERY_S, max(0.0, until - time.monotonic())))
    if json_:
        print_json(story)
    if not seen & _GOOD:
        raise typer.Exit(Exit.FAILED)


def show_endpoint(endpoint: Endpoint, directory: Directory) -> dict[str, Any]:
    """Return an endpoint for --json."""
    return {
        "id": ids.write_id(ids.ENDPOINT, endpoint.id),
        "kind": endpoint.kind,
        "address": endpoint.address,
        "verified_at": endpoint.verified_at,
        "emergency_only": endpoint.emergency_only,
        "until": endpoint.until,
        "quiet": [write_quiet(one) for one in endpoint.quiet],
        "served": endpoint.kind in directory.served,
        "disabled": endpoint.disabled,
    }


def say_rules(shown: dict[str, Any]) -> list[str]:
    """Say of an endpoint as it is shown when it is used, in words."""
    return [
        *(["disabled"] if shown["disabled"] else []),
        *([] if shown["served"] else ["no channel serves it yet"]),
        *([] if shown["verified_at"] else ["unverified"]),
        *(["for code and high alone"] if shown["emergency_only"] else []),
        *([f"until {shown['until'].astimezone():%d %b %Y %H:%M}"] if shown["until"] else []),
        *(f"quiet {time}" for time in shown["quiet"]),
    ]


def _done(endpoint: Endpoint, directory: Directory, json_: bool) -> None:
    shown = show_endpoint(endpoint, directory)
    if json_:
        print_json(shown)
    else:
        print(", ".join([f"{shown['id']} {endpoint.kind} {endpoint.address}", *say_rules(shown)]))
