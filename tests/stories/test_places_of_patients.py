"""Patients are moved, and what is about them finds whoever has their bed now."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.unit.adapters.hl7.samples import RESULT, adt
from wardwire.adapters.dead_letters import DeadLetters
from wardwire.adapters.hl7.door import Hl7Door, Manners
from wardwire.adapters.hl7.mapping import map_message, read_table
from wardwire.adapters.hl7.tokens import parse
from wardwire.app.adapters import Reports
from wardwire.app.hl7_trial import look_ahead
from wardwire.flow.ports import Rules
from wardwire.model.places import PlaceKind, Rank
from wardwire.model.policy import Step
from wardwire.store.stays import OUT_KEPT, forget_stays, load_stays
from wardwire.testing.ward import Ward

MINUTE = timedelta(minutes=1)


class Site(NamedTuple):
    """The ward, the door of its other systems, and the instant at which the story begins."""

    ward: Ward
    door: Hl7Door
    begin: datetime
    letters: DeadLetters

    async def hear(self, data: str) -> str:
        """Let a source send; return MSA-1 and MSA-2 of the answer."""
        (answer,) = await self.door.answer(data.encode())
        return "|".join(answer.decode().split("\r")[1].split("|")[1:3])

    async def moved(self, event: str, bed: str, second: int, *, unit: str = "4 West") -> str:
        """Let the admission system say that something was so many seconds after the beginning."""
        at = f"{self.begin + timedelta(seconds=second):%Y%m%d%H%M%S+0000}"
        return await self.hear(adt(event, control=f"{event}-{bed}-{second}", bed=bed, unit=unit, at=at))

    async def result(self, number: int) -> list[str]:
        """Let the laboratory send a critical result, with the bed of the morning in it; return whom it rang."""
        before = {name: len(self.rung(name)) for name in ("Anna", "Ben")}
        assert await self.hear(RESULT.replace("|K-771|", f"|K-{number}|")) == f"AA|K-{number}"
        await self.ward.settle()
        return [name for name, count in before.items() if self.rung(name)[count:] == ["new"]]

    def rung(self, name: str) -> list[str]:
        """What somebody's devices were told."""
        member = next(one for one in (self.ward.anna, self.ward.ben, self.ward.dora) if one.name == name)
        return [told.event for told in self.ward.told.get(member.id, [])]


@pytest.fixture
async def site(ward: Ward, tmp_path: Path) -> Site:
    """Anna has bed 4W-12, Ben has 4W-14; whoever has the bed is called, after two minutes the desk."""
    await ward.add_policy("Results", Step(("bed:primary",), 2 * MINUTE), Step(("desk",), 2 * MINUTE))
    await ward.people.refresh(ward.connection)
    unit = await ward.add_place(PlaceKind.UNIT, "4 West", policy="Results")
    for name, member in (("4W-12", ward.anna), ("4W-14", ward.ben)):
        await ward.assign(await ward.add_place(PlaceKind.BED, name, inside=unit), Rank.PRIMARY, member)
    await ward.people.refresh(ward.connection)
    letters = DeadLetters(tmp_path / "letters")
    door = Hl7Door(
        intake=Reports(ward.lanes, ward.rules, "hospital"),
        table=read_table(""),
        manners=Manners(source="hospital"),
        clock=ward.clock,
        name="core",
        letters=letters,
    )
    return Site(ward, door, ward.clock.now(), letters)


async def test_a_result_finds_the_nurse_of_the_bed_where_its_patient_is_now(site: Site) -> None:
    """H180: to the second. The result still says 4W-12; at 60 s its patient was moved to 4W-14, at 120 s back."""
    ward = site.ward
    assert await site.result(1) == ["Anna"]
    assert await site.moved("A01", "4W-12", 0) == "AA|A01-4W-12-0"
    assert await site.result(2) == ["Anna"]
    await ward.until(site.begin + timedelta(seconds=60))
    assert await site.moved("A02", "4W-14", 60) == "AA|A02-4W-14-60"
    assert await site.result(3) == ["Ben"]
    assert [told.at for told in ward.told[ward.ben.id]] == [site.begin + timedelta(seconds=60)]
    await ward.until(site.begin + timedelta(seconds=120))
    assert await site.moved("A12", "4W-12", 120) == "AA|A12-4W-12-120"
    assert await site.result(4) == ["Anna"]
    assert await site.hear(RESULT.replace("|K-771|", "|K-3|")) == "AA|K-3"
    assert await site.moved("A03", "", 120) == "AA|A03--120"
    assert await site.result(5) == ["Anna"], "of who is out goes by what it says itself"


async def test_late_and_repeated_movements_move_nobody(site: Site) -> None:
    """H181: the queue of the admission system had stood still, and it sent everything again, the oldest last."""
    await site.ward.until(site.begin + timedelta(seconds=300))
    assert await site.moved("A02", "4W-14", 200) == "AA|A02-4W-14-200"
    assert await site.moved("A01", "4W-12", 100) == "AA|A01-4W-12-100"
    assert await site.moved("A02", "4W-14", 200) == "AA|A02-4W-14-200"
    assert await site.result(1) == ["Ben"]
    facts = await site.ward.connection.fetch("SELECT body FROM facts WHERE kind = 'Moved' ORDER BY at, seq")
    assert [body.split('"did":"')[1].split('"')[0] for (body,) in facts] == ["moved", "late", "repeated"]
    assert not any("4711" in body or "Doe" in body for (body,) in facts)


async def test_a_bed_that_nobody_has_entered_leaves_nobody_where_they_were(site: Site) -> None:
    """H182: counted, told once a unit, kept; sent again when the bed is there, it is put right."""
    await site.moved("A01", "4W-12", 0)
    assert await site.moved("A02", "9E-1", 10, unit="9 East") == "AA|A02-9E-1-10"
    assert await site.moved("A02", "9E-2", 20, unit="9 East") == "AA|A02-9E-2-20"
    assert (site.door.health.unplaced, site.door.health.taken) == (2, 3)
    (stay,) = await load_stays(site.ward.connection, ["4711"])
    assert stay.place is None
    await site.ward.settle()
    assert site.rung("Dora") == ["new"]
    (alarm,) = await site.ward.connection.fetch("SELECT subject, detail FROM alarms WHERE kind = 'hl7_unplaced'")
    assert (alarm["subject"], "4711" in alarm["detail"]) == ("hospital unit:9 East", False)
    (letter,) = site.letters.apart("unplaced", most=1).all()
    unit = await site.ward.add_place(PlaceKind.UNIT, "9 East")
    bed = await site.ward.add_place(PlaceKind.BED, "9E-1", inside=unit)
    await site.ward.people.refresh(site.ward.connection)
    assert (await site.hear(letter.read_bytes().decode()))[:2] == "AA"
    (stay,) = await load_stays(site.ward.connection, ["4711"])
    assert [moved.place for moved in stay.moves][1] == bed


async def test_two_numbers_of_one_patient_are_one(site: Site) -> None:
    """H291: the unknown patient had a name now, and a new number; the bed and the alert that ran had the old one."""
    ward = site.ward
    await site.moved("A01", "4W-14", 0)
    assert await site.result(1) == ["Ben"]
    assert b"4711" in ward.told[ward.ben.id][-1].body.message
    merge = adt("A40", control="M40", bed="", unit="", patient="4799") + "MRG|4711^^^HOSP^MR\r"
    assert await site.hear(merge) == "AA|M40"
    told = ward.told[ward.ben.id][-1]
    assert (told.event, told.body.rings, b"4799" in told.body.message, b"4711" in told.body.message) == (
        "updated", False, True, False,
    )  # fmt: skip
    assert await site.hear(merge.replace("M40", "M41")) == "AA|M41"
    assert ward.told[ward.ben.id][-1] is told, "the same again says nothing"
    assert await site.result(2) == ["Ben"], "what still has the old number finds the same bed"
    assert await site.moved("A02", "4W-12", 30) == "AA|A02-4W-12-30"
    stays = {one.patient: one for one in await load_stays(ward.connection, ["4711", "4799"])}
    assert (stays["4711"].place, stays["4711"].into) == (None, ("4799", "HOSP"))
    assert await site.result(3) == ["Anna"], "and so does what is said of the old number later"
    assert stays["4799"].place is not None
    facts = await ward.connection.fetch("SELECT body FROM facts WHERE kind IN ('Moved', 'Reported')")
    assert not any("4711" in body or "4799" in body for (body,) in facts)


async def test_a_merge_of_several_is_taken_whole_and_in_order(site: Site) -> None:
    """H306: the night's merges came in one message, and were refused; the result rang for a bed of yesterday."""
    ward = site.ward
    await site.moved("A01", "4W-14", 0)
    assert await site.result(1) == ["Ben"]
    merge = adt("A40", control="M50", bed="", unit="", patient="4799") + "MRG|4711^^^HOSP^MR\r"
    more = "PID|||5000^^^HOSP^MR||Roe^Jo\rMRG|5001^^^HOSP^MR\rPID|||4800^^^HOSP^MR||Doe^Jane\rMRG|4799^^^HOSP^MR\r"
    half = merge.replace("M50", "M51") + more + "PID|||6000^^^HOSP^MR||Poe^Al\r"
    assert (await site.hear(half))[:2] == "AR", "one has no other half"
    assert (await site.hear(merge.replace("M50", "M52") + more.replace("5001", "")))[:2] == "AE", "one has no number"
    assert await load_stays(ward.connection, ["4799", "4800", "5000"]) == [], "nothing of either is taken"
    assert await site.hear(merge + more) == "AA|M50"
    stays = {one.patient: one for one in await load_stays(ward.connection, ["4711", "4799", "4800", "5001"])}
    assert {patient: one.into for patient, one in stays.items()} == {
        "4711": ("4799", "HOSP"), "4799": ("4800", "HOSP"), "4800": None, "5000": None, "5001": ("5000", "HOSP"),
    }  # fmt: skip
    assert b"4800" in ward.told[ward.ben.id][-1].body.message, "by way of 4799, in one message"
    assert await site.result(2) == ["Ben"], "what has the first number finds the bed"
    assert await site.hear(merge.replace("M50", "M53") + more) == "AA|M53"
    assert [one.version for one in await load_stays(ward.connection, ["4800"])] == [1]


async def test_an_update_moves_only_who_is_there(site: Site) -> None:
    """H291: an update with the bed of yesterday put a patient back who had gone home."""
    await site.moved("A01", "4W-12", 0)
    await site.moved("A08", "4W-14", 10)
    assert await site.result(1) == ["Ben"]
    await site.moved("A08", "", 20, unit="")
    assert await site.result(2) == ["Ben"]
    await site.moved("A03", "", 30)
    await site.moved("A08", "4W-14", 40)
    (stay,) = await load_stays(site.ward.connection, ["4711"])
    assert stay.place is None


async def test_many_at_once_leave_the_last_one_standing(site: Site) -> None:
    """Ten movements of one patient in one moment, through lanes that write together."""
    beds = ["4W-14", "4W-12"] * 5
    answers = await asyncio.gather(*(site.moved("A02", bed, nth - 60) for nth, bed in reversed([*enumerate(beds)])))
    assert all(answer.startswith("AA|") for answer in answers)
    (stay,) = await load_stays(site.ward.connection, ["4711"])
    assert (len(stay.moves), stay.version) == (10, 10)
    assert await site.result(1) == ["Anna"]


async def test_a_movement_can_be_tried_and_who_is_out_is_forgotten(site: Site) -> None:
    """`hl7 try` says where the patient would be; after thirty days nothing is known of who is out."""
    ward, data = site.ward, adt("A02", control="T1", bed="4W-14")
    movement = map_message(parse(data.encode()), data.encode(), read_table(""), source="hospital").movement
    assert movement is not None
    rules: Rules = ward.rules()
    tried = await look_ahead(ward.connection, rules, ward.clock.now(), movement)
    assert tried.moved == "moved: the patient is in bed:4W-14 then."
    assert await load_stays(ward.connection, ["4711"]) == []
    await site.moved("A01", "4W-12", 0)
    await site.moved("A03", "", 0)
    assert await forget_stays(ward.connection, ward.clock.now() + OUT_KEPT - MINUTE, 10) == 0
    assert await forget_stays(ward.connection, ward.clock.now() + OUT_KEPT + MINUTE, 10) == 1
