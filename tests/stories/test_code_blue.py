"""A3: code blue at 02:14:06, a team of nine, to the second; beside chats that fill the lanes each time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import pytest

from tests.stories.test_nobody_answers import MINUTE, Night, night
from wardwire.flow.statement import Statement, submission_of, write_statement
from wardwire.flow.submit import Submit
from wardwire.flow.trace import read_story
from wardwire.flow.views import Stored
from wardwire.model import ids
from wardwire.model.delivery import Event
from wardwire.model.errors import Code, Refused
from wardwire.model.policy import Ends, Quorum, Step
from wardwire.model.priority import Kind, Priority
from wardwire.testing.ward import Mail, Member, Ward

TEAM = Step(
    ("role:Leader", "role:Airway", "group:Code nurses"), 10 * MINUTE, ends=Ends.QUORUM,
    quorum=(Quorum("role:Leader"), Quorum("role:Airway", 1, "role:Airway day"), Quorum("group:Code nurses", 2)),
)  # fmt: skip
CALL: dict[str, Any] = {"place": "bed:4W-12", "priority": Priority.CODE, "text": "Code blue"}


class Team(NamedTuple):
    """Nine: a leader, an airway with a pager only, seven nurses; one more backs the airway up."""

    one: Night
    airway: Member
    backup: Member
    nurses: list[Member]
    ways: dict[str, Mail]

    @property
    def ringing(self) -> list[Member]:
        """Those with a phone of ours."""
        return [self.one.ward.chen, *self.nurses]


@pytest.fixture
async def team(ward: Ward) -> Team:
    """The night shift."""
    airway = await ward.add_person("Airway night", device=False)
    backup = await ward.add_person("Airway day")
    nurses = [ward.anna, ward.ben, *[await ward.add_person(f"Nurse {nth}") for nth in range(3, 8)]]
    for member in (*nurses[4:], ward.chen):
        for kind in ("sms", "voice"):
            await ward.add_endpoint(member, kind, "+1 555 0100")
    await ward.add_endpoint(airway, "pager", "8812")
    for name, holder in (("Leader", ward.chen), ("Airway", airway), ("Airway day", backup)):
        await ward.add_shift(await ward.add_role(name), holder, -MINUTE, 600 * MINUTE)
    await ward.add_group("Code nurses", nurses)
    ways = {kind: ward.add_channel(kind) for kind in ("pager", "sms", "voice")}
    return Team(await night(ward, TEAM, policy="Code blue"), airway, backup, nurses, ways)


class Chatter:
    """Two who talk all the time: what they say is put into the lanes, and nobody waits for it."""

    def __init__(self, ward: Ward, people: tuple[Member, Member]) -> None:
        self.ward, self.people = ward, people
        self.said = self.stored = 0

    def burst(self, count: int) -> None:
        """Say so much at once."""
        talker, listener = self.people
        caller = self.ward.caller(talker)
        for _ in range(count):
            statement = Statement(
                id=uuid4().hex, to=(listener.wire,), kind=Kind.CHAT, priority=Priority.LOW, text="Lunch?"
            )
            submission = submission_of(statement, source=caller.source, content=write_statement(statement))
            self.ward.lanes.put(Submit(submission, caller, self.ward.rules, self._done))
            self.said += 1

    def _done(self, result: object, _replayed: bool) -> None:
        assert isinstance(result, str), result
        self.stored += 1


@pytest.fixture(params=[0, 30], ids=["quiet", "beside chats"])
async def chatter(request: pytest.FixtureRequest, ward: Ward) -> AsyncIterator[tuple[Chatter, int]]:
    """Nobody talks, or thirty messages stand in the lanes each time that something happens."""
    people = await ward.add_person("Talker"), await ward.add_person("Listener")
    chatter = Chatter(ward, people)
    yield chatter, request.param
    await ward.quiet()
    assert chatter.stored == chatter.said


async def test_a3_to_the_second(ward: Ward, team: Team, chatter: tuple[Chatter, int]) -> None:
    """H56: all endpoints at once, SMS and voice at three seconds, quorum by role, the missing role and its backup."""
    one, (talk, count) = team.one, chatter

    async def say(member: Member, event: Event, *, at: float) -> None:
        """Somebody says something while everybody talks."""
        await one.at(at)
        talk.burst(count)
        await one.say(member, message, event, at=at)

    talk.burst(count)
    stored = await ward.send(ward.dora, [], **CALL)  # 02:14:06
    message = ids.read_id(ids.MESSAGE, stored.message)
    assert stored.recipient_count == 9
    await one.at(1)  # 02:14:07: what can ring at once, rings
    assert [one.heard(member) for member in team.ringing] == [[(0, "new")]] * 8
    assert (len(team.ways["pager"].sent), len(ward.mail.sent)) == (1, 2)  # Anna and Dr. Chen have e-mail
    for member in (ward.chen, *team.nurses[:5]):
        await say(member, Event.CONFIRMED, at=1)
    await one.at(2.9)
    assert (team.ways["sms"].sent, team.ways["voice"].sent) == ([], [])
    await one.at(3)  # 02:14:09: those two who have not confirmed, and nobody else
    assert (len(team.ways["sms"].sent), len(team.ways["voice"].sent)) == (2, 2)
    await say(ward.ben, Event.ACCEPT, at=14)  # 02:14:20: one of four; the rest ring on
    assert told(ward) == [("role:Leader", 0), ("role:Airway", 0), ("group:Code nurses", 1)]
    assert silent(one, team) == set()
    await say(ward.chen, Event.ACCEPT, at=20)
    await say(ward.anna, Event.ACCEPT, at=25)
    await one.at(29.9)
    assert (await one.alarmed(), one.heard(team.backup)) == ([], [])
    await one.at(30.1)  # 02:14:36: nobody who could intubate
    assert await one.alarmed() == [(30, "part_missing")]
    assert [text.partition(". ")[0] for _, text in await ward.alarms()] == [
        "An alert of priority code at 4W-12: Airway missing"
    ]
    assert one.heard(team.backup) == [(30, "new")]
    assert silent(one, team) == set()
    await say(team.backup, Event.CONFIRMED, at=31)
    await say(team.backup, Event.ACCEPT, at=44)  # 02:14:50: four of four, the ringing stops
    assert told(ward) == [("role:Leader", 1), ("role:Airway", 1), ("group:Code nurses", 2)]
    assert silent(one, team) == {member.name for member in team.nurses[2:]}
    assert {at for member in team.nurses[2:] for at, event in one.heard(member) if event == "taken"} == {44}
    await say(team.nurses[2], Event.ACCEPT, at=50)  # later accepts are recorded
    assert await ward.state(stored, team.nurses[2]) == "accepted"
    await one.at(84)  # 02:15:30: somebody else calls it, too
    with pytest.raises(Refused) as refused:
        await ward.send(ward.chen, [], **CALL)
    assert (refused.value.code, refused.value.fields["message"]) == (Code.CODE_RUNNING, stored.message)
    joined = await ward.send(ward.chen, [], add_to=stored.message, priority=Priority.CODE, text="Lift B")
    assert (joined.thread, joined.recipient_count) == (stored.thread, 9)  # ten by now, without himself
    assert await one.alarmed() == [(30, "part_missing")]
    await one.at(945)  # it is still open: whoever has it is asked
    assert one.heard(ward.chen)[-1] == (944, "still_active")
    await say(ward.chen, Event.KEEP, at=950)
    await one.at(1014)  # 02:31:00
    await ward.cancel(ward.caller(ward.dora), stored, all_clear=True)
    for member in (*team.ringing, team.backup):
        last = [heard for heard in ward.told[member.id] if heard.message_id == message][-1]
        assert (last.event, last.body.by, int((last.at - one.begin).total_seconds())) == ("all_clear", "Dora", 1014)
    await one.at(2000)
    assert "unanswered" not in [kind for _, kind in await one.alarmed()]
    await story_is(ward, message, stored)


def told(ward: Ward) -> list[tuple[str, int]]:
    """What everybody of the team was shown last: how many of each part are there."""
    return [(role, there) for role, (_, there) in ward.teams[-1].items()]


def silent(one: Night, team: Team) -> set[str]:
    """Whose phones have been told that somebody else has it."""
    return {member.name for member in team.ringing if ("taken" in [event for _, event in one.heard(member)])}


async def story_is(ward: Ward, message: UUID, stored: Stored) -> None:
    """The trace tells it in the same seconds."""
    story = await read_story(ward.connection, message, ward.people.directory)
    assert story is not None
    began: datetime = stored.at
    hops = [(int((hop.at - began).total_seconds()), hop.text) for hop in story.hops]
    for hop in (
        (14, "accepted by Ben"), (30, "of the team, role:Airway is missing: the desk is told"),
        (44, "taken by Ben, Dr. Chen, Anna, Airway day"), (50, "accepted by Nurse 3"),
        (1014, "all clear, said by Dora for Ben"), (1014, "closed: all_clear"),
    ):  # fmt: skip
        assert hop in hops
