"""`wardwire account`: with what people sign in, and who is signed in. On the database, by who is at this machine."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar
from uuid import UUID

import asyncpg
import typer

from wardwire.access import accounts, passwords, second_factor, sign_in
from wardwire.access.accounts import Accounts, Issued
from wardwire.access.guesses import Guesses
from wardwire.access.hashing import Hasher
from wardwire.app.access import spans_of
from wardwire.cli.database import Desk, Place, at_desk, find_place
from wardwire.cli.names import find_one
from wardwire.cli.options import AsJson, ConfigFile, DataFolder, read_settings, say
from wardwire.cli.tables import print_json, print_table
from wardwire.model import ids
from wardwire.model.accounts import Account, Session
from wardwire.model.errors import Code, Refused
from wardwire.model.places import PlaceKind
from wardwire.model.rights import AccessRole
from wardwire.ops.failure import StartFailed
from wardwire.store import accounts as store
from wardwire.store import sign_ins
from wardwire.store.break_glass import Broken, list_broken

T = TypeVar("T")

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Accounts: add, change, list; passwords, second factors, sessions.",
)

_ALL = 10_000
_ROLES = ", ".join(sorted(set(AccessRole) - {AccessRole.INTEGRATION}))
Login = Annotated[str, typer.Argument(help="The name that they sign in with.", metavar="LOGIN")]
Roles = Annotated[list[str] | None, typer.Option("--role", help=f"An access role; again for more: {_ROLES}.")]
Units = Annotated[
    list[str] | None, typer.Option("--unit", help="A unit that a unit manager manages; again for more.")
]
PasswordFile = Annotated[
    Path | None, typer.Option("--password-file", help="Read the password from here, `-` = standard input; else ask.")
]


@app.command("add")
def add(
    who: Annotated[str, typer.Argument(help="A person: a name, or an id per_…", metavar="WHO")],
    login: Annotated[str, typer.Option("--login", help="The name that they sign in with.")],
    role: Roles = None,
    unit: Units = None,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Add an account for a person. The code that is printed is theirs: with it they choose a password.

    Example: wardwire account add Eva --login eva --role unit_manager --unit "4 West"
    """

    async def work(at: Desk) -> tuple[Account, Issued]:
        person_id, units = find_one(at.directory, ids.PERSON, who), [_unit(at, name) for name in unit or ()]
        roles = role or [AccessRole.CLINICIAN]
        return await accounts.add_account(
            _at(at), at.caller, person_id=person_id, login=login, roles=roles, units=units
        )

    account, issued = at_desk(find_place(config, data), work)
    _tell_code(issued, json_, {"id": ids.write_id(ids.ACCOUNT, account.id), "login": account.login})


@app.command("change")
def change(
    login: Login,
    role: Roles = None,
    unit: Units = None,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """Change what somebody may: the roles that are named replace those before, and so do units."""

    async def work(at: Desk) -> Account:
        units = None if unit is None else [_unit(at, name) for name in unit]
        known = await _find(at.connection, login)
        return await accounts.change_account(_at(at), at.caller, known.id, roles=role, units=units)

    _tell_account(at_desk(find_place(config, data), work), json_)


@app.command("disable")
def disable(
    login: Login,
    enable: Annotated[bool, typer.Option("--enable", help="Let them in again instead.")] = False,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """Keep somebody from signing in; their sessions end at once. Their devices go on ringing: `device revoke`."""

    async def work(at: Desk) -> Account:
        known = await _find(at.connection, login)
        return await accounts.change_account(_at(at), at.caller, known.id, disabled=not enable)

    _tell_account(at_desk(find_place(config, data), work), json_)


@app.command("code")
def code(login: Login, config: ConfigFile = None, data: DataFolder = None, json_: AsJson = False) -> None:
    """Issue a one-time code with which somebody chooses a new password."""

    async def work(at: Desk) -> Issued:
        return await accounts.issue_code(_at(at), at.caller, (await _find(at.connection, login)).id)

    _tell_code(at_desk(find_place(config, data), work), json_, {"login": login})


@app.command("password")
def password(
    login: Login,
    password_file: PasswordFile = None,
    config: ConfigFile = None,
    data: DataFolder = None,
) -> None:
    """Choose a password here, for oneself; all sessions end. For others: `wardwire account code`."""
    chosen = _read_password(password_file)

    async def work(at: Desk) -> Account:
        known = await _find(at.connection, login)
        issued = await accounts.issue_code(_at(at), at.caller, known.id)
        return await passwords.claim(_at(at), _read(at), issued.code, chosen, address="this machine")

    at_desk(find_place(config, data), work)
    say(f"{login} signs in with it from now on.")


@app.command("first-administrator")
def first_administrator(config: ConfigFile = None, data: DataFolder = None, json_: AsJson = False) -> None:
    """Issue the code of the first administrator, while there is none. Used by `wardwire account claim`."""
    issued = at_desk(find_place(config, data), _first)
    if issued is None:
        raise StartFailed("conflict", "There is an administrator already.", "Ask them for an account.")
    _tell_code(issued, json_, {})


@app.command("claim")
def claim(
    code: Annotated[str, typer.Argument(help="The one-time code.")],
    login: Annotated[str, typer.Option("--login", help="Of the first administrator: the name to sign in with.")] = "",
    name: Annotated[str, typer.Option("--name", help="Of the first administrator: their name.")] = "",
    password_file: PasswordFile = None,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Choose a password with a one-time code.

    Example: wardwire account claim ABCDE-FGHJK-MNPQR-STVWX --login root.admin --name "Dora"
    """
    chosen = _read_password(password_file)

    async def work(at: Desk) -> Account:
        return await passwords.claim(_at(at), _read(at), code, chosen, login=login, name=name, address="this machine")

    _tell_account(at_desk(find_place(config, data), work), json_)


@app.command("totp")
def totp(
    login: Login,
    remove: Annotated[bool, typer.Option("--remove", help="Take a lost one away instead.")] = False,
    config: ConfigFile = None,
    data: DataFolder = None,
) -> None:
    """Set up an authenticator app as the second factor; prints recovery codes, this once."""
    place = find_place(config, data)

    async def known(at: Desk) -> Account:
        return await _find(at.connection, login)

    account = at_desk(place, known)
    if remove:
        at_desk(place, lambda at: second_factor.reset(_at(at), at.caller, account.id))
        say(f"{login} has no second factor any more; a password under 15 characters needs a new code.")
        return
    begun = at_desk(place, lambda at: second_factor.begin(_at(at), account.id))
    say(f"In the app: {begun.uri}\nor by hand: {begun.secret}")
    shown = input("The code that it shows: ") if sys.stdin.isatty() else sys.stdin.readline().strip()
    for one in at_desk(place, lambda at: second_factor.confirm(_at(at), account.id, shown)):
        print(one)
    say("Keep these recovery codes apart from the phone: each is good once, and they are not shown again.")


@app.command("list")
def list_(config: ConfigFile = None, data: DataFolder = None, json_: AsJson = False) -> None:
    """List accounts."""

    async def work(at: Desk) -> list[tuple[Account, str, list[str]]]:
        found = await store.list_accounts(at.connection, after=UUID(int=0), login=None, limit=_ALL)
        directory = at.directory
        return [
            (one, directory.person_name(one.person_id), [directory.place_name(unit) for unit in sorted(one.units)])
            for one in found
        ]

    found = at_desk(find_place(config, data), work)
    if json_:
        print_json({"accounts": [{**_show(one), "name": name, "units": units} for one, name, units in found]})
        return
    rows = [
        (one.login, name, ", ".join(sorted(one.roles)), ", ".join(units), _state(one)) for one, name, units in found
    ]
    print_table(("login", "name", "roles", "units", "state"), rows, empty="There is no account yet.")


@app.command("sessions")
def sessions(
    login: Annotated[str, typer.Argument(help="Only of this one.")] = "",
    end: Annotated[str, typer.Option("--end", help="End this one: an id ses_…")] = "",
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """List who is signed in, or end a session."""
    place, spans = find_place(config, data), spans_of(read_settings(config, data, None).settings.access)
    if end:
        at_desk(place, lambda at: sign_in.sign_out(_at(at), at.caller, ids.read_id(ids.SESSION, end)))
        print(f"{end} has ended")
        return

    async def work(at: Desk) -> list[tuple[Session, str]]:
        account_id = (await _find(at.connection, login)).id if login else None
        now = at.clock.now()
        found = await sign_ins.list_sessions(
            at.connection, spans, now, account_id=account_id, after=UUID(int=0), limit=_ALL
        )
        return [(one, at.directory.person_name(one.person_id)) for one in found]

    found = at_desk(place, work)
    rows = [
        (ids.write_id(ids.SESSION, one.id), name, one.made_at, one.seen_at, one.address, one.agent)
        for one, name in found
    ]
    columns = ("id", "name", "since", "last used", "from", "by")
    if json_:
        names = ("id", "name", "made_at", "seen_at", "address", "agent")
        print_json({"sessions": [dict(zip(names, row, strict=True)) for row in rows]})
        return
    print_table(columns, rows, empty="Nobody is signed in.")


@app.command("broken-glass")
def broken_glass(config: ConfigFile = None, data: DataFolder = None, json_: AsJson = False) -> None:
    """List who has read what was not theirs by break-glass access, and why; the newest first."""

    async def work(at: Desk) -> list[tuple[Broken, str]]:
        found = await list_broken(at.connection, before=UUID(int=(1 << 128) - 1), account_id=None, limit=_ALL)
        return [(one, at.directory.person_name(one.person_id)) for one in found]

    found = at_desk(find_place(config, data), work)
    rows = [
        (ids.write_id(ids.BROKEN, one.id), name, one.why, one.made_at, one.ended_at or one.ends_at)
        for one, name in found
    ]
    if json_:
        names = ("id", "name", "why", "made_at", "ends_at")
        print_json({"accesses": [dict(zip(names, row, strict=True)) for row in rows]})
        return
    print_table(("id", "name", "why", "from", "until"), rows, empty="Nobody ever has.")


def first_code_of(place: Place) -> Issued | None:
    """Issue the first administrator's code where none was ever issued; None otherwise."""
    return at_desk(place, lambda at: accounts.issue_first_code(_at(at), at.caller.source, once=True))


async def _first(at: Desk) -> Issued | None:
    return await accounts.issue_first_code(_at(at), at.caller.source)


def _at(at: Desk) -> Accounts:
    return Accounts(ledger=at.ledger, clock=at.clock, hasher=Hasher(), guesses=Guesses(_read(at), at.clock))


def _read(at: Desk) -> Callable[[Callable[[asyncpg.Connection], Awaitable[T]]], Awaitable[T]]:
    return lambda query: query(at.connection)


async def _find(connection: asyncpg.Connection, login: str) -> Account:
    found = await store.list_accounts(connection, after=UUID(int=0), login=login.strip().lower(), limit=1)
    if not found:
        raise Refused(Code.NOT_FOUND, f"nobody signs in as {login!r}")
    return found[0]


def _unit(at: Desk, name: str) -> UUID:
    for place in at.directory.places.values():
        if place.kind is PlaceKind.UNIT and name in (place.name, ids.write_id(ids.PLACE, place.id)):
            return place.id
    raise Refused(Code.NOT_FOUND, f"there is no unit {name!r}")


def _read_password(path: Path | None) -> str:
    """Read a password: never from the command line, where others see it."""
    if path is not None:
        text = sys.stdin.read() if os.fspath(path) == "-" else path.read_text(encoding="utf-8")
        return text.rstrip("\r\n")
    if not sys.stdin.isatty():
        raise StartFailed(
            "usage", "There is nobody to ask for the password.", "Give --password-file, or - for stdin."
        )
    first = getpass.getpass("A new password: ")
    if first != getpass.getpass("Once more: "):
        raise StartFailed("usage", "These were two.", "Try again.")
    return first


def _tell_code(issued: Issued, json_: bool, told: dict[str, Any]) -> None:
    if json_:
        print_json({**told, "code": issued.code, "expires_at": issued.expires_at})
    else:
        print(issued.code)
        say(f"Good once, until {issued.expires_at.astimezone():%Y-%m-%d %H:%M}: wardwire account claim, or POST")
        say("/v1/accounts/claim. It is not shown again.")


def _tell_account(account: Account, json_: bool) -> None:
    if json_:
        print_json(_show(account))
    else:
        print(f"{account.login}: {', '.join(sorted(account.roles))}; {_state(account)}")


def _show(account: Account) -> dict[str, Any]:
    return {
        "id": ids.write_id(ids.ACCOUNT, account.id),
        "person": ids.write_id(ids.PERSON, account.person_id),
        "login": account.login,
        "roles": sorted(account.roles),
        "password": account.password,
        "second_factor": account.second_factor,
        "disabled": account.disabled,
    }


def _state(account: Account) -> str:
    if account.disabled:
        return "disabled"
    return ("second factor" if account.second_factor else "password") if account.password else "no password yet"
