"""Sheets to print: who is on call, and how they are reached when nothing else works."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from wardwire.access.door import NotPermitted, admit
from wardwire.console.app import Pages
from wardwire.console.replies import Asked, Reply, go_to
from wardwire.console.sign_in import Standing, written
from wardwire.console.words import render, say_refused
from wardwire.directory.finder import DIALLED
from wardwire.model.errors import WardwireError
from wardwire.model.matrix import Action, Reach
from wardwire.model.oncall import FALLBACK, final, on_call
from wardwire.model.oncall_rights import may_view
from wardwire.model.people import Directory
from wardwire.model.rights import Caller

AHEAD = timedelta(days=7)


class Way(NamedTuple):
    """A number by which somebody is called: `phone`, `pager`, `sms`, `voice`."""

    kind: str
    address: str


class Held(NamedTuple):
    """Somebody who answers for a role."""

    name: str
    stands_in: bool
    ways: tuple[Way, ...]


class Line(NamedTuple):
    """A role on a sheet. `then`: who follows at `until`; "" = nobody, or it is not known."""

    role: str
    now: tuple[Held, ...]
    until: str
    then: str


def sheet_pages(on: Standing) -> Pages:
    """Make the pages."""

    async def guarded(asked: Asked, title: str, action: Action, *, reach: bool) -> Reply:
        try:
            caller = await on.caller(asked)
            if caller is None:
                return go_to(f"/login?next={asked.path}")
            if admit(caller, action) is not Reach.ANY:
                return _not_yours(asked)
        except NotPermitted:
            return _not_yours(asked)
        except WardwireError as error:
            return render("sorry.html", asked, status=503, title=title, refused=say_refused(asked, error))
        lines = sorted(_lines(on, caller), key=lambda line: line.role.casefold())
        told: dict[str, Any] = {"title": title, "site": on.accounts.site, "now": on.now()}
        return render("sheet.html", asked, lines=lines, reach=reach, **told)

    async def rota(asked: Asked) -> Reply:
        return await guarded(asked, "on_call", Action.DIRECTORY_READ, reach=False)

    async def calls(asked: Asked) -> Reply:
        return await guarded(asked, "call_down", Action.CONTACT_READ, reach=True)

    return {"/sheets/on-call": {"GET": rota}, "/sheets/call-down": {"GET": calls}}


def _not_yours(asked: Asked) -> Reply:
    return render("message.html", asked, status=403, title="not_yours", text="not_yours_text")


def _ways(directory: Directory, person_id: UUID) -> Iterator[Way]:
    """Go through the numbers of somebody, each once: those of the directory, then those of their endpoints."""
    person = directory.people.get(person_id)
    ways = [Way("phone", number) for number in (person.details.phones if person else ())]
    ways += [
        Way(way.kind, way.address)
        for way in directory.endpoints_of.get(person_id, ())
        if way.kind in DIALLED and not way.disabled
    ]
    seen = set()
    for way in ways:
        if way.address not in seen:
            seen.add(way.address)
            yield way


def _lines(on: Standing, caller: Caller) -> Iterator[Line]:
    rules, now = on.rules(), on.accounts.clock.now()
    directory = rules.directory
    for role in directory.roles.values():
        if role.disabled or not may_view(caller, role):
            continue
        held = tuple(
            Held(
                directory.person_name(one.person_id),
                one.rule == FALLBACK,
                tuple(_ways(directory, one.person_id)),
            )
            for one in on_call(role, directory, now, rules.desk).holdings
        )
        stretches = list(final(role, now, now + AHEAD, directory))[:2]
        following = stretches[1].holding if len(stretches) > 1 else None
        yield Line(
            role.name,
            held,
            written(stretches[1].starts_at) if len(stretches) > 1 else "",
            directory.person_name(following.person_id) if following else "",
        )
