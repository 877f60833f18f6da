"""Signing in with the hospital's provider, over HTTP: there, back, and out again.

What a browser must bring back stands in a cookie of its own, so that nobody is signed in by an address that somebody
else has sent them.
"""

from __future__ import annotations

import hmac

import msgspec

from wardwire.access.cookie import cookie_of, no_cookie
from wardwire.access.oidc import SingleSignOn
from wardwire.access.sign_in import sign_in_as, sign_out
from wardwire.api.operation import Answer, Call, Operation, Query
from wardwire.api.sessions import SessionOut, accounts_of, show_session
from wardwire.model.errors import Code, Refused
from wardwire.model.matrix import Action

COOKIE = "__Host-wardwire-oidc"
LASTS_S = 600
_PATH = "/v1/sign-in/oidc"
# A redirect would still come from the provider's site, and go without the cookie (SameSite=Strict); a page does not.
_ONWARD = (
    b'<!doctype html><meta http-equiv="refresh" content="0;url=/"><title>Wardwire</title><a href="/">Wardwire</a>'
)


class SignedOut(msgspec.Struct, frozen=True):
    """Signed out here. `provider` is where the browser goes to sign out there too; "" = nowhere."""

    provider: str


def _sso(call: Call) -> SingleSignOn:
    if call.deps.sso is None:
        raise Refused(Code.NOT_FOUND, "this site has no provider to sign in with")
    return call.deps.sso


async def begin(call: Call) -> Answer:
    """Send the browser to the provider."""
    begun = await _sso(call).begin()
    kept = f"{begun.state}.{begun.nonce}.{begun.verifier}"
    return Answer(status=302, headers={"Location": begun.url, "Set-Cookie": _cookie(kept, LASTS_S)})


async def finish(call: Call) -> Answer:
    """Sign in whom the provider names."""
    sso, at = _sso(call), accounts_of(call.deps)
    state, _, rest = call.cookies.get(COOKIE, "").partition(".")
    nonce, _, verifier = rest.partition(".")
    if not verifier or not hmac.compare_digest(state.encode(), (call.query["state"] or "").encode()):
        raise Refused(Code.NOT_AUTHENTICATED, f"this sign-in was not begun here, or is too old; begin again: {_PATH}")
    if call.query["error"] or not call.query["code"]:
        raise Refused(Code.NOT_AUTHENTICATED, f"the provider refused: {call.query['error'] or 'it sent no code'}")
    who = await sso.finish(call.query["code"], verifier=verifier, nonce=nonce)
    agent = call.headers.get("user-agent", "")
    session, token = await sign_in_as(
        at, call.read, source=sso.provider.source, external_id=who, address=call.address, agent=agent
    )
    cookie = {"Set-Cookie": cookie_of(token)}
    if "text/html" in call.headers.get("accept", ""):
        return Answer(body=_ONWARD, media="text/html; charset=utf-8", headers=cookie)
    return Answer(body=show_session(at, session, session.id), headers=cookie)


async def leave(call: Call) -> Answer:
    """Sign out here, and say where to sign out there."""
    sso, me = _sso(call), call.caller
    if me.session_id is None:
        raise Refused(Code.NOT_PERMITTED, "only who is signed in can sign out")
    await sign_out(accounts_of(call.deps), me, me.session_id)
    gone = {"Set-Cookie": no_cookie()}
    return Answer(body=SignedOut(await sso.end_address()), headers=gone)


def _cookie(value: str, seconds: int) -> str:
    # Lax: it must come along when the provider sends the browser back.
    return f"{COOKIE}={value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={seconds}"


_BACK = (
    Query(name="code", kind="string", about="What the provider gives.", longest=4096),
    Query(name="state", kind="string", about="What this browser was sent with."),
    Query(name="error", kind="string", about="Why the provider refuses."),
    Query(name="error_description", kind="string", about="In words.", longest=1000),
    Query(name="error_uri", kind="string", about="Where more is said.", longest=1000),
    Query(name="iss", kind="string", about="Who the provider is.", longest=1000),
    Query(name="session_state", kind="string", about="Not used.", longest=1000),
    Query(name="scope", kind="string", about="Not used.", longest=1000),
)

OPERATIONS = (
    Operation(
        id="beginOidc", method="GET", path=_PATH, tag="accounts",
        about="Sign in with the hospital's provider (OpenID Connect): sends the browser there.",
        handler=begin, answers={302: None}, refuses=(Code.NOT_FOUND,), open=True,
    ),
    Operation(
        id="finishOidc", method="GET", path=f"{_PATH}/callback", tag="accounts",
        about="Where the provider sends the browser back to. Whom it names must be a person with an account here.",
        handler=finish, answers={200: SessionOut}, query=_BACK, open=True,
        refuses=(Code.NOT_FOUND, Code.NOT_AUTHENTICATED, Code.COMMIT_UNKNOWN),
    ),
    Operation(
        id="endOidc", method="POST", path=f"{_PATH}/logout", tag="accounts",
        about="Sign out here; the answer says where to sign out at the provider too.",
        handler=leave, answers={200: SignedOut}, refuses=(Code.NOT_FOUND, Code.COMMIT_UNKNOWN),
        action=Action.ACCOUNT_OWN, narrows=True,
    ),
)  # fmt: skip
