"""Users of SCIM: how people are listed, found, added, changed and taken back (directory/scim_users.py)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from uuid import UUID

from wardwire.api.operation import Answer, Call
from wardwire.api.scim_answers import AT_ONCE, answer, answer_list, expected, meta_of, page_of, read_id
from wardwire.directory import scim_users
from wardwire.model import ids
from wardwire.model.canary import ROBOTS
from wardwire.model.errors import Code, Refused
from wardwire.model.people import Directory, Person
from wardwire.model.scim.filter import Filter, equals, read_filter
from wardwire.model.scim.patch import change, read_operations
from wardwire.model.scim.reading import read_resource
from wardwire.model.scim.schema import USERS, Resource
from wardwire.model.scim.user import show_user
from wardwire.store import scim as store
from wardwire.store.scim import Kept


def _show_user(person: Person, kept: Kept | None, call: Call) -> Resource:
    written = ids.write_id(ids.PERSON, person.id)
    directory = call.deps.rules().directory
    endpoints = directory.endpoints_of.get(person.id, ())
    shown = show_user(
        person, kept.said if kept else None, kept.user_name if kept else written, endpoints, call.caller.source
    )
    urns = [urn for urn in USERS.extensions if urn in shown]
    return {"schemas": [USERS.urn, *urns], "id": written, **shown, "meta": meta_of(USERS, person.id, person.version)}


async def _answer_user(call: Call, person: Person, status: int = 200) -> Answer:
    kept = (await call.read(lambda connection: store.find_users(connection, [person.id]))).get(person.id)
    if kept is not None and kept.deleted:
        raise Refused(Code.NOT_FOUND, "there is no such user")
    shown = _show_user(person, kept, call)
    return answer(call, shown, USERS, status, ETag=shown["meta"]["version"])


async def list_users(call: Call) -> Answer:
    """List users."""
    directory, written = call.deps.rules().directory, call.query["filter"]
    wanted = read_filter(written, USERS) if written else None
    if wanted is None:
        deleted = await call.read(store.find_deleted)
        found = sorted(one for one in directory.people if one not in deleted and one not in ROBOTS)
        page, start = page_of(call, found)
        kept = await call.read(lambda connection: store.find_users(connection, page))
        shown = [_show_user(directory.people[one], kept.get(one), call) for one in page]
        return answer_list(call, shown, len(found), start, USERS)
    people, said = await _candidates(call, wanted, directory)
    shown = []
    for nth, one in enumerate(sorted(people)):
        if nth % AT_ONCE == AT_ONCE - 1:
            await asyncio.sleep(0)
        user = _show_user(directory.people[one], said.get(one), call)
        if wanted.holds(user):
            shown.append(user)
    listed, start = page_of(call, shown)
    return answer_list(call, listed, len(shown), start, USERS)


async def _candidates(call: Call, wanted: Filter, directory: Directory) -> tuple[Iterable[UUID], Mapping[UUID, Kept]]:
    """Return whom a filter may mean: by the name or an id that it asks for, at once; else everybody."""
    source = call.caller.source
    one: UUID | None
    if any("\0" in (equals(wanted, name) or "") for name in ("userName", "externalId")):
        return [], {}  # the database knows no such text, and so nobody has it
    if (name := equals(wanted, "userName")) is not None:
        one = await call.read(lambda connection: store.find_named(connection, name))
        one = one or read_id(ids.PERSON, name)
    elif (known := equals(wanted, "externalId")) is not None:
        one = await call.read(lambda connection: store.find_known_as(connection, source, known))
    elif (written := equals(wanted, "id")) is not None:
        one = read_id(ids.PERSON, written)
    else:
        kept = await call.read(store.find_every_user)
        deleted = await call.read(store.find_deleted)
        return [each for each in directory.people if each not in deleted and each not in ROBOTS], kept
    if one is None or one not in directory.people or one in ROBOTS:
        return [], {}
    found = await call.read(lambda connection: store.find_users(connection, [one]))
    return [] if one in found and found[one].deleted else [one], found


async def get_user(call: Call) -> Answer:
    """Show a user."""
    person = call.deps.rules().directory.people.get(call.id(ids.PERSON, "user_id"))
    if person is None or person.id in ROBOTS:
        raise Refused(Code.NOT_FOUND, "there is no such user")
    return await _answer_user(call, person)


async def add_user(call: Call) -> Answer:
    """Add a user."""
    person = await scim_users.add_user(call.deps.desk, call.caller, read_resource(call.body, USERS))
    return await _done(call, person, 201)


async def replace_user(call: Call) -> Answer:
    """Let a user be what is given."""
    person_id = call.id(ids.PERSON, "user_id")
    user = read_resource(call.body, USERS)
    return await _done(
        call, await scim_users.replace_user(call.deps.desk, call.caller, person_id, user, expected(call))
    )


async def change_user(call: Call) -> Answer:
    """Change a user."""
    operations = read_operations(call.body)
    person = await scim_users.change_user(
        call.deps.desk,
        call.caller,
        call.id(ids.PERSON, "user_id"),
        lambda user: change(user, operations, USERS),
        expected(call),
    )
    return await _done(call, person)


async def remove_user(call: Call) -> Answer:
    """Take a user back."""
    await scim_users.remove_user(call.deps.desk, call.caller, call.id(ids.PERSON, "user_id"), expected(call))
    await call.deps.refresh()
    return Answer(status=204)


async def _done(call: Call, person: Person, status: int = 200) -> Answer:
    await call.deps.refresh()
    return await _answer_user(call, call.deps.rules().directory.people.get(person.id, person), status)
