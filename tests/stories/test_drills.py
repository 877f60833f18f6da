"""Drills: a report of their own, and no figure of the real ones is touched by them."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from tests.stories.test_nobody_answers import Night, S, code_team, night
from tests.stories.test_rest import Door, opened
from wardwire.cli.main import main
from wardwire.engine.metrics import Metrics
from wardwire.flow.views import Stored
from wardwire.model import ids
from wardwire.model.delivery import Event
from wardwire.model.priority import Priority
from wardwire.model.rights import READ, SEND
from wardwire.store.conservation import look
from wardwire.testing.ward import Ward

CALL: dict[str, Any] = {"place": "bed:4W-12", "priority": Priority.CODE, "text": "Code blue"}


@pytest.fixture
async def door(ward: Ward, database_url: str) -> AsyncIterator[Door]:
    """The interface on the ward."""
    async with opened(ward, database_url) as door:
        yield door


def count(ward: Ward) -> Metrics:
    """Count what the ward commits from now on, as a core does."""
    metrics = Metrics(clock=ward.clock, vitals=lambda: None, lanes=list)  # type: ignore[arg-type,return-value]
    armed = ward.due.armed

    def both(batch: Any) -> None:
        metrics.batch(batch)
        armed(batch)

    ward.due.armed = both  # type: ignore[method-assign]
    return metrics


def figures(metrics: Metrics) -> Counter[tuple[str, ...]]:
    """What was counted of deliveries and promises."""
    return Counter(
        {
            (sample.name, *sample.labels.values()): int(sample.value)
            for family in (metrics._deliveries, metrics._promises)
            for metric in family.collect()
            for sample in metric.samples
            if sample.name.endswith("_total")
        }
    )


async def play(one: Night, eva: Any, **fields: Any) -> Stored:
    """The team is called: three accept, the airway does not come, its backup does; then it is all clear."""
    ward = one.ward
    stored = await ward.send(ward.dora, [], **CALL, **fields)
    message = ids.read_id(ids.MESSAGE, stored.message)
    for member in (ward.anna, ward.ben, ward.chen):
        await one.say(member, message, Event.CONFIRMED, at=1)
    for member, at in ((ward.ben, 14), (ward.chen, 20), (ward.anna, 25)):
        await one.say(member, message, Event.ACCEPT, at=at)
    await one.say(eva, message, Event.CONFIRMED, at=31)
    await one.say(eva, message, Event.ACCEPT, at=44)
    await one.at(90)
    await ward.cancel(ward.caller(ward.dora), stored, all_clear=True)
    return stored


async def test_a_drill_has_a_report_of_its_own(
    ward: Ward,
    door: Door,
    commands_site: None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """H93: after the exercise nobody could say who had come after how long, and that nobody could have intubated."""
    one, eva = await code_team(ward)
    ward.add_channel("pager")
    drill = await play(one, eva, drill=True)
    key = await door.key("board", READ)
    [report] = (await door.get(key, "/v1/drills")).json()["data"]
    assert report == (await door.get(key, f"/v1/messages/{drill.message}/drill")).json()
    times = "called_s", "confirmed_s", "accepted_s"
    assert {who["name"]: [round(who.get(at, -1)) for at in times] for who in report["people"]} == {
        "Anna": [0, 1, 25], "Ben": [0, 1, 14], "Dr. Chen": [0, 1, 20], "Eva": [30, 31, 44],
        "Airway night": [0, -1, -1], "Mallory": [0, -1, -1],
    }  # fmt: skip
    assert {who["name"]: who["why"] for who in report["people"]}["Dr. Chen"] == "holds the role Leader"
    assert (report["policy"], report["bed"], report["ended_why"]) == ("Code blue", "4W-12", "all_clear")
    assert (report["called"], report["confirmed"], report["accepted"]) == (6, 4, 4)
    firsts = [round(report[at]) for at in ("first_confirmed_s", "first_accepted_s", "answered_s")]
    assert (firsts, "all_confirmed_s" in report) == ([1, 14, 44], False)
    [missing] = report["missing"]
    assert (missing["role"], missing["needed"], round(missing["missing_s"])) == ("role:Airway", 1, 30)
    assert "Code blue" not in json.dumps({**report, "policy": ""})

    assert await asyncio.to_thread(main, ["drill", "report"]) == 0
    told = capsys.readouterr().out
    for line in ("6 called, 4 confirmed, 4 accepted", "the team was there after 44", "MISSING role:Airway"):
        assert line in told
    assert await asyncio.to_thread(main, ["drill", "report", drill.message, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["drills"] == [report]


async def test_a_drill_is_reported_to_those_who_may_see_it(ward: Ward, door: Door) -> None:
    """H19: an integration sees its own; and a real call is no drill."""
    await night(ward)
    keys = [await door.key(source, SEND) for source in ("lab", "monitors")]
    alert = {"to": [], "place": "bed:4W-12", "priority": "high", "responses": {}}
    drill = (await door.send(keys[0], "1", **alert, drill=True)).json()["message"]
    real = (await door.send(keys[0], "2", **alert)).json()["message"]
    assert [len((await door.get(key, "/v1/drills")).json()["data"]) for key in keys] == [1, 0]
    answers = [await door.get(key, f"/v1/messages/{one}/drill") for key in keys for one in (drill, real)]
    assert [answer.status_code for answer in answers] == [200, 404, 404, 404]
    assert (await door.get(keys[0], "/v1/drills", source="monitors")).status_code == 403


async def test_no_figure_of_the_real_ones_counts_a_drill(ward: Ward) -> None:
    """H58: the exercise of the night stood in the figures as twelve pages that nobody had answered."""
    one, eva = await code_team(ward)
    ward.add_channel("pager")
    metrics = count(ward)
    drill = await play(one, eva, drill=True)
    plain = await ward.send(ward.dora, ["Anna"], priority=Priority.MEDIUM, drill=True)
    await ward.say(ward.anna, plain, Event.CONFIRMED)
    # What the drill told the desk of its missing part is a technical alarm, and that one is real.
    assert {labels[-1] for labels in figures(metrics)} == {"high"}
    seen = await look(ward.connection, behind=UUID(int=0), upto=UUID(int=(1 << 128) - 1), again=(), limit=100)
    tests = {ids.write_id(ids.MESSAGE, row.message_id) for row in seen.held if row.test}
    assert tests == {drill.message, plain.message}
    before = figures(metrics)
    await play(Night(ward, ward.clock.now(), one.unit, one.bed), eva)
    assert (figures(metrics) - before)["wardwire_deliveries_total", "new", "code"] == 6


async def test_which_promises_were_kept_is_counted_by_priority_and_unit(ward: Ward) -> None:
    """H54: a step that began within a second of its time has kept its promise; one that came late has not."""
    one = await night(ward)
    metrics = count(ward)
    stored = await ward.send(ward.chen, [], place="bed:4W-12", priority=Priority.MEDIUM)
    message = ids.read_id(ids.MESSAGE, stored.message)
    await one.say(ward.anna, message, Event.CONFIRMED, at=1)
    await one.at(120)
    await one.say(ward.ben, message, Event.CONFIRMED, at=121)
    ward.clock.advance(70 * S)  # and every core was away for ten seconds of it
    await ward.settle()
    assert one.heard(ward.dora) == [(191, "new")]
    assert {labels[1:]: count for labels, count in figures(metrics).items() if labels[-1] == "4 West"} == {
        ("yes", "medium", "4 West"): 1, ("no", "medium", "4 West"): 1,
    }  # fmt: skip
