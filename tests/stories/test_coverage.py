"""A4: a consult while somebody is in a procedure: who is told, who covers, and what happens when they are back.

Sentence by sentence, by the clock in Chicago on Friday, 4 December:

- 10:00, Chen *in procedure* to 11:30, Okafor covers alerts: `away`, read back as 10:05 and 11:29:59 have it.
- 10:05:00, before sending she reads *in procedure until 11:30, Okafor covers*: `foreseen`, at 300 s.
- As chat it waits silently: his one event at 300 s does not ring, and nobody hears more of it up to 1,200 s.
- 10:20:00 unanswered: its delivery is *delivered*, no answer. 10:20:10 she makes it an alert, Paged(okafor,
  COVERS chen): 1,210 s, `covers:`; text attached: Okafor's event says it; Chen has it in silence.
- 10:21:00 Okafor accepts, Chen sees who has it: his event *taken* at 1,260 s names her.
- 11:30:00 status ends by itself: still so at 5,399 s, over at 5,400 s; Chen gets the list: 1 item.
- Okafor names Chen for the same hour: `coverage_loop`, the chain; off without: `cover_required`: the third test.
- Mallory opens the conversation's address: 404, the fact AccessDenied, 0 bytes of text in logs: the fourth test.
"""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import structlog

from tests.stories.test_nobody_answers import MINUTE, Night
from tests.stories.test_oncall import last_text
from tests.stories.test_rest import opened, told
from tests.ward import OPERATOR, directory_desk
from wardwire.devices.catchup import render_page
from wardwire.devices.frames import Event, read_down
from wardwire.directory.desk import DirectoryDesk
from wardwire.directory.oncall import set_people
from wardwire.directory.people import set_status
from wardwire.flow.statement import Statement, submission_of, write_statement
from wardwire.flow.submit import dry_run
from wardwire.flow.views import Reach
from wardwire.model import ids
from wardwire.model.delivery import Event as Said
from wardwire.model.errors import Code, Refused
from wardwire.model.people import Status
from wardwire.model.policy import Step
from wardwire.model.priority import Kind, Priority
from wardwire.model.rights import PERSON_SCOPES, SEND, Caller
from wardwire.store.inbox import read_heads, read_page
from wardwire.testing.ward import Member, Ward

TEN = datetime(2026, 12, 4, 16, tzinfo=UTC)  # in Chicago
UNTIL = TEN + timedelta(minutes=90)


@pytest.fixture
async def ward(database_url: str) -> AsyncIterator[Ward]:
    """Friday, 4 December, 10:00 in Chicago."""
    async with Ward(database_url, start=TEN) as ward:
        yield ward


@pytest.fixture
async def desk(ward: Ward, database_url: str) -> AsyncIterator[DirectoryDesk]:
    """Where a status is set."""
    async with directory_desk(database_url, ward.clock) as desk:
        yield desk


async def away(
    ward: Ward, desk: DirectoryDesk, who: Member, cover: str, status: Status = Status.IN_PROCEDURE,
    until: datetime | None = UNTIL,
) -> None:  # fmt: skip
    """Somebody says what they are, and who covers."""
    caller = Caller(source="dev_1", scopes=PERSON_SCOPES, person_id=who.id)
    directory = ward.people.directory
    await set_status(desk, caller, who.id, status, until, cover=cover, directory=directory)
    await ward.people.refresh(ward.connection)


def foreseen(ward: Ward, to: str, kind: Kind, priority: Priority) -> list[Reach]:
    """What Anna reads before she sends."""
    statement = Statement(id="x", to=(to,), kind=kind, priority=priority, text="Consult, please.")
    submission = submission_of(statement, source="dev_1", content=write_statement(statement))
    return dry_run(submission, ward.caller(ward.anna), ward.rules(), ward.clock.now()).recipients


async def test_a4_a_consult_with_cover(ward: Ward, desk: DirectoryDesk) -> None:
    """H139: she had paged him three times; he stood at the table, and nobody had said who came in his stead."""
    await away(ward, desk, ward.chen, ward.okafor.wire)
    await ward.add_policy("Consult", Step(("person:Dr. Chen",), 30 * MINUTE))
    one = Night(ward, TEN, UNTIL, UNTIL)  # type: ignore[arg-type]
    await one.at(300)
    (read,) = foreseen(ward, "Dr. Chen", Kind.CHAT, Priority.MEDIUM)
    assert (read.status, read.until, read.cover) == ("in_procedure", UNTIL, "Dr. Okafor")
    chat = await ward.send(ward.anna, ["Dr. Chen"], kind=Kind.CHAT, priority=Priority.MEDIUM, text="Consult, please.")
    assert not ward.told[ward.chen.id][-1].body.rings
    await ward.say(ward.chen, chat, Said.CONFIRMED)
    told_of_cover = [event for _, event in one.heard(ward.okafor)]
    await one.at(20 * 60)
    assert one.heard(ward.chen) == [(300, "new")]
    assert [event for _, event in one.heard(ward.okafor)] == told_of_cover, "as chat it rings nobody"
    assert await ward.state(chat, ward.chen) == "delivered"
    await one.at(20 * 60 + 10)
    begun = len(ward.events(ward.okafor))
    alert, _ = await ward.escalate(ward.anna, chat, policy="Consult")
    message = ids.read_id(ids.MESSAGE, alert.message)
    assert one.heard(ward.okafor)[begun:] == [(1210, "new")]
    assert await ward.why(message, ward.okafor) == f"covers:{ward.chen.wire}"
    assert ward.told[ward.okafor.id][-1].body.rings
    assert "Consult, please." in await last_text(ward, ward.okafor)
    assert await ward.why(message, ward.chen) == f"covered:{ward.okafor.wire}"
    assert not ward.told[ward.chen.id][-1].body.rings
    await one.say(ward.okafor, message, Said.CONFIRMED, at=1211)
    await one.say(ward.okafor, message, Said.ACCEPT, at=1260)
    assert one.heard(ward.chen)[-1] == (1260, "taken")
    assert ward.told[ward.chen.id][-1].body.name == "Dr. Okafor"
    await one.at(90 * 60 - 1)
    assert foreseen(ward, "Dr. Chen", Kind.ALERT, Priority.HIGH)[0].status == "in_procedure"
    heard = len(ward.events(ward.chen))
    await one.at(90 * 60)
    assert one.heard(ward.chen)[heard:] == [(5400, "new")]
    assert await last_text(ward, ward.chen) == "1 item came while you were away."
    assert foreseen(ward, "Dr. Chen", Kind.ALERT, Priority.HIGH)[0].status == ""
    assert await ward.connection.fetchval("SELECT count(*) FROM deadlines WHERE kind = 'back'") == 0


async def test_a4_without_a_policy_the_cover_is_paged_too(ward: Ward, desk: DirectoryDesk) -> None:
    """H139: an alert to him by name reaches her, and he has a copy that is silent; a code rings both."""
    await away(ward, desk, ward.chen, ward.okafor.wire)
    alert = await ward.send(ward.anna, ["Dr. Chen"])
    assert [(one.name, one.why.partition(":")[0]) for one in alert.recipients] == [
        ("Dr. Chen", "covered"),
        ("Dr. Okafor", "covers"),
    ]
    assert [ward.told[one.id][-1].body.rings for one in (ward.chen, ward.okafor)] == [False, True]
    await ward.send(ward.dora, ["Dr. Chen"], priority=Priority.CODE)
    assert [ward.told[one.id][-1].body.rings for one in (ward.chen, ward.okafor)] == [True, True]
    await ward.until(UNTIL)
    late = await ward.send(ward.anna, ["Dr. Chen"])
    assert [(one.name, one.why) for one in late.recipients] == [("Dr. Chen", "named")]


async def test_a4_loops_and_absence_without_cover_are_refused(ward: Ward, desk: DirectoryDesk) -> None:
    """H139: each had named the other; he had gone home, and named nobody."""
    await away(ward, desk, ward.chen, ward.okafor.wire)
    with pytest.raises(Refused) as loop:
        await away(ward, desk, ward.okafor, ward.chen.wire)
    assert loop.value.code is Code.COVERAGE_LOOP
    assert loop.value.fields["chain"] == ["Dr. Okafor", "Dr. Chen", "Dr. Okafor"]
    with pytest.raises(Refused) as off:
        await away(ward, desk, ward.okafor, "", Status.OFF)
    assert off.value.code is Code.COVER_REQUIRED
    assert ward.people.directory.people[ward.okafor.id].status is Status.AVAILABLE


async def test_a4_mallory_opens_the_conversation(
    ward: Ward, desk: DirectoryDesk, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """H139: not even that it exists; that she tried is a fact, and no log has a word of what was said."""
    caplog.set_level(logging.DEBUG)
    await away(ward, desk, ward.chen, ward.okafor.wire)
    async with opened(ward, database_url) as door:
        with structlog.testing.capture_logs() as lines:
            chat = await ward.send(
                ward.anna, ["Dr. Chen"], kind=Kind.CHAT, priority=Priority.LOW, text="Consult, K+ 6.8"
            )
            mallory = await door.key("mallory", SEND)
            for rest in ("", "/deliveries", "/trace"):
                assert told(await door.get(mallory, f"/v1/messages/{chat.message}{rest}")) == (404, "not_found")
            await ward.quiet()
    facts = await ward.connection.fetch("SELECT body FROM facts WHERE kind = 'AccessDenied' ORDER BY seq")
    denied = json.loads(facts[0]["body"])
    assert (denied["who"], denied["code"]) == ("mallory", "not_permitted")
    assert "6.8" not in f"{lines} {caplog.text}"
    assert all("6.8" not in row["body"] for row in await ward.connection.fetch("SELECT body FROM facts"))


async def test_a_number_goes_through_the_desk_and_hold_keeps_what_can_wait(ward: Ward, desk: DirectoryDesk) -> None:
    """H139: the operator transfers; what is kept is never urgent, and comes when they are back."""
    await away(ward, desk, ward.chen, "number:+1 555 0100")
    through = foreseen(ward, "Dr. Chen", Kind.ALERT, Priority.HIGH)
    assert [(one.name, one.cover) for one in through] == [("Dr. Chen", "+1 555 0100, through the desk"), ("Dora", "")]
    await away(ward, desk, ward.ben, "hold", Status.OFF)
    await ward.send(ward.anna, ["Ben"], priority=Priority.MEDIUM)
    assert [told.body.rings for told in ward.told[ward.ben.id]] == [False]
    await ward.send(ward.anna, ["Ben"], priority=Priority.HIGH)
    assert ward.told[ward.ben.id][-1].body.rings
    await ward.until(UNTIL)
    assert await last_text(ward, ward.ben) == "2 items came while you were away."
    assert await ward.connection.fetchval("SELECT count(*) FROM people WHERE in_procedure") == 1


async def test_an_operator_says_it_for_somebody_and_the_former_deadline_goes(ward: Ward, desk: DirectoryDesk) -> None:
    """Back sooner than thought: nothing rings at the old time."""
    await away(ward, desk, ward.chen, ward.okafor.wire)
    await set_status(desk, OPERATOR, ward.chen.id, Status.AVAILABLE)
    await ward.people.refresh(ward.connection)
    assert ward.people.directory.people[ward.chen.id].cover == ""
    assert await ward.connection.fetchval("SELECT count(*) FROM deadlines WHERE kind = 'back'") == 0


async def test_what_was_sent_in_silence_stays_silent_after_a_reconnect(ward: Ward, desk: DirectoryDesk) -> None:
    """H252: the phone found its network again in the theatre, and rang for what Ben had come for already."""
    role = await ward.add_role("Cardiology 1st")
    await ward.add_shift(role, ward.chen, -MINUTE, 60 * MINUTE)
    await set_people(desk, OPERATOR, role, monitors=[ward.mallory.id])
    await away(ward, desk, ward.chen, ward.ben.wire)
    for priority in (Priority.HIGH, Priority.CODE):
        await ward.send(ward.dora, ["role:Cardiology 1st"], priority=priority)
    await ward.settle()
    rings = []
    for member in (ward.chen, ward.ben, ward.mallory):
        head = (await read_heads(ward.connection, [member.id]))[member.id]
        page = await read_page(ward.connection, member.id, after=0, upto=head, limit=100)
        frames = [read_down(frame) for frame in render_page(page, 1, ward.people.directory, ward.clock.now())]
        late = [frame.rings for frame in frames if isinstance(frame, Event) and frame.event == "new"]
        assert late == [told.body.rings for told in ward.told[member.id]], "live and late say the same"
        rings.append(late[-2:])
    assert rings == [[False, True], [True, True], [False, False]]
