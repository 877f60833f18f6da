"""What the demo counts at its end is what is in the database, and what would be lost is found."""

from __future__ import annotations

from datetime import timedelta

from wardwire.flow.statement import Responses
from wardwire.model import ids
from wardwire.model.delivery import Event
from wardwire.model.rights import SEND, Caller
from wardwire.testing.demo.board import Counts
from wardwire.testing.demo.tally import count_run, find_lost
from wardwire.testing.ward import Ward

LAB = Caller(source="lab", scopes=frozenset({SEND}))
ACCEPT = Responses(accept_decline=True)


async def test_a_run_is_counted_from_its_rows(ward: Ward) -> None:
    """Delivered and answered; gone on to e-mail; gone to the desk; and what was before the run does not count."""
    before = await ward.send(ward.anna, ["Ben"])
    await ward.say(ward.ben, before, Event.CONFIRMED)
    await ward.pass_time(seconds=60)
    since = ward.clock.now()
    answered = await ward.send(ward.anna, ["Ben"], responses=ACCEPT)
    await ward.say(ward.ben, answered, Event.ACCEPT)
    onward = await ward.send(ward.ben, ["Dr. Chen"])
    to_desk = await ward.send(LAB, ["Dr. Okafor"])
    await ward.pass_time(seconds=15)
    acknowledged = [answered.message, onward.message, to_desk.message]
    counts = await count_run(ward.connection, since=since, acknowledged=acknowledged)

    assert counts == Counts(stored=3, delivered=1, answered=1, escalated=2, technical_alarms=1, lost=0)


async def test_what_was_acknowledged_and_is_gone_is_found(ward: Ward) -> None:
    """An id that is nowhere, and a delivery that nobody waits for any more, are lost; all else is not."""
    armed = await ward.send(ward.anna, ["Ben"])
    told = await ward.send(ward.ben, ["Dr. Okafor"])
    await ward.pass_time(seconds=11)
    forgotten = await ward.send(ward.anna, ["Ben"])
    nowhere = ids.new_id(ward.clock.now() + timedelta(seconds=1))
    await ward.connection.execute(
        "DELETE FROM deadlines WHERE message_id = $1", ids.read_id(ids.MESSAGE, forgotten.message)
    )
    acknowledged = [armed.message, told.message, forgotten.message, ids.write_id(ids.MESSAGE, nowhere)]

    assert await ward.state(told, ward.okafor) == "unreachable"
    assert {ids.write_id(ids.MESSAGE, lost) for lost in await find_lost(ward.connection, acknowledged)} == {
        forgotten.message,
        ids.write_id(ids.MESSAGE, nowhere),
    }
