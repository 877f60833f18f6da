"""A day that was, against another policy: who would have come sooner, later, or not at all."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.stories.test_nobody_answers import Night, alarm, night
from wardwire.cli.main import main
from wardwire.model.delivery import Event
from wardwire.model.policy import Step
from wardwire.model.report import Phase
from wardwire.testing.ward import Ward

MINUTE = timedelta(minutes=1)


async def lived(ward: Ward) -> Night:
    """A day at noon: Anna comes; Ben comes when he is called; nobody does and it ends; nobody does at all."""
    noon = datetime.combine(ward.clock.now().astimezone().date() + timedelta(days=1), time(12)).astimezone()
    await ward.until(noon)
    one = await night(ward, Step(("bed:primary",), 2 * MINUTE), Step(("bed:secondary",), MINUTE))
    first = await alarm(one, "A1")
    await one.say(ward.anna, first, Event.ACCEPT, at=40)
    second = await alarm(one, "A2", at=600)
    await one.at(721)
    await one.say(ward.ben, second, Event.CONFIRMED, at=722)
    await one.say(ward.ben, second, Event.ACCEPT, at=750)
    await alarm(one, "A3", at=1200)
    await one.at(1300)
    await ward.report("A3", Phase.END)
    fourth = await alarm(one, "A4", at=1800)
    await one.say(ward.ben, fourth, Event.CONFIRMED, at=1922)
    await one.at(1985)
    return one


async def replayed(capsys: pytest.CaptureFixture[str], one: Night, *words: str) -> Any:
    """Run the command for the day, and read what it says."""
    day = f"{one.begin.astimezone():%Y-%m-%d}"
    capsys.readouterr()
    assert await asyncio.to_thread(main, ["replay", day, "--of", "Nurse call", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


async def test_a_day_is_replayed_against_another_policy(
    ward: Ward, commands_site: None, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """H158: the waits were made shorter by a feeling, and nobody knew whom it would have helped."""
    one = await lived(ward)
    facts = await ward.connection.fetchval("SELECT count(*) FROM facts")
    # By the steps that they had nothing differs: the replay does what the engine did, to the second.
    same = await replayed(capsys, one, "--policy", "v1")
    assert [alert["verdict"] for alert in same["data"]] == ["same", "same", "neither", "neither"]
    for alert in same["data"]:
        was, would = alert["was"], alert["would_be"]
        assert (was["by"], was["taken_s"] is None) == (would["by"], would["taken_s"] is None)
        for field in ("taken_s", "desk_s"):
            assert was[field] == would[field] or abs(was[field] - would[field]) < 1

    shorter = tmp_path / "shorter.toml"
    shorter.write_text(
        '[[steps]]\ntargets = ["bed:primary"]\nwait_s = 30\n\n[[steps]]\ntargets = ["bed:secondary"]\nwait_s = 60\n'
    )
    found = await replayed(capsys, one, "--policy", str(shorter))
    assert [alert["verdict"] for alert in found["data"]] == ["same", "sooner", "only now", "neither"]
    sooner, supposed = found["data"][1], found["data"][2]
    assert (round(sooner["was"]["taken_s"]), round(sooner["would_be"]["taken_s"])) == (150, 60)
    assert (supposed["would_be"]["by"], supposed["would_be"]["supposed"]) == (["Ben"], True)
    assert round(found["data"][3]["would_be"]["desk_s"]) == 90
    assert found["counts"] == {"sooner": 1, "later": 0, "same": 1, "not at all": 0, "only now": 1, "neither": 1}

    other = tmp_path / "other.toml"
    other.write_text('[[steps]]\ntargets = ["Dr. Okafor"]\nwait_s = 600\n')
    lost = await replayed(capsys, one, "--policy", str(other))
    assert [alert["verdict"] for alert in lost["data"]] == ["not at all", "not at all", "neither", "neither"]
    assert await ward.connection.fetchval("SELECT count(*) FROM facts") == facts  # it has only looked

    day = f"{one.begin.astimezone():%Y-%m-%d}"
    assert await asyncio.to_thread(main, ["replay", day, "--of", "Nurse call", "--policy", str(shorter)]) == 0
    told = capsys.readouterr().out
    assert "1 sooner" in told
    assert "2:30 Ben" in told
    assert "supposed" in told
    assert await asyncio.to_thread(main, ["replay", day, "--of", "Nurse call", "--policy", "v9"]) == 1
    assert await asyncio.to_thread(main, ["replay", "yesterday", "--of", "Nurse call", "--policy", "v1"]) == 2
    assert await asyncio.to_thread(main, ["replay", day, "--policy", "v1"]) == 2
