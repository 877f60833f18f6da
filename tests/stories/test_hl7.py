"""Alarms over HL7, from the bytes of a source to the devices of whoever has the bed (stories A1 and A8)."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.unit.adapters.hl7.samples import ALARM, RESULT, with_phase
from wardwire.adapters.dead_letters import DeadLetters
from wardwire.adapters.hl7.door import Hl7Door, Manners
from wardwire.adapters.hl7.mapping import map_message, read_table
from wardwire.adapters.hl7.tokens import parse
from wardwire.app.adapters import Reports
from wardwire.app.hl7_trial import look_ahead
from wardwire.flow.ports import Act
from wardwire.flow.trace import read_story
from wardwire.flow.views import Stored
from wardwire.model import ids
from wardwire.model.delivery import Event
from wardwire.model.places import PlaceKind, Rank
from wardwire.model.policy import Step
from wardwire.model.priority import Lane, Priority
from wardwire.testing.ward import Member, Ward

TABLE = """
[[rules]]
name = "laboratory"
when = { type = "ORU^R01" }
to = ["person:Dr. Chen"]
unit = ""
bed = ""
"""
MINUTE = timedelta(minutes=1)


class Site(NamedTuple):
    """The ward, the door that its monitors speak to, and the instant at which the story begins."""

    ward: Ward
    door: Hl7Door
    begin: datetime

    async def at(self, seconds: float) -> None:
        """Let time pass up to so many seconds after the beginning."""
        await self.ward.until(self.begin + timedelta(seconds=seconds))

    async def hear(self, data: bytes | str) -> str:
        """Let a source send; return MSA-1 and MSA-2 of the answer."""
        (answer,) = await self.door.answer(data.encode() if isinstance(data, str) else data)
        return "|".join(answer.decode().split("\r")[1].split("|")[1:3])

    def member(self, name: str) -> Member:
        """Somebody of the ward."""
        ward = self.ward
        return next(one for one in (ward.anna, ward.ben, ward.chen, ward.dora, ward.mallory) if one.name == name)

    def rung(self, name: str) -> list[str]:
        """What somebody's devices were told."""
        return [told.event for told in self.ward.told.get(self.member(name).id, [])]

    async def delivered(self, name: str) -> None:
        """Let somebody's phone confirm the last that it was told."""
        member = self.member(name)
        message = self.ward.told[member.id][-1].message_id
        stored = Stored(ids.write_id(ids.MESSAGE, message), "", self.begin, "", 0, [])
        await self.ward.say(member, stored, Event.CONFIRMED)

    async def messages(self) -> int:
        """How many messages of the monitors are stored."""
        query = "SELECT count(*) FROM messages WHERE source = 'monitors'"
        return int(await self.ward.connection.fetchval(query))


@pytest.fixture
async def site(ward: Ward, tmp_path: Path) -> Site:
    """Bed 4W-12 of 4 West: Anna first, after two minutes Ben, after two more the desk."""
    steps = (Step(("bed:primary",), 2 * MINUTE), Step(("bed:secondary",), 2 * MINUTE), Step(("desk",), 2 * MINUTE))
    await ward.add_policy("Monitor alarm", *steps)
    await ward.people.refresh(ward.connection)
    unit = await ward.add_place(PlaceKind.UNIT, "4 West", policy="Monitor alarm")
    bed = await ward.add_place(PlaceKind.BED, "4W-12", inside=unit)
    await ward.assign(bed, Rank.PRIMARY, ward.anna)
    await ward.assign(bed, Rank.SECONDARY, ward.ben)
    await ward.people.refresh(ward.connection)
    door = Hl7Door(
        intake=Reports(ward.lanes, ward.rules, "monitors"),
        table=read_table(TABLE),
        manners=Manners(source="monitors"),
        clock=ward.clock,
        name="core",
        letters=DeadLetters(tmp_path / "letters"),
    )
    return Site(ward, door, ward.clock.now())


async def test_an_alarm_is_one_alert_from_its_start_to_its_end(site: Site) -> None:
    """A1: a repeat rings nobody and moves nothing; Ben is called on the second; the end silences everybody."""
    assert await site.hear(ALARM) == "CA|A1001"
    assert await site.messages() == 1
    assert site.rung("Anna") == ["new"]
    await site.at(1)
    await site.delivered("Anna")
    await site.at(90)
    assert await site.hear(ALARM) == "CA|A1001"
    assert await site.hear(with_phase("continue", control="A1002")) == "CA|A1002"
    assert (site.rung("Anna"), await site.messages()) == (["new"], 1)
    await site.at(119)
    assert site.rung("Ben") == []
    await site.at(120.1)
    assert site.rung("Ben") == ["new"]
    assert await site.hear(with_phase("end", control="A1003", state="inactive")) == "CA|A1003"
    await site.at(600)
    assert site.rung("Anna") == ["new", "cleared"]
    assert site.rung("Ben") == ["new", "cleared"]
    assert site.rung("Mallory") == []
    assert await site.messages() == 1


async def test_a1_to_the_second(site: Site) -> None:
    """H41: A1, 18:40:00 to 18:44:00, from the bytes of the monitor; each line of the story."""
    ward, begin = site.ward, site.begin

    def heard(name: str) -> list[tuple[int, str]]:
        """What somebody's devices were told, and in which second."""
        told = ward.told.get(site.member(name).id, [])
        return [(int((one.at - begin).total_seconds()), one.event) for one in told]

    async def say(name: str, event: Event) -> None:
        """Somebody answers the alarm."""
        await ward.say(site.member(name), stored, event)
        await ward.settle()

    async def stored_when_acknowledged() -> tuple[str, int]:
        """The answer to the alarm, and how many messages another connection sees by then."""
        return await site.hear(ALARM), await site.messages()

    assert await stored_when_acknowledged() == ("CA|A1001", 1)  # 18:40:00: only after the commit
    message = ward.told[ward.anna.id][0].message_id
    stored = Stored(ids.write_id(ids.MESSAGE, message), "", begin, "", 0, [])
    assert (await ward.facts(stored))[:2] == ["Stored", "Escalated"]
    assert (heard("Anna"), await ward.why(message, ward.anna)) == ([(0, "new")], "bed:primary")
    await site.at(1)  # 18:40:01
    await say("Anna", Event.CONFIRMED)
    due = "SELECT due_at FROM deadlines WHERE kind = 'escalate'"
    assert await ward.connection.fetchval(due) == begin + 2 * MINUTE
    await site.at(90)  # 18:41:30: once more; no new row, no ring, the same deadline
    assert await site.hear(ALARM) == "CA|A1001"
    assert (await site.messages(), heard("Anna")) == (1, [(0, "new")])
    assert await ward.connection.fetchval(due) == begin + 2 * MINUTE
    await site.at(119.9)
    assert heard("Ben") == []
    await site.at(120)  # 18:42:00
    assert (heard("Ben"), await ward.why(message, ward.ben)) == ([(120, "new")], "step 2:no_answer")
    await site.at(121)
    await say("Ben", Event.CONFIRMED)
    await site.at(140)  # 18:42:20
    await say("Ben", Event.ACCEPT)
    await site.at(142)  # by 18:42:22
    assert (heard("Anna")[-1], ward.told[ward.anna.id][-1].body.name) == ((140, "taken"), "Ben")
    # The accept did not silence the bedside: the monitor goes on, and nobody is rung for it.
    await site.at(200)
    assert await site.hear(with_phase("continue", control="A1002")) == "CA|A1002"
    await site.at(240)  # 18:44:00
    assert await site.hear(with_phase("end", control="A1003", state="inactive")) == "CA|A1003"
    await site.at(4000)
    assert heard("Anna") == [(0, "new"), (140, "taken"), (240, "cleared")]
    assert [event for at, event in heard("Ben") if at > 140] == ["cleared"]
    assert (heard("Dora"), heard("Mallory")) == ([], [])
    facts = await ward.facts(stored)
    assert ("Cleared" in facts, "Closed" in facts) == (True, True)
    seen = "SELECT count(*) FROM deliveries WHERE person_id = $1"
    assert await ward.connection.fetchval(seen, ward.mallory.id) == 0


async def test_a8_what_fell_due_while_nobody_was_there_happens_late_and_says_so(site: Site) -> None:
    """A8: 05:40 to 06:05 no core; then what was due happens, code first, and the trace says how late."""
    ward, begin = site.ward, site.begin
    assert await site.hear(ALARM) == "CA|A1001"
    alarm = ward.told[ward.anna.id][0].message_id
    await ward.add_policy("Code blue", Step(("Dr. Chen",), 2 * MINUTE), Step(("Dr. Okafor",), 2 * MINUTE))
    code = await ward.send(ward.dora, [], policy="Code blue", priority=Priority.CODE)
    await site.at(1)
    for member, message in ((ward.anna, alarm), (ward.chen, ids.read_id(ids.MESSAGE, code.message))):
        stored = Stored(ids.write_id(ids.MESSAGE, message), "", begin, "", 0, [])
        await ward.say(member, stored, Event.CONFIRMED)
    ward.clock.advance(25 * MINUTE)
    handed: list[Lane] = []
    put = ward.lanes.put

    def listen(act: Act) -> None:
        handed.append(act.lane)
        put(act)

    ward.lanes.put = listen  # type: ignore[method-assign]
    await ward.settle()
    # Lanes commit beside each other: that the code is handed over first is all that its own lane leaves to say.
    assert handed[0] is Lane.CODE
    assert Lane.HIGH in handed
    assert len([told for told in ward.told[ward.okafor.id] if told.event == "new"]) == 1
    assert (site.rung("Ben"), site.rung("Anna")) == (["new"], ["new"])
    story = await read_story(ward.connection, alarm, ward.people.directory)
    assert story is not None
    late = {line.who: round(line.late_s) for line in story.promise}
    assert (late["Anna"], late["Ben"]) == (0, 25 * 60 + 1 - 120)


async def test_start_and_end_that_come_together_after_an_outage_ring_nobody_for_long(site: Site) -> None:
    """A8: both waited at the source; sent in any order, the alert is closed and nobody is called any more."""
    start, end = ALARM.encode(), with_phase("end", control="A1002", state="inactive")
    answers = await asyncio.gather(site.hear(start), site.hear(end))
    assert list(answers) == ["CA|A1001", "CA|A1002"]
    await site.at(600)
    assert site.rung("Anna") in ([], ["new", "cleared"])
    assert site.rung("Ben") == []


async def test_an_end_that_overtakes_its_start_keeps_it_from_ringing(site: Site) -> None:
    """A8: the start is acknowledged, and nobody is called for what is over."""
    assert await site.hear(with_phase("end", control="A1002", state="inactive")) == "CA|A1002"
    assert await site.hear(ALARM) == "CA|A1001"
    await site.at(600)
    assert (site.rung("Anna"), site.rung("Ben"), await site.messages()) == ([], [], 0)


async def test_a_source_that_repeats_everything_after_an_outage_makes_nothing_twice(site: Site) -> None:
    """A8: 37 alarms are 37 messages, however often they are sent."""
    alarms = [
        ALARM.replace("|A1001|", f"|A{nth}|").replace("^a91&", f"^a{nth}&").encode() for nth in range(2000, 2037)
    ]
    for _ in range(2):
        answers = await asyncio.gather(*(site.hear(alarm) for alarm in alarms))
        assert answers == [f"CA|A{nth}" for nth in range(2000, 2037)]
    assert await site.messages() == 37
    assert site.rung("Anna") == ["new"] * 37


async def test_an_acknowledgement_at_the_bedside_does_not_stop_the_escalation(site: Site) -> None:
    """Somebody silenced the monitor; nobody has said that they see to the patient."""
    await site.hear(ALARM)
    await site.delivered("Anna")
    await site.at(60)
    assert await site.hear(with_phase("acknowledged", control="A1002")) == "CA|A1002"
    await site.at(119)
    assert site.rung("Ben") == []
    await site.at(121)
    assert site.rung("Ben") == ["new"]


async def test_a_latched_alarm_goes_on_until_its_source_lets_go_of_it(site: Site) -> None:
    """Its condition passed by itself and is held so that somebody looks: that ends nothing. The end after it does."""
    await site.hear(ALARM)
    await site.delivered("Anna")
    await site.at(30)
    assert await site.hear(with_phase("end", control="A1002", state="latched")) == "CA|A1002"
    assert await site.hear(with_phase("continue", control="A1003", state="latched")) == "CA|A1003"
    await site.at(121)
    assert (site.rung("Anna"), site.rung("Ben")) == (["new"], ["new"])
    assert await site.hear(with_phase("end", control="A1004", state="latched")) == "CA|A1004"
    await site.at(600)
    assert (site.rung("Anna"), site.rung("Ben")) == (["new", "cleared"], ["new", "cleared"])


@pytest.mark.parametrize(("phase", "state"), [("end", "inactive"), ("reset", "latched"), ("update", "inactive")])
async def test_a_latch_that_is_let_go_of_silences_everybody(site: Site, phase: str, state: str) -> None:
    """However its source says so."""
    await site.hear(ALARM)
    await site.hear(with_phase("update", control="A1002", state="latched"))
    assert site.rung("Anna")[-1] != "cleared"
    await site.hear(with_phase(phase, control="A1003", state=state))
    await site.at(600)
    assert (site.rung("Anna")[-1], site.rung("Ben")) == ("cleared", [])


async def test_an_alarm_that_comes_back_after_its_latch_is_active_again(site: Site) -> None:
    """Its next end may be latched again, and is not taken for the second one."""
    await site.hear(ALARM)
    await site.hear(with_phase("update", control="A1002", state="latched"))
    await site.hear(with_phase("update", control="A1003", state="active"))
    await site.hear(with_phase("end", control="A1004", state="latched"))
    await site.at(121)
    assert site.rung("Ben") == ["new"]


async def test_who_would_get_a_sample_is_whom_the_alarm_calls(site: Site) -> None:
    """What is tried and what happens cannot differ; once it is open, a sample of it is about that alert."""
    ward = site.ward
    mapped = map_message(parse(ALARM.encode()), ALARM.encode(), read_table(TABLE), source="monitors")
    assert mapped.report is not None
    ahead = await look_ahead(ward.connection, ward.rules(), ward.clock.now(), mapped.report)
    assert ahead.foreseen is not None
    assert [one.name for one in ahead.foreseen.recipients] == ["Anna"]
    assert [(line.in_s, line.who) for line in ahead.foreseen.promise][:2] == [(0, "Anna"), (120, "Ben")]
    assert (await site.messages(), site.rung("Anna")) == (0, [])
    await site.hear(ALARM)
    assert site.rung("Anna") == ["new"]
    ahead = await look_ahead(ward.connection, ward.rules(), ward.clock.now(), mapped.report)
    assert (ahead.open_alert[:4], ahead.foreseen) == ("msg_", None)


async def test_the_trace_goes_from_the_message_of_the_source_to_the_thumb(site: Site) -> None:
    """One page: which message it was, by which rule, who was called by what, when a device had it, who answered."""
    ward = site.ward
    await site.hear(ALARM)
    await site.at(2)
    await site.delivered("Anna")
    await site.at(5)
    message = ward.told[ward.anna.id][-1].message_id
    await ward.say(ward.anna, Stored(ids.write_id(ids.MESSAGE, message), "", site.begin, "", 0, []), Event.ACCEPT)
    story = await read_story(ward.connection, message, ward.people.directory)
    assert story is not None
    told = [(hop.what, round(hop.after_s), hop.text) for hop in story.hops]
    assert (
        "Reported",
        0,
        "its source reported: start (HL7 message A1001 of GW7, by the rule 'otherwise')",
    ) in told
    assert [(what, after) for what, after, _ in told if what in ("Reported", "Delivered", "Answered")] == [
        ("Reported", 0), ("Delivered", 2), ("Answered", 5),
    ]  # fmt: skip
    assert "4711" not in str(told)


async def test_two_gateways_that_count_alike_have_alerts_of_their_own(site: Site) -> None:
    """The second patient's alarm is not taken for a repeat of the first one's."""
    await site.hear(ALARM)
    await site.hear(ALARM.replace("|GW7^", "|GW8^", 1))
    assert site.rung("Anna") == ["new", "new"]


async def test_a_critical_result_reaches_whom_the_table_names(site: Site) -> None:
    """Original mode; a repeat is the same message."""
    for _ in range(2):
        assert await site.hear(RESULT) == "AA|K-771"
    assert (site.rung("Dr. Chen"), await site.messages()) == (["new"], 1)


async def test_an_alarm_of_an_unknown_bed_calls_its_unit(site: Site) -> None:
    """Rather the unit's policy without the bed than nobody."""
    assert await site.hear(ALARM.replace("4W-12", "9Z-99")) == "CA|A1001"
    await site.ward.settle()
    assert site.rung("Dora")
    assert await site.messages() == 1


async def test_an_alarm_of_an_unknown_place_is_refused_kept_and_told_to_the_desk(site: Site) -> None:
    """Never silence: the source hears no, the desk hears that somebody was not called."""
    assert await site.hear(ALARM.replace("4 West^4W-R6^4W-12", "9 Z^^9Z-99")) == "CE|A1001"
    await site.ward.settle()
    alarms = await site.ward.connection.fetch("SELECT * FROM alarms")
    assert [row["kind"] for row in alarms] == ["hl7_refused"]
    assert "9Z-99" not in str(alarms[0])
    assert site.rung("Dora") == ["new"]
    assert (site.rung("Anna"), await site.messages()) == ([], 0)
