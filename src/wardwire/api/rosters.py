"""Lists of people from another system over HTTP: looked at first, then taken in; and groups, before they are made."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from wardwire.api.directory import changed, read_ids, write_operation
from wardwire.api.directory_wire import GroupIds, RuleText
from wardwire.api.operation import Answer, Call, Query
from wardwire.api.wire import PersonId
from wardwire.directory.importing import import_people, name_busy
from wardwire.model import ids
from wardwire.model.details import FIELDS
from wardwire.model.errors import Code, Refused
from wardwire.model.groups import match_group, members_of
from wardwire.model.membership import read_rule
from wardwire.model.names import clean_source
from wardwire.model.people import Group, Person
from wardwire.model.roster import Changes, Unfit, compare, read_roster

MAX_LIST = 2 * 1024 * 1024
MOST_SHOWN = 500


class RosterIn(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A list as CSV; its first row names the columns, of which `id` and `name` must be there.

    `source` is the system whose ids these are. Who is no longer in it is disabled; more than a tenth of those whom it
    knows only with `confirm_removals`.
    """

    source: Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9._-]{0,59}$")]
    csv: Annotated[str, Meta(min_length=1)]
    confirm_removals: bool = False


class FieldChange(msgspec.Struct, frozen=True):
    """A field of somebody that would be another than it is."""

    field: str
    before: str
    after: str


class Newcomer(msgspec.Struct, frozen=True):
    """Somebody who would be added."""

    external_id: str
    name: str
    title: str


class Altered(msgspec.Struct, frozen=True):
    """Somebody who would be changed; who was disabled is there again."""

    id: str
    name: str
    fields: list[FieldChange]


class Leaver(msgspec.Struct, frozen=True):
    """Somebody who would be disabled. `open`: a message is on its way to them, or an alert has them."""

    id: str
    name: str
    open: bool


class RosterOut(msgspec.Struct, frozen=True):
    """What a list changes. Of each kind the first 500 are named; the counts are of all.

    `many_leave`: more than a tenth would be disabled, so that it must be confirmed.
    """

    dry_run: bool
    added: int
    changed: int
    disabled: int
    same: int
    many_leave: bool
    add: list[Newcomer]
    change: list[Altered]
    disable: list[Leaver]


class GroupSketch(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A group as it would be."""

    members: Annotated[list[PersonId], Meta(max_length=10_000)] = []
    groups: GroupIds = []
    rule: RuleText = ""


class Sketched(msgspec.Struct, frozen=True):
    """Somebody who would be in it."""

    id: str
    name: str
    title: str


class GroupPreview(msgspec.Struct, frozen=True):
    """Who would be in a group: how many, and the first hundred. `ruled`: how many of them its rule finds."""

    people_count: int
    ruled: int
    people: list[Sketched]


async def import_roster(call: Call) -> Answer:
    """Take a list in, or say what would come of it."""
    body: RosterIn = call.body
    source, dry = clean_source(body.source), bool(call.query.get("dry_run"))
    everybody = list(call.deps.rules().directory.everybody())

    def decide() -> Changes:
        return compare(read_roster(body.csv.encode()), everybody, source)

    try:
        changes = await asyncio.to_thread(decide)
    except Unfit as unfit:
        # What a cell says is never part of a problem.
        raise Refused(Code.ROSTER_INVALID, "; ".join(map(str, unfit.problems)), pointer="/csv") from None
    busy = await call.read(lambda connection: name_busy(connection, changes.disable))
    shown = _show(changes, frozenset(person.id for person in busy), dry)
    if dry:
        return Answer(body=shown)
    if changes.many_leave and not body.confirm_removals:
        detail = f"{changes}: more than a tenth of those whom the source knows would be disabled; nothing was changed"
        raise Refused(Code.REMOVALS_UNCONFIRMED, detail, pointer="/confirm_removals")
    await import_people(call.deps.desk, call.caller, changes, source=source)
    return await changed(call, Answer(body=shown))


def _show(changes: Changes, busy: frozenset[UUID], dry: bool) -> RosterOut:
    return RosterOut(
        dry_run=dry,
        added=len(changes.add),
        changed=len(changes.change),
        disabled=len(changes.disable),
        same=changes.same,
        many_leave=changes.many_leave,
        add=[Newcomer(row.id, row.name, row.title or "") for row in changes.add[:MOST_SHOWN]],
        change=[
            Altered(ids.write_id(ids.PERSON, after.id), after.name, _fields(before, after))
            for before, after in changes.change[:MOST_SHOWN]
        ],
        disable=[
            Leaver(ids.write_id(ids.PERSON, one.id), one.name, one.id in busy) for one in changes.disable[:MOST_SHOWN]
        ],
    )


def _fields(before: Person, after: Person) -> list[FieldChange]:
    pairs = [(field, getattr(before, field), getattr(after, field)) for field in ("name", "title", "disabled")]
    pairs += [(field, getattr(before.details, field), getattr(after.details, field)) for field in FIELDS]
    return [FieldChange(field, _written(was), _written(now)) for field, was, now in pairs if was != now]


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "; ".join(map(str, value)) if isinstance(value, tuple) else str(value)


async def preview_group(call: Call) -> Answer:
    """Say who would be in a group, of the directory as it is."""
    body: GroupSketch = call.body
    directory = call.deps.rules().directory
    members, within = read_ids(ids.PERSON, body.members, "/members"), read_ids(ids.GROUP, body.groups, "/groups")
    for pointer, named, table in (("/members", members, directory.people), ("/groups", within, directory.groups)):
        if any(one not in table for one in named):
            raise Refused(Code.NOT_FOUND, "there is nothing of this id", pointer=pointer)
    rule = body.rule.strip()
    sketch = Group(
        id=ids.new_id(call.deps.clock.now()),
        name="",
        members=tuple(dict.fromkeys(members)),
        groups=tuple(dict.fromkeys(within)),
        rule=read_rule(rule) if rule else None,
    )
    imagined = replace(
        directory,
        groups={**directory.groups, sketch.id: sketch},
        matched=dict(directory.matched),
        worked_out={},
    )
    await asyncio.to_thread(match_group, imagined, None, sketch)
    people = [directory.people[one] for one in members_of(imagined, sketch.id) if one in directory.people]
    return Answer(
        body=GroupPreview(
            people_count=len(people),
            ruled=len(imagined.matched.get(sketch.id, {})),
            people=[Sketched(ids.write_id(ids.PERSON, one.id), one.name, one.title) for one in people[:100]],
        )
    )


_DRY = Query(name="dry_run", kind="boolean", about="Only say what would come of it.", default=False)

OPERATIONS = (
    replace(
        write_operation(
            "importPeople", "POST", "/v1/people/import",
            "Take in a list of people from another system: new ones are added, others changed, and who is no longer"
            " in it is disabled. The same again changes nothing.",
            import_roster, RosterIn, 200, RosterOut, Code.ROSTER_INVALID, Code.REMOVALS_UNCONFIRMED,
            Code.EXTERNAL_ID_TAKEN, Code.COMMIT_UNKNOWN, example={"source": "hr", "csv": "id,name\n17,Anna\n"},
        ),
        query=(_DRY,),
        most=MAX_LIST,
    ),
    write_operation(
        "previewGroup", "POST", "/v1/groups/preview",
        "Say who would be in a group with these members, groups and rule. Nothing is kept.",
        preview_group, GroupSketch, 200, GroupPreview, Code.NOT_FOUND, Code.TEXT_TOO_LONG,
        example={"rule": 'department = "Cardiology"'},
    ),
)  # fmt: skip
