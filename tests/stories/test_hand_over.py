"""A role changes hands with alerts open: they go along, with or without a policy, and to who covers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest

from tests.stories.test_nobody_answers import MINUTE, Night, S
from tests.ward import OPERATOR, directory_desk
from wardwire.directory.desk import DirectoryDesk
from wardwire.directory.oncall import enter_shift
from wardwire.directory.people import set_status
from wardwire.flow.statement import Responses
from wardwire.flow.views import Stored
from wardwire.model import ids
from wardwire.model.delivery import Event
from wardwire.model.people import Status
from wardwire.model.policy import Step
from wardwire.testing.ward import Member, Ward

ACCEPT = Responses(accept_decline=True)
ROLE = "role:Cardiology 1st"


@pytest.fixture
async def desk(ward: Ward, database_url: str) -> AsyncIterator[DirectoryDesk]:
    """Where statuses and shifts are set."""
    async with directory_desk(database_url, ward.clock) as desk:
        yield desk


@pytest.fixture
async def role(ward: Ward) -> UUID:
    """Dr. Chen has Cardiology 1st for ten minutes, then Dr. Okafor."""
    role = await ward.add_role("Cardiology 1st")
    await ward.add_shift(role, ward.chen, -MINUTE, 10 * MINUTE)
    await ward.add_shift(role, ward.okafor, 10 * MINUTE, 60 * MINUTE)
    return role


async def turn(ward: Ward) -> Night:
    """The story's seconds are counted from ten minutes before the role changes hands."""
    at = await ward.connection.fetchval("SELECT max(starts_at) FROM shifts")
    return Night(ward, at - 10 * MINUTE, None, None)  # type: ignore[arg-type]


async def away(ward: Ward, desk: DirectoryDesk, who: UUID, cover: str) -> None:
    """Somebody is in a procedure, and somebody else covers."""
    directory = ward.people.directory
    until = ward.clock.now() + timedelta(hours=3)
    await set_status(desk, OPERATOR, who, Status.IN_PROCEDURE, until, cover=cover, directory=directory)
    await ward.people.refresh(ward.connection)


def message_of(stored: Stored) -> UUID:
    return ids.read_id(ids.MESSAGE, stored.message)


def of(ward: Ward, member: Member, stored: Stored) -> list[str]:
    """What somebody's devices were told of one message."""
    return [told.event for told in ward.told[member.id] if told.message_id == message_of(stored)]


async def armed(ward: Ward) -> int:
    """How many alerts follow a role, and how many former holders are not let go."""
    count: int = await ward.connection.fetchval("SELECT count(*) FROM deadlines WHERE kind IN ('turn', 'leave')")
    return count


async def test_an_alert_without_a_policy_follows_its_role_and_both_are_told(ward: Ward, role: UUID) -> None:
    """H247: the page for the on-call cardiologist lay unread on the phone of the one who had just gone home."""
    one = await turn(ward)
    stored = await ward.send(ward.anna, [ROLE], responses=ACCEPT)
    await ward.say(ward.chen, stored, Event.CONFIRMED)
    await ward.say(ward.chen, stored, Event.SEEN)
    await one.at(599)
    assert one.heard(ward.okafor) == []
    await one.at(600)
    assert one.heard(ward.okafor) == [(600, "new")]
    assert ward.told[ward.okafor.id][-1].body.rings
    assert one.heard(ward.chen)[-1] == (600, "handed_over")
    assert await ward.why(message_of(stored), ward.okafor) == f"hand_over:{ids.write_id(ids.ROLE, role)}"
    assert await ward.state(stored, ward.chen) == "read"
    assert "HandedOver" in await ward.facts(stored)
    await ward.say(ward.okafor, stored, Event.ACCEPT)
    await one.at(3600)
    assert await ward.state(stored, ward.chen) == "taken"
    assert [event for _, event in one.heard(ward.okafor)] == ["new", "answered"]
    await ward.cancel(ward.caller(ward.anna), stored)
    await one.at(100_000)
    assert await armed(ward) == 0


async def test_what_is_answered_or_only_to_be_read_stays_where_it_is(ward: Ward, role: UUID) -> None:
    """H247: nobody is rung for what is seen to; handed back later it goes to who has the role then."""
    one = await turn(ward)
    told = await ward.send(ward.anna, [ROLE])
    asked = await ward.send(ward.anna, [ROLE], responses=ACCEPT)
    declined = await ward.send(ward.anna, [ROLE], responses=ACCEPT)
    await ward.say(ward.chen, told, Event.SEEN)
    await ward.say(ward.chen, asked, Event.ACCEPT)
    await ward.say(ward.chen, declined, Event.DECLINE)
    await one.at(900)
    assert one.heard(ward.okafor) == []
    await ward.say(ward.chen, asked, Event.HAND_BACK)
    await one.at(901.5)
    assert [event for _, event in one.heard(ward.okafor)] == ["new"]
    assert ward.told[ward.okafor.id][-1].message_id == message_of(asked)


async def test_whoever_is_named_beside_the_role_keeps_it(ward: Ward, role: UUID) -> None:
    """H247: meant for himself, too."""
    one = await turn(ward)
    stored = await ward.send(ward.anna, [ROLE, "Dr. Chen"], responses=ACCEPT)
    await ward.say(ward.chen, stored, Event.CONFIRMED)
    await one.at(600)
    assert [event for _, event in one.heard(ward.okafor)] == ["new"]
    assert await ward.state(stored, ward.chen) == "delivered"
    assert "handed_over" not in ward.events(ward.chen)


async def test_a_role_that_changes_hands_by_hand_takes_its_alerts_along(
    ward: Ward, role: UUID, desk: DirectoryDesk
) -> None:
    """H247: the shift was changed in the middle of it."""
    one = await turn(ward)
    stored = await ward.send(ward.anna, [ROLE], responses=ACCEPT)
    await ward.say(ward.chen, stored, Event.CONFIRMED)
    await one.at(60)
    now = ward.clock.now()
    await enter_shift(
        desk, OPERATOR, role, person_id=ward.ben.id, starts=now + S, ends=now + 5 * MINUTE, override=True
    )
    await ward.people.refresh(ward.connection)
    await one.at(70)
    assert of(ward, ward.ben, stored) == ["new"]
    assert of(ward, ward.chen, stored) == ["new", "handed_over"]
    await ward.say(ward.ben, stored, Event.CONFIRMED)
    await one.at(365)
    assert of(ward, ward.chen, stored)[-1] == "ring", "his again, for the rest of his shift"
    assert of(ward, ward.ben, stored)[-1] == "handed_over"
    await ward.say(ward.ben, stored, Event.CONFIRMED)
    await one.at(368)
    assert await ward.state(stored, ward.chen) == "pending", "nobody lets him go: it is his again"
    await ward.say(ward.chen, stored, Event.CONFIRMED)
    await one.at(400)
    assert await let_go(ward, stored, ward.ben) != []
    assert await let_go(ward, stored, ward.chen) == [(72, "handed_over")], "that time Ben had it"


async def test_at_a_hand_over_whoever_covers_is_called(ward: Ward, role: UUID, desk: DirectoryDesk) -> None:
    """H248: the next one stood at the table; without a policy, and by a policy, Ben comes in her stead."""
    one = await turn(ward)
    await away(ward, desk, ward.okafor.id, ward.ben.wire)
    plain = await ward.send(ward.anna, [ROLE], responses=ACCEPT)
    await ward.say(ward.chen, plain, Event.CONFIRMED)
    await one.at(600)
    assert one.heard(ward.ben)[-1] == (600, "new")
    assert ward.told[ward.ben.id][-1].body.rings
    assert await ward.why(message_of(plain), ward.ben) == f"covers:{ward.okafor.wire}"
    assert await ward.why(message_of(plain), ward.okafor) == f"covered:{ward.ben.wire}"
    assert not ward.told[ward.okafor.id][-1].body.rings


@pytest.mark.parametrize("beside", [False, True], ids=["in the step", "beside the policy"])
async def test_at_a_hand_over_by_a_policy_whoever_covers_is_called(
    ward: Ward, role: UUID, desk: DirectoryDesk, beside: bool
) -> None:
    """H248: and is waited for; who covered for the former one is let go. So it is beside a policy, too."""
    one = await turn(ward)
    await away(ward, desk, ward.chen.id, ward.dora.wire)
    await away(ward, desk, ward.okafor.id, ward.ben.wire)
    step = Step(("person:Mallory",) if beside else (ROLE,), 15 * MINUTE)
    await ward.add_policy("Consult", step, Step(("desk",), MINUTE))
    await ward.people.refresh(ward.connection)
    stored = await ward.send(ward.anna, [ROLE] if beside else [], policy="Consult", responses=ACCEPT)
    message = message_of(stored)
    assert await ward.why(message, ward.dora) == f"covers:{ward.chen.wire}"
    await ward.say(ward.dora, stored, Event.CONFIRMED)
    await one.at(600)
    assert one.heard(ward.ben)[-1] == (600, "new")
    assert await ward.why(message, ward.ben) == f"covers:{ward.okafor.wire}"
    assert not any(told.body.rings for told in ward.told[ward.okafor.id])
    assert ward.events(ward.chen)[-1] == "handed_over"
    if not beside:
        assert one.heard(ward.dora)[-1] == (600, "handed_over")
    await ward.say(ward.ben, stored, Event.ACCEPT)
    await one.at(601)
    assert await ward.connection.fetchval("SELECT state FROM escalations") == "held"


async def step_of(ward: Ward, *targets: str) -> None:
    """A policy whose first step lasts a quarter of an hour."""
    await ward.add_policy("Consult", Step(targets, 15 * MINUTE), Step(("desk",), MINUTE))
    await ward.people.refresh(ward.connection)


async def let_go(ward: Ward, stored: Stored, member: Member) -> list[tuple[int, str]]:
    """Why somebody fell silent, and how many seconds after the beginning of the story's role."""
    rows = await ward.connection.fetch(
        "SELECT body, at FROM facts WHERE kind = 'Taken' AND message_id = $1 AND person_id = $2 ORDER BY seq",
        message_of(stored), member.id,
    )  # fmt: skip
    begin = await ward.connection.fetchval("SELECT max(starts_at) FROM shifts") - 10 * MINUTE
    return [(int((row["at"] - begin).total_seconds()), json.loads(row["body"]).get("why", "")) for row in rows]


async def test_a_former_holder_is_tried_on_until_the_next_one_has_it_and_then_no_more(ward: Ward, role: UUID) -> None:
    """H268: his next endpoint is not tried once she has it; and it is as long as she has not."""
    one = await turn(ward)
    await step_of(ward, ROLE)
    await one.at(595)
    stored = await ward.send(ward.anna, [], policy="Consult")
    await one.at(601)
    assert (one.heard(ward.chen)[-1], one.heard(ward.okafor)) == ((600, "handed_over"), [(600, "new")])
    await ward.say(ward.okafor, stored, Event.CONFIRMED)
    await one.at(620)
    assert await ward.state(stored, ward.chen) == "taken"
    assert ward.mail.sent == [], "at 605 s it would have gone to his mailbox"
    assert await let_go(ward, stored, ward.chen) == [(601, "handed_over")]
    await ward.say(ward.okafor, stored, Event.ACCEPT)
    await one.at(621)
    assert one.heard(ward.chen)[-1] == (620, "taken"), "he sees who has it"


async def test_a_former_holder_is_not_let_go_before_anybody_else_has_it(ward: Ward, role: UUID) -> None:
    """H268: her phone is off; his mailbox is tried in its time, and what reaches him counts."""
    one = await turn(ward)
    await step_of(ward, ROLE)
    await one.at(595)
    stored = await ward.send(ward.anna, [], policy="Consult")
    await one.at(607)
    assert [address for address, _ in ward.mail.sent] == ["chen@ward.example"]
    assert await ward.state(stored, ward.chen) == "pending"
    await ward.say(ward.chen, stored, Event.ACCEPT)
    await one.at(608)
    assert await ward.connection.fetchval("SELECT state FROM escalations") == "held"


async def test_who_was_called_before_frees_the_former_holder_by_a_new_receipt(ward: Ward, role: UUID) -> None:
    """H268: that she had it already says nothing of the call that rings her now."""
    one = await turn(ward)
    await step_of(ward, ROLE, "person:Dr. Okafor")
    await one.at(595)
    stored = await ward.send(ward.anna, [], policy="Consult")
    await one.at(596)
    await ward.say(ward.okafor, stored, Event.CONFIRMED)
    await one.at(602)
    assert one.heard(ward.okafor)[-1] == (600, "ring")
    assert await ward.state(stored, ward.chen) == "pending"
    await ward.say(ward.okafor, stored, Event.CONFIRMED)
    await one.at(620)
    assert await let_go(ward, stored, ward.chen) == [(602, "handed_over")]
    assert ward.mail.sent == []


async def test_without_a_policy_a_former_holder_is_tried_until_the_next_one_has_it(ward: Ward, role: UUID) -> None:
    """H305: her phone was off, he was let go all the same, and nothing was tried of anybody."""
    one = await turn(ward)
    await one.at(595)
    unheard = await ward.send(ward.anna, [ROLE], responses=ACCEPT)
    heard = await ward.send(ward.anna, [ROLE], responses=ACCEPT, subject="The second one")
    await one.at(601)
    assert one.heard(ward.okafor) == [(600, "new")] * 2
    assert [event for _, event in one.heard(ward.chen)] == ["new", "new", "handed_over", "handed_over"]
    await ward.say(ward.okafor, heard, Event.CONFIRMED)
    await one.at(607)
    assert [address for address, _ in ward.mail.sent] == ["chen@ward.example"], "of what she does not have"
    assert await ward.state(unheard, ward.chen) == "pending"
    assert await let_go(ward, heard, ward.chen) == [(602, "handed_over")]
    await ward.say(ward.okafor, unheard, Event.CONFIRMED)
    await one.at(609)
    assert await let_go(ward, unheard, ward.chen) == [(608, "handed_over")]
    assert await ward.connection.fetchval("SELECT count(*) FROM deadlines WHERE kind = 'leave'") == 0


async def test_what_another_one_hands_back_goes_to_the_next_holder_and_rings_no_former_one(
    ward: Ward, role: UUID
) -> None:
    """H303: Ben had it while the role changed hands; it came back to Dr. Chen, who had gone home."""
    one = await turn(ward)
    await step_of(ward, ROLE, "person:Ben")
    await one.at(580)
    stored = await ward.send(ward.anna, [], policy="Consult")
    await ward.say(ward.chen, stored, Event.CONFIRMED)
    await ward.say(ward.ben, stored, Event.ACCEPT)
    await one.at(700)
    assert (one.heard(ward.okafor), ward.events(ward.chen)[-1]) == ([], "taken"), "nobody is rung while Ben has it"
    await ward.say(ward.ben, stored, Event.HAND_BACK)
    await one.at(701)
    assert one.heard(ward.okafor) == [(700, "new")]
    assert await ward.why(message_of(stored), ward.okafor) == f"hand_over:{ids.write_id(ids.ROLE, role)}"
    assert one.heard(ward.chen)[-1] == (700, "handed_over")
    assert "ring" not in ward.events(ward.chen)
    await ward.say(ward.okafor, stored, Event.ACCEPT)
    await one.at(702)
    assert await ward.connection.fetchval("SELECT state FROM escalations") == "held"


async def test_a_former_holder_whom_the_step_means_otherwise_is_not_told_to_be_silent(ward: Ward, role: UUID) -> None:
    """H304: his phone fell silent at the word that it had gone to her; the step still waited for him, by his name."""
    one = await turn(ward)
    await step_of(ward, ROLE, "person:Dr. Chen")
    await one.at(590)
    stored = await ward.send(ward.anna, [], policy="Consult")
    await ward.say(ward.chen, stored, Event.CONFIRMED)
    await one.at(601)
    assert one.heard(ward.okafor) == [(600, "new")]
    await ward.say(ward.okafor, stored, Event.CONFIRMED)
    await one.at(620)
    assert ward.events(ward.chen) == ["new"], "called by his name, as before"
    assert await ward.state(stored, ward.chen) == "delivered"


async def test_what_a_former_holder_has_by_his_own_name_stays_his(ward: Ward, role: UUID) -> None:
    """H304: he had accepted it; his shift ended, and it was taken from him, though the step meant him by his name."""
    one = await turn(ward)
    await step_of(ward, ROLE, "person:Dr. Chen")
    await one.at(590)
    stored = await ward.send(ward.anna, [], policy="Consult")
    await ward.say(ward.chen, stored, Event.ACCEPT)
    await one.at(620)
    assert (one.heard(ward.okafor), "handed_over" in ward.events(ward.chen)) == ([], False)
    assert await ward.connection.fetchval("SELECT state FROM escalations") == "held"
    await ward.say(ward.chen, stored, Event.HAND_BACK)
    await one.at(621)
    assert one.heard(ward.okafor) == [(620, "new")], "now it is hers, and hers alone"
    assert "ring" not in ward.events(ward.chen)


async def test_whoever_covers_for_the_next_holder_is_rung_though_the_role_was_theirs(
    ward: Ward, role: UUID, desk: DirectoryDesk
) -> None:
    """H304: she stood at the table, and he, whose shift had ended, covered for her: he is called, not let go."""
    one = await turn(ward)
    await away(ward, desk, ward.okafor.id, ward.chen.wire)
    await step_of(ward, ROLE)
    await one.at(590)
    stored = await ward.send(ward.anna, [], policy="Consult")
    await ward.say(ward.chen, stored, Event.CONFIRMED)
    await one.at(601)
    assert one.heard(ward.chen)[-1] == (600, "ring")
    assert "handed_over" not in ward.events(ward.chen)
    await ward.say(ward.chen, stored, Event.ACCEPT)
    await one.at(602)
    assert await ward.connection.fetchval("SELECT state FROM escalations") == "held"
