"""Signing in and out, choosing a password by a one-time code, and the status page: all without a script."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from wardwire.access import passwords
from wardwire.access import sign_in as access
from wardwire.access.accounts import Accounts
from wardwire.access.cookie import COOKIE, cookie_of, no_cookie
from wardwire.access.guesses import Read
from wardwire.console.app import Pages
from wardwire.console.replies import Asked, Reply, go_to, safe_path
from wardwire.console.words import render, say_refused, words_of
from wardwire.flow.ports import Rules
from wardwire.model.errors import Code, Refused, WardwireError
from wardwire.model.rights import Caller


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """All that the pages stand on.

    Attributes:
        read: Runs a reading query; raises `Unavailable`.
        refresh: Takes in what has changed in the directory.
        serving: Whether submissions are taken now.
        provider: Whether one can sign in with the hospital's own.
    """

    accounts: Accounts
    read: Read
    rules: Callable[[], Rules]
    refresh: Callable[[], Awaitable[None]]
    serving: Callable[[], bool]
    provider: bool
    version: str

    def now(self) -> str:
        """Say the time, as a page shows it."""
        return written(self.accounts.clock.now())

    async def caller(self, asked: Asked) -> Caller | None:
        """Return who is signed in by the browser's cookie; None = nobody."""
        token = asked.cookies.get(COOKIE, "")
        if not token:
            return None
        try:
            return await self.read(lambda connection: access.caller_of_token(self.accounts, connection, token))
        except Refused:
            return None


def written(at: datetime) -> str:
    """Write an instant by this machine's wall."""
    return at.astimezone().strftime("%Y-%m-%d %H:%M")


def sign_in_pages(on: Standing) -> Pages:
    """Make the pages."""

    def show(asked: Asked, *, status: int = 200, me: str = "", login: str = "", **told: str) -> Reply:
        values: dict[str, Any] = {"refused": "", "said": "", "next": safe_path(asked.query.get("next", "/")), **told}
        return render("login.html", asked, status=status, me=me, login=login, provider=on.provider, **values)

    async def login(asked: Asked) -> Reply:
        try:
            caller = await on.caller(asked)
        except WardwireError as error:
            return show(asked, status=503, refused=say_refused(asked, error))
        if caller is None or caller.person_id is None:
            return show(asked, said=words_of(asked)["chosen"] if "chosen" in asked.query else "")
        return show(asked, me=on.rules().directory.person_name(caller.person_id))

    async def enter(asked: Asked) -> Reply:
        form, onward = asked.form, safe_path(asked.form.get("next", "/"))
        try:
            _, token = await access.sign_in(
                on.accounts, on.read, form.get("login", ""), form.get("password", ""), form.get("code", "").strip(),
                address=asked.address, agent=asked.headers.get("user-agent", ""),
            )  # fmt: skip
        except WardwireError as error:
            status = 503 if not isinstance(error, Refused) else 429 if error.code == Code.RATE_LIMITED else 403
            again = say_refused(asked, error)
            return show(asked, status=status, login=form.get("login", "")[:80], refused=again, next=onward)
        return go_to(onward, **{"Set-Cookie": cookie_of(token)})

    async def leave(asked: Asked) -> Reply:
        try:
            caller = await on.caller(asked)
            if caller is not None and caller.session_id is not None:
                await access.sign_out(on.accounts, caller, caller.session_id)
        except WardwireError as error:  # the session may still be open: the browser keeps its cookie, to try again
            return show(asked, status=503, refused=say_refused(asked, error))
        return go_to("/login", **{"Set-Cookie": no_cookie()})

    async def setup(asked: Asked) -> Reply:
        return render("setup.html", asked, refused="", code="", login="", name="")

    async def choose(asked: Asked) -> Reply:
        form: dict[str, Any] = {
            name: asked.form.get(name, "") for name in ("code", "password", "again", "login", "name")
        }
        kept: dict[str, Any] = {name: form[name][:120] for name in ("code", "login", "name")}
        if form["password"] != form["again"]:
            return render("setup.html", asked, status=422, refused=words_of(asked)["differ"], **kept)
        try:
            await passwords.claim(
                on.accounts, on.read, form["code"].strip()[:60], form["password"],
                login=form["login"], name=form["name"], address=asked.address,
            )  # fmt: skip
        except WardwireError as error:
            status = 422 if isinstance(error, Refused) else 503
            return render("setup.html", asked, status=status, refused=say_refused(asked, error), **kept)
        await on.refresh()
        return go_to(f"/login?chosen&lang={words_of(asked)['lang']}")

    async def status(asked: Asked) -> Reply:
        serving = on.serving()
        told: dict[str, Any] = {"site": on.accounts.site, "now": on.now(), "version": on.version}
        return render("status.html", asked, status=200 if serving else 503, serving=serving, **told)

    return {
        "/login": {"GET": login, "POST": enter},
        "/logout": {"POST": leave},
        "/setup": {"GET": setup, "POST": choose},
        "/status": {"GET": status},
    }
