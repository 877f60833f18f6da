"""Over HTTP: what somebody is in, and what hangs on them. Asked before a person is disabled."""

from __future__ import annotations

from datetime import datetime

import msgspec

from wardwire.api.directory import find, find_person, read_operation
from wardwire.api.operation import Answer, Call
from wardwire.model import ids
from wardwire.model.matrix import Action
from wardwire.model.ties import ties_of
from wardwire.store.people import find_busy


class TieOut(msgspec.Struct, frozen=True):
    """One of them: `id` and `name` say of what, `how` in which way.

    Of a role `on_call` (`then` answers if this one is disabled; "" = nobody), `shift`, `rotation` (`detail`: the
    layer), `fallback`; of a group `member`, `within`, `rule`; of a bed `primary`, `secondary`, `tertiary`; of a
    policy `step` (`detail`: which); of a person `covers`: they are covered by this one.
    """

    id: str
    name: str
    how: str
    detail: str
    starts_at: datetime | None
    ends_at: datetime | None
    then: str


class Ties(msgspec.Struct, frozen=True):
    """All of them. `open`: a message is on its way to this person, or an alert has them."""

    open: bool
    data: list[TieOut]


async def get_ties(call: Call) -> Answer:
    """Tell them."""
    rules = call.deps.rules()
    person = find(rules.directory.people, call.id(ids.PERSON, "person_id"))
    found = ties_of(person, rules.directory, call.deps.clock.now(), caller=call.caller, desk=rules.desk)
    busy = await call.read(lambda connection: find_busy(connection, [person.id]))
    shown = [
        TieOut(
            id=ids.write_id(tie.what, tie.id),
            name=tie.name,
            how=tie.how,
            detail=tie.detail,
            starts_at=tie.starts_at,
            ends_at=tie.ends_at,
            then=tie.then,
        )
        for tie in found
    ]
    return Answer(body=Ties(person.id in busy, shown))


OPERATIONS = (
    read_operation(
        "getTies", "/v1/people/{person_id}/ties",
        "Say what somebody is in, and what hangs on them: roles, groups, beds, policies, covers, and whether"
        " something is open for them. To be read before they are disabled.",
        get_ties, Ties, action=Action.CONTACT_READ, find=find_person,
    ),
)  # fmt: skip
