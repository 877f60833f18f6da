"""On call: rotations, shifts and overrides decide who is paged when; open alerts follow; people are told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.stories.test_nobody_answers import MINUTE, Night, S, night
from tests.ward import OPERATOR, directory_desk
from wardwire.directory.desk import DirectoryDesk
from wardwire.directory.oncall import enter_shift, set_people, set_schedule, take_shift_away
from wardwire.directory.roles import add_role
from wardwire.model import ids
from wardwire.model.delivery import Event
from wardwire.model.errors import Code, Refused
from wardwire.model.people import Role
from wardwire.model.policy import Step
from wardwire.model.rights import PERSON_SCOPES, Caller
from wardwire.store.oncall import LayerText
from wardwire.testing.ward import Member, Ward

CHICAGO = "America/Chicago"
HOUR = timedelta(hours=1)


@pytest.fixture
async def desk(ward: Ward, database_url: str) -> AsyncIterator[DirectoryDesk]:
    """Where the ward's schedules are changed."""
    async with directory_desk(database_url, ward.clock) as desk:
        yield desk


def days(name: str, starts: datetime, length_h: float, *people: Member) -> LayerText:
    """A rotation."""
    return LayerText(name=name, participants=tuple(one.wire for one in people), starts=starts, length_h=length_h)


async def cardiology(ward: Ward, desk: DirectoryDesk, *layers: LayerText) -> Role:
    """Cardiology 1st with these rotations, in Chicago."""
    role = await add_role(desk, OPERATOR, name="Cardiology 1st", fallback="desk")
    await set_schedule(desk, OPERATOR, role.id, zone=CHICAGO, layers=layers)
    await ward.people.refresh(ward.connection)
    return role


async def paged(ward: Ward) -> tuple[str, str]:
    """Whom a page to the role reaches now, and by which rule."""
    (reach,) = (await ward.send(ward.anna, ["role:Cardiology 1st"])).recipients
    return reach.name, reach.why.partition(":")[0]


async def at(ward: Ward, instant: datetime) -> None:
    """Let time pass up to an instant."""
    await ward.until(instant)


async def test_a_page_to_a_role_goes_to_whose_turn_it_is_at_that_instant(ward: Ward, desk: DirectoryDesk) -> None:
    """H130: the list on the wall said another name; to the second, by the clock on the wall."""
    begin = ward.clock.now().astimezone(UTC).replace(microsecond=0)
    starts = (begin + 10 * MINUTE).replace(tzinfo=None)
    role = await add_role(desk, OPERATOR, name="Cardiology 1st", fallback="desk")
    layers = [days("first", starts, 1, ward.chen, ward.okafor)]
    await set_schedule(desk, OPERATOR, role.id, zone="UTC", layers=layers)
    await ward.people.refresh(ward.connection)
    assert await paged(ward) == ("Dora", "fallback")
    await at(ward, begin + 10 * MINUTE - S)
    assert await paged(ward) == ("Dora", "fallback")
    await at(ward, begin + 10 * MINUTE)
    assert await paged(ward) == ("Dr. Chen", "layer")
    await at(ward, begin + 70 * MINUTE - S)
    assert await paged(ward) == ("Dr. Chen", "layer")
    await at(ward, begin + 70 * MINUTE)
    assert await paged(ward) == ("Dr. Okafor", "layer")


async def test_an_override_goes_first_and_an_open_alert_follows_it(ward: Ward, desk: DirectoryDesk) -> None:
    """H131: he had been relieved at once, and the alert stayed with him until his shift would have ended."""
    begin = ward.clock.now()
    role = await cardiology(ward, desk, days("first", datetime(2020, 1, 1), 24, ward.chen))
    one = await night(ward, Step(("role:Cardiology 1st",), 30 * MINUTE), Step(("desk",), MINUTE))
    message = (await ward.report("A1", bed="bed:4W-12")).message_id
    assert message is not None
    await one.say(ward.chen, message, Event.CONFIRMED, at=1)
    await enter_shift(
        desk, OPERATOR, role.id, person_id=ward.okafor.id, starts=begin + MINUTE, ends=begin + HOUR, override=True
    )
    await one.at(59)
    assert [event for _, event in one.heard(ward.okafor)].count("new") == 1  # that she is on call, not the alert
    await at(ward, begin + MINUTE)
    assert one.heard(ward.chen)[-1][1] == "handed_over"
    assert await ward.why(message, ward.okafor) == f"hand_over:{ids.write_id(ids.ROLE, role.id)}"
    assert await paged(ward) == ("Dr. Okafor", "override")


async def test_whose_turns_change_is_told(ward: Ward, desk: DirectoryDesk) -> None:
    """H132: nobody had told her that she was on call that night."""
    begin = ward.clock.now()
    role = await add_role(desk, OPERATOR, name="Cardiology 1st", fallback="desk")
    made = await enter_shift(
        desk, OPERATOR, role.id, person_id=ward.chen.id, starts=begin + HOUR, ends=begin + 9 * HOUR
    )
    one = Night(ward, begin, role.id, role.id)
    await one.at(3)
    assert one.heard(ward.chen) == [(2, "new")]
    assert await last_text(ward, ward.chen) == (
        f"Cardiology 1st: you are on call from {begin + HOUR:%a %d %b %H:%M} UTC"
        f" to {begin + 9 * HOUR:%a %d %b %H:%M} UTC."
    )
    await take_shift_away(desk, OPERATOR, made.shift.id)
    await one.at(6)
    assert "no longer on call" in await last_text(ward, ward.chen)
    assert await ward.connection.fetchval("SELECT count(*) FROM notices") == 0
    assert one.heard(ward.mallory) == []


async def last_text(ward: Ward, member: Member) -> str:
    """What the last message of somebody says."""
    content: bytes = await ward.connection.fetchval(
        "SELECT content FROM messages m JOIN deliveries d ON d.message_id = m.id"
        " WHERE d.person_id = $1 ORDER BY m.id DESC LIMIT 1", member.id,
    )  # fmt: skip
    from wardwire.flow.statement import read_statement

    return read_statement(content).text


async def test_an_override_in_the_past_and_a_role_without_fallback_are_refused(
    ward: Ward, desk: DirectoryDesk
) -> None:
    """H133: what has happened is not rewritten; nobody finds a role that nobody answers for."""
    role = await cardiology(ward, desk, days("first", datetime(2020, 1, 1), 24, ward.chen))
    now = ward.clock.now()
    with pytest.raises(Refused) as late:
        await enter_shift(
            desk, OPERATOR, role.id, person_id=ward.okafor.id, starts=now - HOUR, ends=now + HOUR, override=True
        )
    with pytest.raises(Refused) as bare:
        await add_role(desk, OPERATOR, name="Neurology 1st")
    assert (late.value.code, bare.value.code) == (Code.TOO_LATE, Code.FALLBACK_REQUIRED)
    for far in (datetime.min, datetime.max, datetime(9999, 12, 31, tzinfo=UTC)):
        with pytest.raises(Refused) as never:
            await enter_shift(desk, OPERATOR, role.id, person_id=ward.okafor.id, starts=far, ends=far)
        assert never.value.code is Code.INVALID
    assert (await ward.connection.fetchval("SELECT count(*) FROM shifts")) == 0


async def test_shifts_entered_by_the_wall_mean_what_the_save_says(ward: Ward, desk: DirectoryDesk) -> None:
    """H134 (A7): from 02:30 on the night that leaves it out, and to 01:30 on the night that has it twice."""
    role = await cardiology(ward, desk, days("first", datetime(2020, 1, 1), 24, ward.chen))
    spring = await enter_shift(
        desk, OPERATOR, role.id, person_id=ward.chen.id, starts=datetime(2027, 3, 14, 2, 30),
        ends=datetime(2027, 3, 14, 8),
    )  # fmt: skip
    assert spring.shift.starts_at == datetime(2027, 3, 14, 8, tzinfo=UTC)
    assert spring.notes == ("02:30 is left out that day: it starts at 03:00 CDT",)
    first = await enter_shift(
        desk,
        OPERATOR,
        role.id,
        person_id=ward.chen.id,
        starts=datetime(2027, 11, 6, 19),
        ends=datetime(2027, 11, 7, 1, 30),
    )
    second = await enter_shift(
        desk,
        OPERATOR,
        role.id,
        person_id=ward.okafor.id,
        starts=datetime(2027, 11, 7, 1, 30),
        ends=datetime(2027, 11, 7, 7),
    )
    assert first.shift.ends_at - second.shift.starts_at == HOUR
    assert first.notes == ("01:30 comes twice that day, 01:30 CDT and 01:30 CST: it ends with the last, 01:30 CST",)


async def test_an_owner_changes_a_schedule_and_nobody_else_does(ward: Ward, desk: DirectoryDesk) -> None:
    """H135: Mallory put herself on call; Eva, who plans it, may without any right to the directory."""
    role = await cardiology(ward, desk, days("first", datetime(2020, 1, 1), 24, ward.chen))
    await set_people(desk, OPERATOR, role.id, owners=[ward.ben.id])
    now = ward.clock.now()

    async def enter(member: Member) -> None:
        caller = Caller(source="dev_1", scopes=PERSON_SCOPES, person_id=member.id)
        await enter_shift(
            desk, caller, role.id, person_id=member.id, starts=now + MINUTE, ends=now + HOUR, override=True
        )

    await enter(ward.ben)
    for stranger in (ward.mallory, ward.chen):
        with pytest.raises(Refused) as refused:
            await enter(stranger)
        assert refused.value.code is Code.NOT_PERMITTED
    await ward.people.refresh(ward.connection)
    assert len(ward.people.directory.roles[role.id].shifts) == 1
