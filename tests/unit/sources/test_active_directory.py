"""What only Active Directory has, against a look-alike of it: ids, disabled accounts, changes by sequence number."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest

from tests.active_directory import DISABLED, DOMAIN, GROUPS, PEOPLE, LookAlike, look_alike
from wardwire.model.syncing import Reading
from wardwire.sources.contract import SourceFailed
from wardwire.sources.ldap import USUAL, LdapPlan, LdapSource


@pytest.fixture(scope="module")
def server() -> Iterator[LookAlike]:
    """One for the module."""
    with look_alike() as controller:
        yield controller


@pytest.fixture
def controller(server: LookAlike) -> LookAlike:
    """With three accounts."""
    server.entries.clear()
    server.asked.clear()
    server.invocation = UUID(int=7)
    server.put(0x1F, "Anna", title="nurse")
    server.put(2, "Ben")
    server.put(3, "Dr. Chen", control=DISABLED)
    return server


async def read(
    controller: LookAlike, mark: str = "", *, who: str = "", bases: tuple[str, ...] = (PEOPLE,)
) -> Reading:
    """Read it, two entries a page."""
    plan = LdapPlan(
        servers=(controller.address,), bases=bases, filter="objectClass=person", tls=False, mapped=USUAL, page=2,
        groups_bases=(GROUPS,), groups_filter="(objectClass=group)",
    )  # fmt: skip
    return await LdapSource(plan).read(mark, lambda count: None, who=who)


async def test_people_are_known_by_their_guid_and_a_disabled_account_has_left(controller: LookAlike) -> None:
    """The id is written as Windows writes it: its first half is stored backwards."""
    reading = await read(controller)
    assert reading.whole
    assert {one.id: one.gone for one in reading.found} == {
        "00000000-0000-0000-0000-00000000001f": False,
        "00000000-0000-0000-0000-000000000002": False,
        "00000000-0000-0000-0000-000000000003": True,
    }
    assert next(one for one in reading.found if one.id.endswith("1f")).values["title"] == [b"nurse"]


async def test_only_what_has_changed_is_read_of_the_same_controller(controller: LookAlike) -> None:
    """Numbers count for one controller in one life of its database; with another all of it is read."""
    mark = (await read(controller)).mark
    assert (await read(controller, mark)).found == []
    controller.put(2, "Ben Miller")
    reading = await read(controller, mark)
    assert (reading.whole, [one.id[-1] for one in reading.found]) == (False, ["2"])
    assert reading.mark != mark

    controller.invocation = UUID(int=8)
    reading = await read(controller, mark)
    assert (reading.whole, len(reading.found)) == (True, 3)
    assert (await read(controller, "usn of something else")).whole
    assert (await read(controller, "time 20261128000000")).whole


async def test_an_entry_of_two_bases_is_there_once_and_a_name_is_no_filter(controller: LookAlike) -> None:
    """Bases may lie in each other; what a name holds is looked for letter by letter."""
    assert len((await read(controller, bases=(PEOPLE, DOMAIN))).found) == 3
    controller.asked.clear()
    reading = await read(controller, who="*)(objectClass=*")
    assert (reading.found, reading.whole, reading.mark) == ([], False, "")
    assert b"*)(objectClass=*" in controller.asked[0]
    assert [one.id[-1] for one in (await read(controller, who="Ben")).found] == ["2"]


async def test_a_group_of_more_members_than_fit_is_read_to_its_end(controller: LookAlike) -> None:
    """They come a range at a time; when only changes are read, groups are not."""
    everybody = [f"CN=account {nth},{PEOPLE}" for nth in range(8)]
    controller.group(0x51, "Heart team", *everybody)
    controller.group(0x52, "Two", *everybody[:2])
    controller.group(0x53, "Nobody")
    reading = await read(controller)
    assert reading.groups is not None
    assert {one.name: list(one.members) for one in reading.groups} == {
        "Heart team": everybody,
        "Two": everybody[:2],
        "Nobody": [],
    }
    assert {one.id[-2:] for one in reading.groups} == {"51", "52", "53"}
    assert (await read(controller, reading.mark)).groups is None


async def test_a_server_that_is_not_there_is_told() -> None:
    """Nobody waits for it."""
    gone = LookAlike()
    gone.port = 1
    with pytest.raises(SourceFailed, match="no server lets us in"):
        await read(gone)
