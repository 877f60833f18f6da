"""Signing in and out over HTTP, and who is signed in.

A program gets a token and sends it as `Authorization: Bearer ww_ses_…`. A browser asks for a cookie instead: its
scripts never see the token, and what it changes by cookie must carry a header that no other site can send.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from wardwire.access import sign_in as access
from wardwire.access.accounts import Accounts
from wardwire.access.cookie import COOKIE, cookie_of, no_cookie
from wardwire.api.operation import Answer, Call, Deps, Found, Operation, Query
from wardwire.api.paging import AFTER, LIMIT, cut, read_cursor
from wardwire.model import ids
from wardwire.model.accounts import LONGEST, Session
from wardwire.model.errors import Code, Refused, Unavailable
from wardwire.model.matrix import Action, Owner, Reach, reach_of
from wardwire.model.rights import Caller
from wardwire.store import sign_ins as store

GUARD = "X-Wardwire"
_SAFE = ("GET", "HEAD", "OPTIONS")
_NOBODY = UUID(int=0)

Secret = Annotated[str, Meta(max_length=4 * LONGEST)]


class SignIn(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """With what somebody signs in.

    `code`: of the authenticator app, or a recovery code; `passkey`: instead of it, what the browser's API gave.
    `cookie`: for a browser.
    """

    login: Annotated[str, Meta(min_length=1, max_length=80)]
    password: Secret
    code: Annotated[str, Meta(max_length=40)] = ""
    passkey: dict[str, Any] | None = None
    cookie: bool = False


class SessionOut(msgspec.Struct, frozen=True, omit_defaults=True):
    """A session. `token` is shown once, and not where a cookie was asked for; `current` is the one that asks."""

    id: str
    account: str
    person: str
    made_at: datetime
    seen_at: datetime
    ends_at: datetime
    address: str
    agent: str
    current: bool
    token: str = ""


class Sessions(msgspec.Struct, frozen=True):
    """A page of open sessions, the oldest first."""

    data: list[SessionOut]
    next: str | None


def accounts_of(deps: Deps) -> Accounts:
    """Return what accounts stand on in this process."""
    if deps.accounts is None:
        raise Unavailable(Code.UNAVAILABLE, "nobody can sign in at this process")
    return deps.accounts


def token_of(method: str, headers: Mapping[str, str], cookies: Mapping[str, str]) -> str:
    """Return the token of a browser's cookie; "" = there is none.

    Raises:
        Refused: `NOT_PERMITTED` for a change that may come from a page of somebody else (CSRF).
    """
    token = cookies.get(COOKIE, "")
    if token and method not in _SAFE:
        elsewhere = headers.get("sec-fetch-site", "same-origin") != "same-origin"
        origin = headers.get("origin", "")
        elsewhere |= bool(origin) and origin.partition("://")[2] != headers.get("host", "")
        if elsewhere or GUARD.lower() not in headers:
            raise Refused(Code.NOT_PERMITTED, f"a change by cookie needs the header {GUARD}: 1, from our own pages")
    return token


async def caller_of(deps: Deps, token: str) -> Caller:
    """Return who is signed in. Raises as `access.caller_of_token`, and `Unavailable`."""
    at = accounts_of(deps)
    return await deps.read(lambda connection: access.caller_of_token(at, connection, token))


def show_session(at: Accounts, session: Session, current: UUID | None, token: str = "") -> SessionOut:
    """Say what a session is."""
    return SessionOut(
        id=ids.write_id(ids.SESSION, session.id),
        account=ids.write_id(ids.ACCOUNT, session.account_id),
        person=ids.write_id(ids.PERSON, session.person_id),
        made_at=session.made_at,
        seen_at=session.seen_at,
        ends_at=min(session.seen_at + at.spans.idle, session.made_at + at.spans.age),
        address=session.address,
        agent=session.agent,
        current=session.id == current,
        token=token,
    )


async def sign_in(call: Call) -> Answer:
    """Sign in."""
    at, body = accounts_of(call.deps), call.body
    agent = call.headers.get("user-agent", "")
    session, token = await access.sign_in(
        at, call.read, body.login, body.password, body.code, passkey=body.passkey, address=call.address, agent=agent
    )
    shown = show_session(at, session, session.id, "" if body.cookie else token)
    return Answer(body=shown, status=201, headers={"Set-Cookie": cookie_of(token)} if body.cookie else {})


async def list_(call: Call) -> Answer:
    """List open sessions."""
    at, limit = accounts_of(call.deps), call.query["limit"]
    wanted, me = call.query["account"], call.caller
    account_id = ids.read_id(ids.ACCOUNT, wanted) if wanted else None
    if reach_of(me, Action.SESSION_END) is not Reach.ANY:
        account_id = ids.read_id(ids.ACCOUNT, me.source)
    after = read_cursor(ids.SESSION, call.query["after"], _NOBODY)
    now = at.clock.now()
    found = await call.read(
        lambda c: store.list_sessions(c, at.spans, now, account_id=account_id, after=after, limit=limit + 1)
    )
    shown = [show_session(at, session, me.session_id) for session in found]
    page, following, headers = cut(shown, limit, lambda one: one.id, "/v1/sessions", account=wanted)
    return Answer(body=Sessions(page, following), headers=headers)


async def find_session(call: Call) -> Found:
    """Find whose a session is; `current` is the one that asks."""
    written, me = call.path["session_id"], call.caller.session_id
    session_id = me if written == "current" and me is not None else call.id(ids.SESSION, "session_id")
    known = await call.read(lambda connection: store.load_session(connection, session_id, call.deps.clock.now()))
    if known is None:
        raise Refused(Code.NOT_FOUND, "there is nothing of this id")
    return Found([Owner(people=frozenset({known.session.person_id}))], session_id)


async def sign_out(call: Call) -> Answer:
    """End a session."""
    await access.sign_out(accounts_of(call.deps), call.caller, call.thing)
    gone = {"Set-Cookie": no_cookie()} if call.thing == call.caller.session_id else {}
    return Answer(status=204, headers=gone)


_ACCOUNT = Query(name="account", kind="string", about="Only of this account, for who sees all.")

OPERATIONS = (
    Operation(
        id="signIn", method="POST", path="/v1/sessions", tag="accounts",
        about="Sign in. The token is shown this once; with `cookie` it is set as a cookie instead, and each change "
        f"then needs the header `{GUARD}`.",
        handler=sign_in, body=SignIn, answers={201: SessionOut}, open=True,
        refuses=(
            Code.NOT_AUTHENTICATED, Code.SECOND_FACTOR_NEEDED, Code.RATE_LIMITED, Code.OVERLOADED,
            Code.COMMIT_UNKNOWN,
        ),
        example={"login": "anna", "password": "…", "code": "123456"},
    ),
    Operation(
        id="listSessions", method="GET", path="/v1/sessions", tag="accounts",
        about="List open sessions: one's own; an administrator sees all.",
        handler=list_, answers={200: Sessions}, query=(LIMIT, AFTER, _ACCOUNT),
        action=Action.SESSION_END, narrows=True,
    ),
    Operation(
        id="endSession", method="DELETE", path="/v1/sessions/{session_id}", tag="accounts",
        about="End a session, at once: one's own (`current` is the one that asks), or as an administrator any.",
        handler=sign_out, answers={204: None}, refuses=(Code.NOT_FOUND, Code.COMMIT_UNKNOWN),
        action=Action.SESSION_END, find=find_session,
    ),
)  # fmt: skip
