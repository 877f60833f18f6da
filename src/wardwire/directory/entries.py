"""An entry of the directory as a console keeps it: what it is found by, and nothing that changes by itself."""

from __future__ import annotations

from uuid import UUID

import msgspec

from wardwire.directory.finder import DIALLED, KINDS
from wardwire.model import ids
from wardwire.model.canary import ROBOTS
from wardwire.model.people import Directory
from wardwire.model.places import above


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """What can be found. `gone`: it no longer can; then nothing but its kind and id is said.

    Attributes:
        kind: `person`, `role`, `group` or `place`.
        where: Departments and location; of a place, what it stands in.
        words: Other names of a person: given, family, preferred, as it is spoken.
        numbers: By which a person is reached: phones, pagers.
    """

    kind: str
    id: str
    name: str = ""
    title: str = ""
    where: str = ""
    words: list[str] = []
    numbers: list[str] = []
    sort: str = ""
    gone: bool = False


def entry_of(directory: Directory, kind: str, id: UUID) -> Entry:
    """Say what stands in the directory now."""
    written = ids.write_id(KINDS[kind], id)
    gone = Entry(kind=kind, id=written, gone=True)
    if kind == "person":
        return _person(directory, id, written) or gone
    if kind == "place":
        place = directory.places.get(id)
        if place is None or place.disabled:
            return gone
        _, *around = (one.name for one in above(directory, id))
        return Entry(kind=kind, id=written, name=place.name, title=place.kind, where=", ".join(around))
    thing = directory.roles.get(id) if kind == "role" else directory.groups.get(id)
    return gone if thing is None or thing.disabled else Entry(kind=kind, id=written, name=thing.name)


def _person(directory: Directory, id: UUID, written: str) -> Entry | None:
    person = directory.people.get(id)
    if person is None or person.disabled or id in ROBOTS:
        return None
    details = person.details
    dialled = [one.address for one in directory.endpoints_of.get(id, ()) if one.kind in DIALLED and not one.disabled]
    return Entry(
        kind="person",
        id=written,
        name=person.name,
        title=person.title,
        where=", ".join(filter(None, [*details.departments, details.location])),
        words=[word for word in dict.fromkeys(details.other_names) if word and word not in person.name.split()],
        numbers=list(dict.fromkeys([*details.phones, *dialled])),
        sort=details.sorted_by,
    )
