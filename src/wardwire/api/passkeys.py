"""Passkeys over HTTP: make, list, name and remove one's own; sign in with one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from wardwire.access import passkeys as access
from wardwire.access.cookie import cookie_of
from wardwire.access.sign_in import sign_in_by_passkey
from wardwire.api.accounts import own_account
from wardwire.api.operation import Answer, Call, Operation
from wardwire.api.sessions import SessionOut, accounts_of, show_session
from wardwire.model import ids
from wardwire.model.errors import Code
from wardwire.model.matrix import Action
from wardwire.store import passkeys as store

_MINE = "/v1/account/passkeys"
_SIGN_IN = "/v1/sign-in/passkey"
Credential = Annotated[dict[str, Any], Meta(description="What the browser's API gave, as JSON (toJSON()).")]
Name = Annotated[str, Meta(min_length=1, max_length=access.MAX_NAME)]


class Options(msgspec.Struct, frozen=True):
    """What the browser's API takes as `publicKey`, as JSON (parseCreationOptionsFromJSON and its like)."""

    options: dict[str, Any]


class NewPasskey(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A passkey that was made."""

    name: Name
    credential: Credential


class PasskeyName(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How a passkey is called."""

    name: Name


class PasskeyOut(msgspec.Struct, frozen=True):
    """A passkey."""

    id: str
    name: str
    made_at: datetime
    used_at: datetime | None


class Passkeys(msgspec.Struct, frozen=True):
    """One's passkeys, the oldest first."""

    data: list[PasskeyOut]


class PasskeySignIn(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """With what somebody signs in. `cookie`: for a browser."""

    credential: Credential
    cookie: bool = False


def show_passkey(passkey: store.Passkey) -> PasskeyOut:
    """Say what a passkey is."""
    number = ids.write_id(ids.PASSKEY, passkey.number)
    return PasskeyOut(number, passkey.name, passkey.made_at, passkey.used_at)


async def begin(call: Call) -> Answer:
    """Begin to make a passkey."""
    options = await access.begin_making(accounts_of(call.deps), own_account(call), address=call.address)
    return Answer(body=Options(options), status=201)


async def add(call: Call) -> Answer:
    """Keep a passkey."""
    body: NewPasskey = call.body
    at, mine = accounts_of(call.deps), own_account(call)
    passkey = await access.finish_making(at, mine, body.credential, body.name, address=call.address)
    return Answer(body=show_passkey(passkey), status=201)


async def list_(call: Call) -> Answer:
    """List one's passkeys."""
    mine = own_account(call)
    found = await call.read(lambda c: store.list_passkeys(c, mine))
    return Answer(body=Passkeys([show_passkey(one) for one in found]))


async def rename(call: Call) -> Answer:
    """Name a passkey."""
    await access.rename(accounts_of(call.deps), own_account(call), _number(call), call.body.name)
    return Answer(status=204)


async def remove(call: Call) -> Answer:
    """Remove a passkey."""
    await access.remove(accounts_of(call.deps), own_account(call), _number(call))
    return Answer(status=204)


async def begin_sign_in(call: Call) -> Answer:
    """Begin to sign in."""
    return Answer(body=Options(await access.begin_sign_in(accounts_of(call.deps), address=call.address)), status=201)


async def sign_in(call: Call) -> Answer:
    """Sign in."""
    at, body = accounts_of(call.deps), call.body
    agent = call.headers.get("user-agent", "")
    session, token = await sign_in_by_passkey(at, body.credential, address=call.address, agent=agent)
    shown = show_session(at, session, session.id, "" if body.cookie else token)
    return Answer(body=shown, status=201, headers={"Set-Cookie": cookie_of(token)} if body.cookie else {})


def _number(call: Call) -> UUID:
    return call.id(ids.PASSKEY, "passkey_id")


def _own(id: str, method: str, path: str, about: str, handler: Any, status: int, **more: Any) -> Operation:
    answer = more.pop("answer", None)
    return Operation(
        id=id, method=method, path=path, tag="accounts", about=about, handler=handler, answers={status: answer},
        action=Action.ACCOUNT_OWN, narrows=True, **more,
    )  # fmt: skip


_EXAMPLE = {"id": "…", "rawId": "…", "type": "public-key", "response": {"clientDataJSON": "…"}}

OPERATIONS = (
    _own(
        "beginPasskey", "POST", f"{_MINE}/begin",
        "Begin to make a passkey (WebAuthn). What is answered is good for five minutes, once.",
        begin, 201, answer=Options, refuses=(Code.NOT_FOUND, Code.TOO_MANY, Code.RATE_LIMITED, Code.COMMIT_UNKNOWN),
    ),
    _own(
        "addPasskey", "POST", _MINE, "Keep the passkey that the browser has made; one may then sign in with it.",
        add, 201, body=NewPasskey, answer=PasskeyOut, example={"name": "Anna's phone", "credential": _EXAMPLE},
        refuses=(
            Code.NOT_FOUND, Code.INVALID, Code.CONFLICT, Code.TEXT_BLANK, Code.TEXT_TOO_LONG, Code.COMMIT_UNKNOWN,
        ),
    ),
    _own("listPasskeys", "GET", _MINE, "List one's own passkeys.", list_, 200, answer=Passkeys),
    _own(
        "namePasskey", "PATCH", f"{_MINE}/{{passkey_id}}", "Name one's own passkey.", rename, 204,
        body=PasskeyName, refuses=(Code.NOT_FOUND, Code.TEXT_BLANK, Code.TEXT_TOO_LONG, Code.COMMIT_UNKNOWN),
        example={"name": "Anna's new phone"},
    ),
    _own(
        "removePasskey", "DELETE", f"{_MINE}/{{passkey_id}}",
        "Remove one's own passkey; not the last one beside a password that cannot stand alone.",
        remove, 204, refuses=(Code.NOT_FOUND, Code.PASSWORD_WEAK, Code.COMMIT_UNKNOWN),
    ),
    Operation(
        id="beginPasskeySignIn", method="POST", path=f"{_SIGN_IN}/begin", tag="accounts",
        about="Begin to sign in with a passkey, alone or after the password. It names nobody's passkeys.",
        handler=begin_sign_in, answers={201: Options}, open=True,
        refuses=(Code.NOT_FOUND, Code.RATE_LIMITED, Code.COMMIT_UNKNOWN),
    ),
    Operation(
        id="signInByPasskey", method="POST", path=_SIGN_IN, tag="accounts",
        about="Sign in with a passkey alone: its authenticator has made sure of its person.",
        handler=sign_in, body=PasskeySignIn, answers={201: SessionOut}, open=True,
        refuses=(Code.NOT_AUTHENTICATED, Code.NOT_FOUND, Code.INVALID, Code.RATE_LIMITED, Code.COMMIT_UNKNOWN),
        example={"credential": _EXAMPLE},
    ),
)  # fmt: skip
