"""Enters a whole house at once: people, groups, roles with shifts, places with who has them, policies.

One change, one fact, a second for a thousand people; all of it or nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from wardwire.directory.desk import Change, DirectoryDesk
from wardwire.directory.places import check_zone
from wardwire.directory.scopes import check_scopes
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.names import clean_address, clean_line, clean_name
from wardwire.model.oncall_plan import check_rota
from wardwire.model.people import Endpoint, Group, Person, Role, Shift
from wardwire.model.places import INSIDE, Assignment, Place
from wardwire.model.policy import Policy
from wardwire.model.rights import Caller
from wardwire.store import endpoints, groups, oncall, people, places, policies, roles

MAX_OF_A_KIND = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What is to be entered, with ids of its own: they name each other by them. Versions come with the entering.

    Policies are entered as they are: whoever makes them up checks them (model/policy.check_policy) once all of it is
    there.
    """

    people: tuple[Person, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    groups: tuple[Group, ...] = ()
    roles: tuple[Role, ...] = ()
    shifts: tuple[Shift, ...] = ()
    policies: tuple[Policy, ...] = ()
    places: tuple[Place, ...] = ()
    assignments: tuple[Assignment, ...] = ()

    def counts(self) -> dict[str, int]:
        """Return how many of each kind."""
        return {name: len(getattr(self, name)) for name in self.__slots__}


async def enter_house(desk: DirectoryDesk, caller: Caller, house: House) -> int:
    """Enter all of it; returns the directory's version that has it.

    Raises:
        Refused: `NAME_TAKEN`, `NOT_FOUND`, `TOO_MANY`, `INVALID`, `NOT_PERMITTED`; nothing was entered.
    """
    if max(house.counts().values()) > MAX_OF_A_KIND:
        raise Refused(Code.TOO_MANY, f"at most {MAX_OF_A_KIND} of a kind at once")
    _check(house, caller)

    async def work(change: Change) -> int:
        connection, version = change.connection, change.version
        await people.insert_people(connection, house.people, version)
        await endpoints.insert_endpoints(connection, house.endpoints, version)
        await groups.insert_groups(connection, house.groups, version)
        await roles.insert_roles(connection, house.roles, version)
        for role in house.roles:
            if role.rota is not None:
                await oncall.write_rota(connection, role.id, role.rota, version)
        await roles.insert_shifts(connection, [replace(shift, version=version) for shift in house.shifts])
        for policy in house.policies:
            await policies.insert_policy(connection, policy._replace(version=version), change.now)
        if house.places:
            await places.insert_places(connection, house.places, version)
        if house.assignments:
            made = [replace(assignment, version=version) for assignment in house.assignments]
            await places.insert_assignments(connection, made)
        change.record("house_entered", house.counts())
        return version

    return await desk.change(caller, work)


def _check(house: House, caller: Caller) -> None:
    for person in house.people:
        check_scopes(caller, person.scopes)
        clean_line(person.title, "/people/title")
    for endpoint in house.endpoints:
        clean_address(endpoint.kind, endpoint.address, "/endpoints/address")
    for kind in ("people", "groups", "roles", "policies", "places"):
        for thing in getattr(house, kind):
            if clean_name(thing.name, f"/{kind}/name") != thing.name:
                raise Refused(Code.INVALID, "a name is not in its normal form", pointer=f"/{kind}/name")
    for role in house.roles:
        if role.rota is not None:
            check_rota(role.rota)
    known = {place.id: place for place in house.places}
    for place in house.places:
        parent = known.get(place.parent) if place.parent else None
        check_zone(place.kind, place.zone)
        if (parent.kind if parent else None) not in INSIDE[place.kind]:
            written = ids.write_id(ids.PLACE, place.id)
            raise Refused(Code.INVALID, "a place stands in the wrong kind, or in one that is not entered with it",
                          pointer="/places/parent", place=written)  # fmt: skip
