"""A7: a shift is swapped over the night of the clock, by consent; pages, an open alert and the trace follow it.

Sentence by sentence:

- Sat 31 Oct 19:00 to Sun 07:00 is 13 h, 00:00Z to 13:00Z, Chen: the first line of the first test.
- Chen offers 01:00 to 07:00, the dialog shows 01:00 CDT and 01:00 CST, first preset: the notes in `Ring.swap`; Okafor
  consents: `answer_swap`. Chen 6 h, Okafor 7 h, no gap, no overlap: `Ring.spans`, instant by instant.
- Pages: 05:59:59Z Chen; 06:00:00Z, 06:30Z, 07:30Z Okafor: `Ring.paged_at`. Trace of each: role, holder, rule *swap*,
  local time with offset and UTC: `told` at the end of the first test.
- Alert open since 05:59Z: at 06:00Z Paged(okafor, HAND_OVER), Chen told: the second test.
- Eva moves the shift to 20:00: swap asks both again, old plan holds meanwhile: the third test.
- A shift from 02:30 on 14 Mar 2027 starts 08:00Z (03:00 CDT), said at save: test_oncall.py,
  `test_shifts_entered_by_the_wall_mean_what_the_save_says`.
- Both calendars feed the same instants: the last test, of what goes out, and of what another role takes in from that;
  test_calendars.py has it over HTTP.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest

from tests.stories.test_nobody_answers import Night, night
from tests.stories.test_oncall import CHICAGO, last_text
from tests.ward import OPERATOR, directory_desk
from wardwire.directory.calendars import calendar_of, foresee
from wardwire.directory.desk import DirectoryDesk
from wardwire.directory.oncall import enter_shift, move_shift, set_people, set_schedule, take_shift_away
from wardwire.directory.roles import add_role
from wardwire.directory.swaps import answer_swap, offer_swap, withdraw_swap
from wardwire.flow.trace import read_story
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.oncall import final
from wardwire.model.oncall_ical import read_calendar
from wardwire.model.oncall_plan import Agreed, Swap
from wardwire.model.people import Role, Shift
from wardwire.model.policy import Step
from wardwire.model.rights import PERSON_SCOPES, Caller
from wardwire.testing.ward import Member, Ward

HOUR, MINUTE, S = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)


def utc(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    """An instant of November 2026; day 0 is the last of October."""
    return datetime(2026, 10, 31, hour, minute, second, tzinfo=UTC) + timedelta(days=day)


class Ring(NamedTuple):
    """The ward on Saturday evening, with Dr. Chen on call from 19:00 to 07:00."""

    ward: Ward
    desk: DirectoryDesk
    role: Role
    shift: Shift

    def caller(self, member: Member) -> Caller:
        """Somebody who speaks for themselves."""
        return Caller(source="dev_1", scopes=PERSON_SCOPES, person_id=member.id)

    async def swap(self) -> Swap:
        """Chen offers one o'clock to seven, Okafor takes it."""
        swap, notes = await offer_swap(
            self.desk, self.caller(self.ward.chen), self.role.id, shift=ids.write_id(ids.SHIFT, self.shift.id),
            taker=self.ward.okafor.id, starts=datetime(2026, 11, 1, 1),
        )  # fmt: skip
        assert notes == (
            "01:00 comes twice that day, 01:00 CDT and 01:00 CST: it starts with the first, 01:00 CDT",
        )  # fmt: skip
        after = await answer_swap(self.desk, self.caller(self.ward.okafor), swap.id, accept=True)
        await self.ward.people.refresh(self.ward.connection)
        return after

    async def plan(self) -> Sequence[tuple[str, timedelta]]:
        """Who has how much of the night, in order."""
        await self.ward.people.refresh(self.ward.connection)
        directory = self.ward.people.directory
        segments = final(directory.roles[self.role.id], utc(1, 0), utc(1, 13))
        return [
            (directory.person_name(one.holding.person_id) if one.holding else "", one.ends_at - one.starts_at)
            for one in segments
        ]

    async def spans(self) -> Sequence[tuple[str, datetime, datetime]]:
        """Who has the night from when to when, in order."""
        await self.ward.people.refresh(self.ward.connection)
        directory = self.ward.people.directory
        segments = final(directory.roles[self.role.id], utc(1, 0), utc(1, 13))
        return [
            (directory.person_name(one.holding.person_id), one.starts_at, one.ends_at)
            for one in segments
            if one.holding is not None
        ]

    async def paged_at(self, instant: datetime) -> tuple[str, str]:
        """Whom a page reaches at an instant, and by which rule."""
        await self.ward.until(instant)
        (reach,) = (await self.ward.send(self.ward.anna, ["role:Cardiology 1st"])).recipients
        return reach.name, reach.why.partition(":")[0]


@pytest.fixture
async def ring(database_url: str) -> AsyncIterator[Ring]:
    """Saturday 31 October, 18:00 in Chicago."""
    async with Ward(database_url, start=utc(0, 23)) as ward, directory_desk(database_url, ward.clock) as desk:
        role = await add_role(desk, OPERATOR, name="Cardiology 1st", fallback="desk")
        await set_schedule(desk, OPERATOR, role.id, zone=CHICAGO, layers=[])
        await set_people(desk, OPERATOR, role.id, swappers=[ward.okafor.id])
        entered = await enter_shift(
            desk, OPERATOR, role.id, person_id=ward.chen.id, starts=datetime(2026, 10, 31, 19),
            ends=datetime(2026, 11, 1, 7),
        )  # fmt: skip
        await ward.people.refresh(ward.connection)
        yield Ring(ward, desk, role, entered.shift)


async def test_a7_a_swap_over_the_night_of_the_clock(ring: Ring) -> None:
    """H136: Chen 6 hours, Okafor 7, no gap and no overlap; the pages at both half past ones go to Okafor."""
    assert (ring.shift.starts_at, ring.shift.ends_at) == (utc(1, 0), utc(1, 13))
    await ring.swap()
    assert await ring.plan() == [("Dr. Chen", 6 * HOUR), ("Dr. Okafor", 7 * HOUR)]
    assert await ring.spans() == [
        ("Dr. Chen", utc(1, 0), utc(1, 6)),
        ("Dr. Okafor", utc(1, 6), utc(1, 13)),
    ]
    assert await ring.paged_at(utc(1, 5, 59, 59)) == ("Dr. Chen", "role")
    assert await ring.paged_at(utc(1, 6)) == ("Dr. Okafor", "swap")
    assert await ring.paged_at(utc(1, 6, 30)) == ("Dr. Okafor", "swap")
    assert await ring.paged_at(utc(1, 7, 30)) == ("Dr. Okafor", "swap")
    rows = await ring.ward.connection.fetch("SELECT id FROM messages WHERE kind = 'alert' ORDER BY id")
    told: list[tuple[str, str]] = []
    for row in rows:
        story = await read_story(ring.ward.connection, row["id"], ring.ward.people.directory)
        assert story is not None
        told.extend((reached.name, reached.why) for reached in story.people)
    assert told == [
        ("Dr. Chen", "holds the role Cardiology 1st, 2026-11-01T00:59:59-05:00 (05:59:59Z)"),
        ("Dr. Okafor", "took over the role Cardiology 1st, 2026-11-01T01:00:00-05:00 (06:00:00Z)"),
        ("Dr. Okafor", "holds the role Cardiology 1st by a swap, 2026-11-01T01:00:00-05:00 (06:00:00Z)"),
        ("Dr. Okafor", "holds the role Cardiology 1st by a swap, 2026-11-01T01:30:00-05:00 (06:30:00Z)"),
        ("Dr. Okafor", "holds the role Cardiology 1st by a swap, 2026-11-01T01:30:00-06:00 (07:30:00Z)"),
    ]


async def test_a7_an_open_alert_goes_over_with_the_swap(ring: Ring) -> None:
    """H136: open since a minute before one, it is Okafor's at one, and Chen is told."""
    ward = ring.ward
    await ring.swap()
    await ward.until(utc(1, 5, 59))
    one = await night(ward, Step(("role:Cardiology 1st",), 30 * MINUTE), Step(("desk",), MINUTE))
    message = (await ward.report("A1", bed="bed:4W-12")).message_id
    assert message is not None
    begun = len(one.heard(ward.okafor))
    await ward.until(utc(1, 6))
    assert one.heard(ward.okafor)[begun:] == [(60, "new")]
    assert one.heard(ward.chen)[-1] == (60, "handed_over")
    assert await ward.why(message, ward.okafor) == f"hand_over:{ids.write_id(ids.ROLE, ring.role.id)}"


async def test_a7_a_shift_that_moves_asks_both_again_and_the_old_plan_holds(ring: Ring) -> None:
    """H137: the shift had been moved by an hour, and each of them thought that the other one had the night."""
    ward, old = ring.ward, [("Dr. Chen", 6 * HOUR), ("Dr. Okafor", 7 * HOUR)]
    swap = await ring.swap()
    one = Night(ward, ward.clock.now(), ring.role.id, ring.role.id)
    await one.at(3)
    eva = await ward.add_person("Eva")
    await set_people(ring.desk, OPERATOR, ring.role.id, owners=[eva.id])
    await move_shift(ring.desk, ring.caller(eva), ring.shift.id, starts=datetime(2026, 10, 31, 20))
    assert await ring.plan() == old
    await one.at(6)
    for member in (ward.chen, ward.okafor):
        assert "the old plan holds" in await last_text(ward, member)
    half = await answer_swap(ring.desk, ring.caller(ward.chen), swap.id, accept=True)
    assert (half.state, await ring.plan()) == (Agreed.ASKED, old)
    with pytest.raises(Refused) as stranger:
        await answer_swap(ring.desk, ring.caller(ward.mallory), swap.id, accept=True)
    assert stranger.value.code is Code.NOT_PERMITTED
    await answer_swap(ring.desk, ring.caller(ward.okafor), swap.id, accept=True)
    assert await ring.plan() == [("", HOUR), ("Dr. Chen", 5 * HOUR), ("Dr. Okafor", 7 * HOUR)]


async def test_a7_both_calendars_feed_the_same_instants(ring: Ring) -> None:
    """H136: the swapped night goes out to the second, and means the same to a role that takes it in."""
    await ring.swap()
    directory, now = ring.ward.people.directory, ring.ward.clock.now()
    written = calendar_of(directory.roles[ring.role.id], directory, now)
    other = await add_role(ring.desk, OPERATOR, name="Cardiology by calendar", fallback="desk")
    names = re.sub(r"SUMMARY:Cardiology 1st: (.*) \(.*\)", r"SUMMARY:\1", written)  # as another system names people
    read = [
        (directory.person_name(shift.person_id), shift.starts_at, shift.ends_at)
        for shift, _ in foresee(other, directory, names, now)
    ]
    out = [
        (one.summary.partition(": ")[2].partition(" (")[0], one.starts_at, one.ends_at)
        for one in read_calendar(written, None)
    ]
    assert read == out == await ring.spans()


async def test_who_declines_ends_a_swap_and_the_moved_shift_is_its_owners(ring: Ring) -> None:
    """H137: no consent, no swap; what holds is said to both."""
    ward = ring.ward
    swap = await ring.swap()
    await move_shift(ring.desk, OPERATOR, ring.shift.id, starts=datetime(2026, 10, 31, 20))
    await answer_swap(ring.desk, ring.caller(ward.okafor), swap.id, accept=False)
    assert await ring.plan() == [("", HOUR), ("Dr. Chen", 12 * HOUR)]
    with pytest.raises(Refused) as again:
        await answer_swap(ring.desk, ring.caller(ward.chen), swap.id, accept=True)
    assert again.value.code is Code.ALREADY_ENDED


async def test_an_offer_alone_changes_nothing_and_needs_somebody_who_may(ring: Ring) -> None:
    """H138: he had asked her, she had not answered, and at one o'clock nobody came."""
    ward, shift = ring.ward, ids.write_id(ids.SHIFT, ring.shift.id)
    chen, whole = ring.caller(ward.chen), [("Dr. Chen", 13 * HOUR)]
    swap, _ = await offer_swap(ring.desk, chen, ring.role.id, shift=shift, taker=ward.okafor.id)
    assert await ring.plan() == whole
    for caller, taker, code in (
        (chen, ward.mallory, Code.NOT_PERMITTED),  # she is on no schedule of this role
        (ring.caller(ward.mallory), ward.okafor, Code.NOT_PERMITTED),  # it is not hers to offer
        (chen, ward.chen, Code.INVALID),
        (chen, ward.okafor, Code.CONFLICT),
    ):
        with pytest.raises(Refused) as refused:
            await offer_swap(ring.desk, caller, ring.role.id, shift=shift, taker=taker.id)
        assert refused.value.code is code
    await withdraw_swap(ring.desk, chen, swap.id)
    assert (await withdraw_swap(ring.desk, chen, swap.id)).state is Agreed.WITHDRAWN
    second = await ring.swap()
    with pytest.raises(Refused) as late:
        await withdraw_swap(ring.desk, chen, second.id)
    assert late.value.code is Code.TOO_LATE
    await take_shift_away(ring.desk, OPERATOR, ring.shift.id)
    assert await ring.plan() == [("", 13 * HOUR)]
    state = await ward.connection.fetchval("SELECT state FROM swaps WHERE id = $1", second.id)
    assert state == "lapsed"
