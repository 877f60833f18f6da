"""Accounts over HTTP: for administrators, and one's own password and second factor."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from wardwire.access import accounts as access
from wardwire.access import passwords, second_factor
from wardwire.api.directory import given
from wardwire.api.operation import Answer, Call, Operation, Query
from wardwire.api.paging import AFTER, LIMIT, cut, read_cursor
from wardwire.api.sessions import Secret, accounts_of
from wardwire.api.wire import PersonId
from wardwire.model import ids
from wardwire.model.accounts import MAX_UNITS, Account
from wardwire.model.errors import Code, Refused
from wardwire.model.matrix import Action
from wardwire.store import accounts as store

_NOBODY = UUID(int=0)

Login = Annotated[str, Meta(min_length=2, max_length=80)]
Roles = Annotated[list[str], Meta(min_length=1, max_length=6, description="Access roles; see access.md.")]
Units = Annotated[list[str], Meta(max_length=MAX_UNITS, description="What a unit manager manages: places.")]
OneTime = Annotated[str, Meta(min_length=1, max_length=60)]


class NewAccount(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """An account for a person of the directory."""

    person: PersonId
    login: Login
    roles: Roles
    units: Units = []


class AccountChange(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What is to change; what is left out stays. `second_factor: false` takes a lost one away."""

    login: Login | UnsetType = UNSET
    roles: Roles | UnsetType = UNSET
    units: Units | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET
    second_factor: bool | UnsetType = UNSET


class AccountOut(msgspec.Struct, frozen=True, omit_defaults=True):
    """An account. `code`, shown once, is that with which its person chooses a password until `code_expires_at`."""

    id: str
    person: str
    login: str
    roles: list[str]
    units: list[str]
    password: bool
    second_factor: bool
    disabled: bool
    code: str = ""
    code_expires_at: datetime | None = None


class AccountList(msgspec.Struct, frozen=True):
    """A page of accounts."""

    data: list[AccountOut]
    next: str | None


class Claim(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A one-time code, and the password that is chosen with it. `login` and `name`: of the first administrator."""

    code: OneTime
    password: Secret
    login: Annotated[str, Meta(max_length=80)] = ""
    name: Annotated[str, Meta(max_length=200)] = ""


class PasswordChange(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The old password, and the new one."""

    old: Secret
    new: Secret


class SecondFactor(msgspec.Struct, frozen=True):
    """What an app is given: `uri` as a picture, or `secret` by hand. Confirm it with a code that the app shows."""

    secret: str
    uri: str


class Confirm(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The code that the app shows."""

    code: OneTime


class RecoveryCodes(msgspec.Struct, frozen=True):
    """Codes for the day when the phone is gone; each good once, shown this once."""

    recovery_codes: list[str]


class TakeAway(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The password, to be sure."""

    password: Secret


def show_account(account: Account, issued: access.Issued | None = None) -> AccountOut:
    """Say what an account is."""
    return AccountOut(
        id=ids.write_id(ids.ACCOUNT, account.id),
        person=ids.write_id(ids.PERSON, account.person_id),
        login=account.login,
        roles=sorted(account.roles),
        units=sorted(ids.write_id(ids.PLACE, unit) for unit in account.units),
        password=account.password,
        second_factor=account.second_factor,
        disabled=account.disabled,
        code=issued.code if issued else "",
        code_expires_at=issued.expires_at if issued else None,
    )


async def list_(call: Call) -> Answer:
    """List accounts."""
    limit, login = call.query["limit"], call.query["login"]
    after = read_cursor(ids.ACCOUNT, call.query["after"], _NOBODY)
    wanted = login.strip().lower() if login else None
    person_id = read_cursor(ids.PERSON, call.query["person"], None)
    found = await call.read(
        lambda c: store.list_accounts(c, after=after, login=wanted, person_id=person_id, limit=limit + 1)
    )
    shown = [show_account(account) for account in found]
    page, following, headers = cut(
        shown, limit, lambda one: one.id, "/v1/accounts", login=login, person=call.query["person"]
    )
    return Answer(body=AccountList(page, following), headers=headers)


async def add(call: Call) -> Answer:
    """Add an account."""
    body: NewAccount = call.body
    person_id = ids.read_id(ids.PERSON, body.person)
    account, issued = await access.add_account(
        accounts_of(call.deps), call.caller, person_id=person_id, login=body.login, roles=body.roles,
        units=_units(call, body.units),
    )  # fmt: skip
    return Answer(body=show_account(account, issued), status=201)


async def get(call: Call) -> Answer:
    """Show an account."""
    account_id = call.id(ids.ACCOUNT, "account_id")
    account = await call.read(lambda connection: store.load_account(connection, account_id))
    if account is None:
        raise Refused(Code.NOT_FOUND, "there is no such account")
    return Answer(body=show_account(account))


async def change(call: Call) -> Answer:
    """Change an account."""
    body: AccountChange = call.body
    at, account_id = accounts_of(call.deps), call.id(ids.ACCOUNT, "account_id")
    if body.second_factor is True:
        raise Refused(Code.INVALID, "only whoever has it sets it up", pointer="/second_factor")
    if body.second_factor is False:
        await second_factor.reset(at, call.caller, account_id)
    units = given(body.units)
    after = await access.change_account(
        at, call.caller, account_id, login=given(body.login), roles=given(body.roles),
        units=None if units is None else _units(call, units), disabled=given(body.disabled),
    )  # fmt: skip
    return Answer(body=show_account(after))


async def issue(call: Call) -> Answer:
    """Issue a code."""
    at, account_id = accounts_of(call.deps), call.id(ids.ACCOUNT, "account_id")
    issued = await access.issue_code(at, call.caller, account_id)
    account = await call.read(lambda connection: store.load_account(connection, account_id))
    assert account is not None
    return Answer(body=show_account(account, issued), status=201)


async def claim(call: Call) -> Answer:
    """Choose a password with a code."""
    body: Claim = call.body
    account = await passwords.claim(
        accounts_of(call.deps), call.read, body.code, body.password, login=body.login, name=body.name,
        address=call.address,
    )  # fmt: skip
    await call.deps.refresh()
    return Answer(body=show_account(account), status=201)


async def change_password(call: Call) -> Answer:
    """Change one's own password."""
    body: PasswordChange = call.body
    me = call.caller
    await passwords.change_password(
        accounts_of(call.deps), own_account(call), body.old, body.new, session_id=me.session_id, address=call.address
    )
    return Answer(status=204)


async def begin_second_factor(call: Call) -> Answer:
    """Begin to set up an authenticator app."""
    begun = await second_factor.begin(accounts_of(call.deps), own_account(call))
    return Answer(body=SecondFactor(begun.secret, begun.uri), status=201)


async def confirm_second_factor(call: Call) -> Answer:
    """Confirm an authenticator app."""
    return Answer(
        body=RecoveryCodes(await second_factor.confirm(accounts_of(call.deps), own_account(call), call.body.code))
    )


async def take_second_factor_away(call: Call) -> Answer:
    """Take one's own second factor away."""
    at, password = accounts_of(call.deps), call.body.password
    await second_factor.take_away(at, own_account(call), password, address=call.address)
    return Answer(status=204)


def own_account(call: Call) -> UUID:
    """Return the account of who is signed in."""
    if call.caller.session_id is None:
        raise Refused(Code.NOT_PERMITTED, "only who is signed in has a password of their own")
    return ids.read_id(ids.ACCOUNT, call.caller.source)


def _units(call: Call, written: list[str]) -> list[UUID]:
    places, found = call.deps.rules().directory.places, []
    for nth, text in enumerate(written):
        unit = places.get(ids.read_id(ids.PLACE, text))
        if unit is None or unit.kind != "unit":
            raise Refused(Code.INVALID, "this is no unit", pointer=f"/units/{nth}")
        found.append(unit.id)
    return found


_PERSON = Query(name="person", kind="string", about="Only of this person.")
_LOGIN = Query(name="login", kind="string", about="Only of this name to sign in with.")
_CHANGES = (Code.NOT_FOUND, Code.NAME_TAKEN, Code.CONFLICT, Code.LAST_ADMINISTRATOR, Code.COMMIT_UNKNOWN)
_PROVES = (Code.PASSWORD_WEAK, Code.RATE_LIMITED, Code.OVERLOADED, Code.NOT_FOUND, Code.COMMIT_UNKNOWN)
_MINE = "/v1/account"


def _operation(
    id: str,
    method: str,
    path: str,
    about: str,
    handler: object,
    body: object,
    status: int,
    answer: object,
    *refuses: Code,
    action: Action = Action.ACCOUNT_MANAGE,
    query: tuple[Query, ...] = (),
    example: object = None,
) -> Operation:
    return Operation(
        id=id, method=method, path=path, tag="accounts", about=about, handler=handler,  # type: ignore[arg-type]
        body=body, answers={status: answer}, refuses=refuses, query=query, example=example, action=action,
        narrows=action is Action.ACCOUNT_OWN,
    )  # fmt: skip


OPERATIONS = (
    _operation(
        "listAccounts", "GET", "/v1/accounts", "List accounts.", list_, None, 200, AccountList,
        query=(LIMIT, AFTER, _LOGIN, _PERSON),
    ),
    _operation(
        "addAccount", "POST", "/v1/accounts",
        "Add an account for a person. `code` is shown this once: with it they choose a password.",
        add, NewAccount, 201, AccountOut, *_CHANGES,
        example={"person": "per_" + "0" * 32, "login": "eva", "roles": ["clinician"]},
    ),
    _operation(
        "getAccount", "GET", "/v1/accounts/{account_id}", "Show an account.", get, None, 200, AccountOut,
        Code.NOT_FOUND,
    ),
    _operation(
        "changeAccount", "PATCH", "/v1/accounts/{account_id}",
        "Change an account. Who is disabled is signed out at once; their devices go on ringing.",
        change, AccountChange, 200, AccountOut, *_CHANGES, example={"disabled": True},
    ),
    _operation(
        "issueAccountCode", "POST", "/v1/accounts/{account_id}/codes",
        "Issue a one-time code with which a new password is chosen. An unused one ends with it.",
        issue, None, 201, AccountOut, *_CHANGES,
    ),
    Operation(
        id="claimAccount", method="POST", path="/v1/accounts/claim", tag="accounts",
        about="Choose a password with a one-time code; other sessions end. With that of the first administrator the "
        "person and the account are made too.",
        handler=claim, body=Claim, answers={201: AccountOut}, open=True,
        refuses=(Code.CODE_EXPIRED, Code.NAME_TAKEN, Code.TEXT_BLANK, Code.TEXT_TOO_LONG, *_PROVES),
        example={"code": "ABCDE-FGHJK-MNPQR-STVWX", "password": "…"},
    ),
    _operation(
        "changePassword", "POST", f"{_MINE}/password", "Change one's own password; other sessions end.",
        change_password, PasswordChange, 204, None, *_PROVES, action=Action.ACCOUNT_OWN,
        example={"old": "…", "new": "…"},
    ),
    _operation(
        "beginSecondFactor", "POST", f"{_MINE}/second-factor",
        "Begin to set up an authenticator app (TOTP). Nothing is asked of it before it is confirmed.",
        begin_second_factor, None, 201, SecondFactor, Code.CONFLICT, Code.COMMIT_UNKNOWN, action=Action.ACCOUNT_OWN,
    ),
    _operation(
        "confirmSecondFactor", "POST", f"{_MINE}/second-factor/confirm",
        "Confirm the app with a code of it. The recovery codes are shown this once.",
        confirm_second_factor, Confirm, 200, RecoveryCodes, Code.CONFLICT, Code.RATE_LIMITED, Code.COMMIT_UNKNOWN,
        action=Action.ACCOUNT_OWN, example={"code": "123456"},
    ),
    _operation(
        "takeSecondFactorAway", "POST", f"{_MINE}/second-factor/remove",
        "Take one's own second factor away; the password must be long enough to stand alone.",
        take_second_factor_away, TakeAway, 204, None, *_PROVES, action=Action.ACCOUNT_OWN, example={"password": "…"},
    ),
)  # fmt: skip
