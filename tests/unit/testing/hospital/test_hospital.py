"""The sample hospital: as large as it says, everybody in their place, and the same again for the same seed."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise, takewhile
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from wardwire.model.oncall_plan import check_rota, turn_at
from wardwire.model.priority import Priority
from wardwire.testing.hospital.day import Alarm, At, CodeCall, Critical, happenings
from wardwire.testing.hospital.habits import BUSY, PROMPT, react
from wardwire.testing.hospital.hl7 import write_alarm, write_critical
from wardwire.testing.hospital.plan import make_hospital
from wardwire.testing.hospital.rota import care, crew_of, halves, rotation, turns
from wardwire.testing.hospital.zone import local_zone

CHICAGO = ZoneInfo("America/Chicago")
HOSPITAL = make_hospital(4)
NOW = datetime(2026, 12, 1, 18, 40, tzinfo=CHICAGO)


def a_day(seed: int, **given: float) -> list[At]:
    return list(takewhile(lambda at: at.at_s < 86_400, happenings(HOSPITAL, seed=seed, **given)))


def test_it_has_800_people_and_a_bed_for_each_patient() -> None:
    """As large as the demo says."""
    assert len(HOSPITAL.workers) == 800
    assert len(HOSPITAL.units) == 23
    beds = [bed.name for bed in HOSPITAL.beds]
    assert len(beds) == len(set(beds)) == 20 * 24 + 2 * 12 + 30
    assert "4W-12" in beds


def test_everybody_named_anywhere_works_there() -> None:
    """No role, group or unit names somebody who was never hired."""
    named = {person for duty in HOSPITAL.duties for crew in duty.crews for person in crew}
    named |= {person for members in HOSPITAL.groups.values() for person in members}
    named |= {duty.fallback for duty in HOSPITAL.duties}
    assert named <= set(HOSPITAL.workers)
    assert {"Anna", "Ben", "Dr. Chen", "Dr. Okafor", "Dora", "Eva"} <= set(HOSPITAL.workers)


def test_the_same_seed_is_the_same_hospital_and_the_same_day() -> None:
    """Whatever was seen can be seen again."""
    assert make_hospital(4) == HOSPITAL
    assert make_hospital(5) != HOSPITAL
    assert a_day(1) == a_day(1)
    assert a_day(1) != a_day(2)


def test_shifts_follow_each_other_without_a_gap_over_the_change_of_the_clocks() -> None:
    """On 1 November 2026 the night has thirteen hours; nobody is missing in any of them."""
    begin = datetime(2026, 10, 31, 12, tzinfo=CHICAGO)
    found = list(halves(begin, CHICAGO, hours=72))
    assert found[0].starts_at <= begin
    lengths = [half.ends_at.astimezone(UTC) - half.starts_at.astimezone(UTC) for half in found]
    assert timedelta(hours=13) in lengths
    for half, following in pairwise(found):
        assert half.ends_at.astimezone(UTC) == following.starts_at.astimezone(UTC)


def test_every_bed_has_a_nurse_of_its_own_unit_and_shift() -> None:
    """Primary, secondary and tertiary are three people who are there."""
    half = next(halves(NOW, CHICAGO, hours=1))
    for unit in HOSPITAL.units:
        there = crew_of(unit, half)
        ranks: Counter[int] = Counter()
        for given in care(unit, half):
            assert given.person in there
            ranks[given.rank] += 1
        assert ranks[1] == ranks[2] == len(unit.beds)


def test_every_role_has_a_holder_in_every_shift() -> None:
    """Nobody is a black hole."""
    for half in halves(NOW, CHICAGO, hours=24 * 7):
        assert len({turn.role for turn in turns(HOSPITAL, half)}) == len(HOSPITAL.duties)


@pytest.mark.parametrize("zone", [CHICAGO, ZoneInfo("Europe/Berlin"), ZoneInfo("Australia/Lord_Howe")])
def test_rotations_hand_over_as_the_crews_do_for_a_year(zone: ZoneInfo) -> None:
    """The same person by the rotation as by the plan of the crews, on the nights of the clock too."""
    who = {name: UUID(int=nth) for nth, name in enumerate(HOSPITAL.workers, start=1)}
    plans = {duty.name: rotation(duty, NOW, zone, who) for duty in HOSPITAL.duties}
    for plan in plans.values():
        check_rota(plan)
    chance = Random(1)
    for half in halves(NOW, zone, hours=24 * 366):
        begin, end = half.starts_at.astimezone(UTC), half.ends_at.astimezone(UTC)
        some = chance.sample(list(turns(HOSPITAL, half)), 3)
        for one in some:
            for at in (begin, end - timedelta(seconds=1)):
                turn = turn_at(plans[one.role].layers[0], zone, at)
                assert turn is not None
                assert turn.person_id == who[one.person]


def test_a_machine_has_a_zone_with_a_name_or_at_least_an_offset(monkeypatch: pytest.MonkeyPatch) -> None:
    """A zone of another offset is not believed."""
    now = datetime(2026, 12, 1, 18, 40, tzinfo=timezone(timedelta(hours=-6)))
    monkeypatch.setenv("TZ", "America/Chicago")
    assert local_zone(now) == CHICAGO
    odd = now.replace(tzinfo=timezone(timedelta(hours=3, minutes=7)))
    assert local_zone(odd) == odd.tzinfo


def test_nurses_take_days_and_nights_apart() -> None:
    """Anna works by day, Ben by night."""
    home = HOSPITAL.unit("4 West")
    for half in halves(NOW, CHICAGO, hours=24 * 4):
        crew = crew_of(home, half)
        assert "Anna" not in crew or half.starts_at.hour == 7
        assert "Ben" not in crew or half.starts_at.hour == 19


def test_a_day_is_busy_in_the_morning_and_quiet_before_dawn() -> None:
    """The hours of the day show."""
    hours = Counter(int(at.at_s // 3600) for at in a_day(1, begins_h=0.0))
    assert sum(hours[h] for h in (8, 9, 10)) > 2 * sum(hours[h] for h in (1, 2, 3))


def test_the_rate_is_the_rate() -> None:
    """Twice as busy is twice as much, give or take chance."""
    once, twice = len(a_day(1)), len(a_day(1, rate=2.0))
    assert 1.8 < twice / once < 2.2


def test_an_alarm_begins_and_ends_and_is_repeated_between() -> None:
    """As monitors do: a start, a word each half minute, an end."""
    alarms = [at.what for at in a_day(3) if isinstance(at.what, Alarm)]
    assert any(isinstance(at.what, CodeCall) for at in a_day(3))
    for alarm in alarms:
        words = [phase.word for phase in alarm.phases]
        assert (words[0], words[-1]) == ("start", "end")
        assert words.count("start") == words.count("end") == 1


def test_an_alarm_is_written_as_its_source_would_send_it() -> None:
    """ORU^R40 with the seven facets, the place, and the alert's own key in OBR-29.2."""
    alarm = next(at.what for at in a_day(3) if isinstance(at.what, Alarm))
    segments = write_alarm(alarm, alarm.phases[0], day="20261201", at=NOW).decode().split("\r")
    header, obr = segments[0].split("|"), segments[2].split("|")
    assert header[8] == "ORU^R40^ORU_R40"
    assert header[6] == "20261201184000-0600"
    assert obr[29].split("&")[0] == f"^a20261201-{alarm.number}"
    assert len([segment for segment in segments if segment.startswith("OBX")]) == 7
    assert alarm.bed.name in segments[1]


def test_a_critical_result_carries_its_flag() -> None:
    """OBX-8 says how far it is out."""
    result = next(at.what for at in a_day(3) if isinstance(at.what, Critical))
    obx = write_critical(result, day="20261201", at=NOW).decode().split("\r")[4].split("|")
    assert obx[8] in ("HH", "LL")


def test_people_answer_code_calls_sooner_than_chatter() -> None:
    """Urgency makes haste; and some do not answer at all."""
    chance = Random(1)
    code = [react(BUSY, Priority.CODE, asks=True, choices=0, chance=chance) for _ in range(2_000)]
    low = [react(BUSY, Priority.LOW, asks=True, choices=0, chance=chance) for _ in range(2_000)]
    silent = [sum(not reaction.say for reaction in some) for some in (code, low)]
    assert 0 < silent[0] < silent[1]
    seen = [sorted(r.read_after_s for r in some if r.read_after_s is not None) for some in (code, low)]
    assert seen[0][len(seen[0]) // 2] < seen[1][len(seen[1]) // 2]


def test_what_asks_for_nothing_is_read_and_not_answered() -> None:
    """Nobody answers a note."""
    chance = Random(2)
    assert not any(react(PROMPT, Priority.LOW, asks=False, choices=0, chance=chance).say for _ in range(500))
