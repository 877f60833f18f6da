"""Alerts that begin again and again at set times, until somebody cancels them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.stories.test_places_over_http import door  # noqa: F401 - a fixture
from tests.stories.test_rest import Door, told
from wardwire.engine.due import DueLoop
from wardwire.model.policy import Step
from wardwire.model.priority import Lane
from wardwire.model.rights import DIRECTORY, SEND
from wardwire.store.deadlines import REMIND, claim_due
from wardwire.testing.ward import Ward

ZONE = ZoneInfo("America/Chicago")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def soon(ward: Ward) -> datetime:
    """A full minute some minutes from now."""
    return ward.clock.now().replace(second=0, microsecond=0) + timedelta(minutes=5)


def body(at: datetime, **fields: Any) -> dict[str, Any]:
    """A reminder for each day, at this time on the wall."""
    wall = f"{at.astimezone(ZONE):%H:%M}"
    return {
        "name": "Crash cart", "days": list(DAYS), "times": [wall], "zone": ZONE.key, "to": ["Anna"],
        "text": "Check the crash cart.", **fields,
    }  # fmt: skip


async def remind(ward: Ward, at: datetime) -> None:
    """Let time pass up to a reminder, and let what follows happen."""
    await ward.until(at)
    await ward.settle()


async def test_a_reminder_begins_at_its_times_until_somebody_cancels_it(door: Door) -> None:  # noqa: F811
    """H156: the weekly check was in somebody's head, and she was on leave."""
    ward, key = door.ward, await door.key("eva", DIRECTORY)
    at = soon(ward)
    made = await door.post(key, "/v1/reminders", body(at))
    assert made.status_code == 201, made.text
    first, second, _ = (datetime.fromisoformat(text) for text in made.json()["next_at"])
    assert (first, second.astimezone(ZONE).time()) == (at, at.astimezone(ZONE).time())
    await remind(ward, at - timedelta(seconds=1))
    assert ward.events(ward.anna) == []
    await remind(ward, at)
    assert ward.events(ward.anna) == ["new"]
    # The next day, without anybody doing anything.
    deadline = await ward.connection.fetchrow("SELECT due_at, ref FROM deadlines WHERE kind = 'remind'")
    assert deadline["due_at"] == second

    cancelled = await door.post(key, f"/v1/reminders/{made.json()['id']}/cancel", None)
    assert (cancelled.json()["cancelled_by"], cancelled.json()["next_at"]) == ("eva", [])
    assert (await door.get(key, "/v1/reminders")).json()["data"] == []
    assert await ward.connection.fetchval("SELECT count(*) FROM deadlines WHERE kind = 'remind'") == 0
    whats = await ward.connection.fetch("SELECT body::json->>'what' AS what FROM facts WHERE body LIKE '%reminder%'")
    assert [row["what"] for row in whats if row["what"]] == ["reminder_set", "reminder_cancelled"]
    bodies = await ward.connection.fetch("SELECT body FROM facts")
    assert not any("crash cart." in row["body"] for row in bodies)


async def test_a_reminder_escalates_by_its_policy(door: Door) -> None:  # noqa: F811
    """A call escalation that repeats: whoever does not answer is followed by the next."""
    ward, key = door.ward, await door.key("eva", DIRECTORY)
    await ward.add_policy("Round", Step(("Anna",), timedelta(minutes=1)), Step(("Ben",), timedelta(minutes=1)))
    at = soon(ward)
    assert (await door.post(key, "/v1/reminders", body(at, to=[], policy="Round", priority="high"))).is_success
    await remind(ward, at + timedelta(seconds=61))
    assert (ward.events(ward.anna)[0], ward.events(ward.ben)) == ("new", ["new"])


async def test_two_cores_that_claim_one_time_begin_it_once(door: Door) -> None:  # noqa: F811
    """H157: the reminder rang twice, and the cart was signed by two, each for the other's half."""
    ward, key = door.ward, await door.key("eva", DIRECTORY)
    at = soon(ward)
    await door.post(key, "/v1/reminders", body(at))
    ward.clock.advance(at - ward.clock.now())
    (due,) = await claim_due(
        ward.connection,
        now=at,
        lease=timedelta(seconds=8),
        holder=ward.anna.id,
        lane=Lane.REST,
        limit=9,
    )
    assert due.kind == REMIND
    other = DueLoop(
        connect=ward._connect, writer=ward.lanes, rules=ward.rules, clock=ward.clock, channels=ward.channels
    )
    for loop in (ward.due, other):
        await loop.hand_over(ward.connection, [due], Lane.REST)
    await ward.quiet()
    assert ward.events(ward.anna) == ["new"]
    assert await ward.connection.fetchval("SELECT count(*) FROM deadlines WHERE kind = 'remind'") == 1


async def test_one_that_cannot_be_sent_is_told_at_the_desk_and_tried_again(door: Door) -> None:  # noqa: F811
    """Its only recipient has left: the desk hears of it each time."""
    ward, key = door.ward, await door.key("eva", DIRECTORY)
    at = soon(ward)
    await door.post(key, "/v1/reminders", body(at, to=[ward.mallory.wire]))
    await ward.set(ward.mallory, disabled_at=ward.clock.now())
    await remind(ward, at)
    (alarm,) = await ward.alarms()
    assert (alarm[0], "Crash cart" in alarm[1]) == ("reminder_failed", True)
    assert await ward.connection.fetchval("SELECT count(*) FROM deadlines WHERE kind = 'remind'") == 1


async def test_what_could_not_remind_anybody_is_refused(door: Door) -> None:  # noqa: F811
    """With the place of the fault; who may not, may not."""
    ward, key = door.ward, await door.key("eva", DIRECTORY)
    at = soon(ward)
    for fields, problem in (
        ({"days": ["someday"]}, (422, "invalid")),
        ({"times": ["25:00"]}, (422, "invalid")),
        ({"zone": "Mars/Base"}, (422, "zone_unknown")),
        ({"to": ["Nobody"]}, (422, "recipient_unknown")),
        ({"priority": "code"}, (422, "invalid")),
        ({"policy": "None such"}, (422, "policy_unknown")),
    ):
        assert told(await door.post(key, "/v1/reminders", body(at, **fields))) == problem
    mallory = await door.key("mallory", SEND)
    assert told(await door.post(mallory, "/v1/reminders", body(at))) == (403, "not_permitted")
    assert told(await door.get(mallory, "/v1/reminders")) == (403, "not_permitted")
    assert told(await door.post(key, "/v1/reminders/rem_" + "0" * 32 + "/cancel", None)) == (404, "not_found")
