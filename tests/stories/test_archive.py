"""A day is archived while the core runs on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.engines import FreshDatabase
from tests.ward import reading
from wardwire.model.delivery import Event
from wardwire.model.errors import Code, Refused
from wardwire.store.partitions import drop_day, list_days, make_days
from wardwire.testing.ward import Ward


async def test_a_word_about_an_archived_message_is_not_found_and_harms_nobody(fresh_database: FreshDatabase) -> None:
    """H31: Dr. Chen opens a message of last month; the core remembers it, the tables are gone."""
    async with Ward(fresh_database.logins.app) as ward:
        day = ward.clock.now().date()
        old = await ward.send(ward.anna, ["Dr. Chen"])
        await ward.say(ward.chen, old, Event.CONFIRMED)
        async with reading(fresh_database.logins.owner) as owner:
            await drop_day(owner, day)
        with pytest.raises(Refused) as refused:
            await ward.say(ward.chen, old, Event.SEEN)
        new = await ward.send(ward.anna, ["Dr. Chen"])
        await ward.say(ward.chen, new, Event.SEEN)

        assert refused.value.code is Code.NOT_FOUND
        assert await ward.state(new, ward.chen) == "read"


async def test_a_core_that_runs_for_weeks_knows_the_days_that_were_made_since(ward: Ward) -> None:
    """Changes of one day go to that day's table, also on a day that had none when the core began."""
    await ward.send(ward.anna, ["Dr. Chen"])
    ward.clock.advance(timedelta(days=20))
    await make_days(ward.connection, ward.clock.now().date())
    stored = await ward.send(ward.anna, ["Dr. Chen"])
    await ward.say(ward.chen, stored, Event.CONFIRMED)
    days = await list_days(ward.connection)

    assert await ward.state(stored, ward.chen) == "delivered"
    assert ward.clock.now().date() in days
    assert days in [writer.days for writer in ward.lanes.writers]
