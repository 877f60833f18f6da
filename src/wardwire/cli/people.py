"""`wardwire people`: who there is, where they can be reached, and codes for their devices."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import typer

from wardwire.cli.database import Desk, at_desk, find_place, look
from wardwire.cli.details import (
    Departments,
    ExternalIds,
    Family,
    Given,
    Languages,
    Location,
    Phones,
    Photo,
    Preferred,
    Sort,
    Spoken,
    read_details,
    say_details,
    show_details,
)
from wardwire.cli.endpoint import say_rules, show_endpoint
from wardwire.cli.names import find_one, read_instant
from wardwire.cli.options import AsJson, ConfigFile, DataFolder, read_settings, say
from wardwire.cli.roster import import_
from wardwire.cli.tables import print_json, print_table
from wardwire.directory import endpoints, people
from wardwire.model import ids
from wardwire.model.coverage import HOLD, NUMBER
from wardwire.model.errors import Code, Refused
from wardwire.model.people import Directory, Person, Status
from wardwire.model.targets import find_target

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="People: add, change, list; their status, e-mail and devices."
)

app.command("import")(import_)

Who = Annotated[str, typer.Argument(help="A name, or an id per_…", metavar="WHO")]
Scopes = Annotated[list[str] | None, typer.Option("--scope", help="A right beyond the common, e.g. messages:code.")]


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="The name that colleagues use.")],
    title: Annotated[str, typer.Option(help="E.g. day nurse.")] = "",
    scope: Scopes = None,
    email: Annotated[str, typer.Option(help="An e-mail address to ring at.")] = "",
    given: Given = None,
    family: Family = None,
    preferred: Preferred = None,
    spoken: Spoken = None,
    sort: Sort = None,
    department: Departments = None,
    location: Location = None,
    language: Languages = None,
    photo: Photo = None,
    phone: Phones = None,
    external_id: ExternalIds = None,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Add a person.

    Example: wardwire people add "Dr. Chen" --title cardiologist --department Cardiology --phone 4711
    """
    details = read_details(
        external_id,
        given=given,
        family=family,
        preferred=preferred,
        spoken=spoken,
        sort=sort,
        departments=department,
        location=location,
        languages=language,
        photo=photo,
        phones=phone,
    )

    async def work(at: Desk) -> Person:
        made = await people.add_person(
            at.desk, at.caller, name=name, title=title, scopes=scope or (), details=details
        )
        if email:
            await endpoints.add_endpoint(at.desk, at.caller, made.id, kind="email", address=email)
        return made

    person = at_desk(find_place(config, data), work)
    written = ids.write_id(ids.PERSON, person.id)
    if json_:
        print_json({"id": written, "name": person.name})
    else:
        print(written)
        say(f"{person.name} is there. A device: wardwire people code {written}")


@app.command("list")
def list_(config: ConfigFile = None, data: DataFolder = None, json_: AsJson = False) -> None:
    """List people with their status and endpoints."""
    directory, now = at_desk(find_place(config, data), look)
    everybody = sorted(directory.everybody(), key=lambda p: p.name.casefold())
    if json_:
        print_json({"people": [_show(person, directory, now) for person in everybody]})
        return
    rows = []
    for person in everybody:
        shown = _show(person, directory, now)
        ways = [*(f"device {d}" for d in shown["devices"]), *(e["address"] for e in shown["endpoints"])]
        status = "disabled" if person.disabled else shown["status"]
        rows.append((shown["id"], person.name, person.title, status, ", ".join(ways), ", ".join(shown["scopes"])))
    print_table(("id", "name", "title", "status", "reached by", "scopes"), rows, empty="Nobody is there yet.")


@app.command("show")
def show(who: Who, config: ConfigFile = None, data: DataFolder = None, json_: AsJson = False) -> None:
    """Show all that is known of a person."""

    async def work(at: Desk) -> tuple[Person, Directory, datetime]:
        return at.directory.people[find_one(at.directory, ids.PERSON, who)], at.directory, at.clock.now()

    person, directory, now = at_desk(find_place(config, data), work)
    shown = _show(person, directory, now)
    if json_:
        print_json(shown)
        return
    rows = [("id", shown["id"]), ("name", person.name), ("title", person.title)]
    rows += [("status", "disabled" if person.disabled else shown["status"]), *say_details(person.details)]
    rows += [("device", name) for name in shown["devices"]]
    rows += [(e["kind"], ", ".join([e["address"], *say_rules(e)])) for e in shown["endpoints"]]
    rows += [("scopes", ", ".join(shown["scopes"]))]
    print_table(("what", "value"), [row for row in rows if row[1]], empty="")


@app.command("disable")
def disable(who: Who, config: ConfigFile = None, data: DataFolder = None, json_: AsJson = False) -> None:
    """Let a person who leaves get nothing more. Nothing of them is erased; `people edit --enable` takes it back."""

    async def work(at: Desk) -> Person:
        found = find_one(at.directory, ids.PERSON, who)
        return await people.change_person(at.desk, at.caller, found, disabled=True)

    _done(at_desk(find_place(config, data), work), json_)


@app.command("edit")
@app.command("change", hidden=True)
def edit(
    who: Who,
    name: Annotated[str | None, typer.Option(help="A new name.")] = None,
    title: Annotated[str | None, typer.Option(help="A new title.")] = None,
    scope: Scopes = None,
    no_scopes: Annotated[bool, typer.Option("--no-scopes", help="Take all scopes away.")] = False,
    disabled: Annotated[bool | None, typer.Option("--disable/--enable", help="Whether they get messages.")] = None,
    given: Given = None,
    family: Family = None,
    preferred: Preferred = None,
    spoken: Spoken = None,
    sort: Sort = None,
    department: Departments = None,
    location: Location = None,
    language: Languages = None,
    photo: Photo = None,
    phone: Phones = None,
    external_id: ExternalIds = None,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """Change a person; what is not named stays. A disabled one is named by their id."""
    wanted = [] if no_scopes else scope
    details = read_details(
        external_id,
        given=given,
        family=family,
        preferred=preferred,
        spoken=spoken,
        sort=sort,
        departments=department,
        location=location,
        languages=language,
        photo=photo,
        phones=phone,
    )

    async def work(at: Desk) -> Person:
        found = find_one(at.directory, ids.PERSON, who)
        return await people.change_person(
            at.desk, at.caller, found, name=name, title=title, scopes=wanted, disabled=disabled, details=details
        )

    _done(at_desk(find_place(config, data), work), json_)


@app.command("status")
def status(
    who: Who,
    status: Annotated[Status, typer.Argument(help="What they are now.")],
    until: Annotated[str, typer.Option(help="When it ends by itself, e.g. 2026-11-24T19:00.")] = "",
    cover: Annotated[
        str, typer.Option(help="Who covers: a person or role, number:+1 555 0100, or hold (kept until back).")
    ] = "",
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Set a person's status, and who covers for them meanwhile.

    Example: wardwire people status "Dr. Chen" in_procedure --until 2026-12-04T11:30 --cover "Dr. Okafor"
    """

    async def work(at: Desk) -> Person:
        ends = read_instant(until) if until else None
        stead = cover if cover in ("", HOLD) or cover.startswith(NUMBER) else _find_cover(at.directory, cover)
        found = find_one(at.directory, ids.PERSON, who)
        return await people.set_status(at.desk, at.caller, found, status, ends, cover=stead, directory=at.directory)

    _done(at_desk(find_place(config, data), work), json_)


def _find_cover(directory: Directory, text: str) -> str:
    kind, found = find_target(text, directory, "/cover")
    return ids.write_id(kind, found)


@app.command("email")
def email(
    who: Who,
    address: Annotated[str, typer.Argument(help="The address.")],
    remove: Annotated[bool, typer.Option("--remove", help="Take it away instead.")] = False,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """Add an e-mail address to ring at, or take one away."""

    async def work(at: Desk) -> UUID:
        found = find_one(at.directory, ids.PERSON, who)
        if not remove:
            made = await endpoints.add_endpoint(at.desk, at.caller, found, kind="email", address=address)
            return made.id
        for endpoint in at.directory.active_endpoints(found, "email"):
            if endpoint.address == address:
                await endpoints.change_endpoint(at.desk, at.caller, endpoint.id, disabled=True)
                return endpoint.id
        raise Refused(Code.NOT_FOUND, f"{who} has no address {address}")

    written = ids.write_id(ids.ENDPOINT, at_desk(find_place(config, data), work))
    if json_:
        print_json({"id": written})
    else:
        print(written)


@app.command("code")
def code(who: Who, config: ConfigFile = None, data: DataFolder = None, json_: AsJson = False) -> None:
    """Issue a one-time code with which a device of this person registers; good for ten minutes.

    Where the site has a front, the link of the app and its QR code are shown, too.
    """
    from wardwire.app.address import front_address
    from wardwire.devices.link import draw_for_terminal, enrol_link
    from wardwire.devices.rate import Buckets
    from wardwire.devices.register import IssuedCode, issue_code

    async def work(at: Desk) -> IssuedCode:
        found = find_one(at.directory, ids.PERSON, who)
        return await issue_code(at.ledger, at.clock, person_id=found, source=at.caller.source, rates=Buckets(1, 60))

    issued = at_desk(find_place(config, data), work)
    link = enrol_link(front_address(read_settings(config, data, None).settings), issued.code)
    if json_:
        person = ids.write_id(ids.PERSON, issued.person_id)
        print_json({"code": issued.code, "person": person, "expires_at": issued.expires_at, "url": link})
    else:
        print(issued.code)
        if link:
            say(f"{draw_for_terminal(link)}\nScan it, or open: {link}")
        say(f"Good once, until {issued.expires_at.astimezone():%H:%M:%S}: wardwire device enrol {issued.code}")


def _show(person: Person, directory: Directory, now: datetime) -> dict[str, Any]:
    there = [e for e in directory.endpoints_of.get(person.id, ()) if not e.disabled]
    return {
        "id": ids.write_id(ids.PERSON, person.id),
        "name": person.name,
        "title": person.title,
        "status": str(person.status_at(now)),
        "status_until": person.status_until,
        "disabled": person.disabled,
        **show_details(person.details),
        "scopes": sorted(person.scopes),
        "devices": [directory.devices[device].name for device in directory.active_devices(person.id)],
        "endpoints": [show_endpoint(endpoint, directory) for endpoint in there],
    }


def _done(person: Person, json_: bool) -> None:
    written = ids.write_id(ids.PERSON, person.id)
    if json_:
        told = {"id": written, "name": person.name, "title": person.title, "status": str(person.status)}
        print_json({**told, "scopes": sorted(person.scopes), "disabled": person.disabled})
    else:
        state = "disabled" if person.disabled else person.status
        print(f"{written} {person.name}: {state}")
