"""What people do with technical alarms: they take one, and clear it when its cause is gone. Both are facts.

An alarm that rings at somebody's device is taken there by accepting it (flow/take.py); here it is by name, over HTTP
or in a terminal.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.facts import FactKind
from wardwire.model.names import clean_line
from wardwire.model.rights import ALARMS, Caller, require_passed
from wardwire.store import alarms as store
from wardwire.store.alarms import Alarm
from wardwire.store.chain import Draft
from wardwire.store.ledger import Ledger

MAX_WHY = 200
_ENCODE = msgspec.json.Encoder().encode


async def take_alarm(ledger: Ledger, now: datetime, caller: Caller, alarm_id: UUID) -> Alarm:
    """Say that the caller sees to an alarm; when this returns, it is committed. The same said twice is no fault.

    Raises:
        Refused: `NOT_FOUND`, `ALREADY_ENDED`, `TOO_LATE` when another one sees to it, `NOT_PERMITTED`.
        Unavailable, Unknown: As of every commit.
    """

    async def take(connection: asyncpg.Connection, alarm: Alarm) -> FactKind | None:
        if alarm.taken_by == _name(caller):
            return None
        if alarm.taken_by is not None:
            raise Refused(Code.TOO_LATE, "somebody else sees to it already", taken_by=alarm.taken_by)
        await store.take_alarm(connection, alarm_id, _name(caller), now)
        return FactKind.ALARM_TAKEN

    return await _change(ledger, now, caller, alarm_id, {}, take)


async def clear_alarm(ledger: Ledger, now: datetime, caller: Caller, alarm_id: UUID, why: str) -> Alarm:
    """Say that an alarm is over, and why; when this returns, it is committed. The same said twice is no fault.

    Raises:
        Refused: `NOT_FOUND`, `NOT_PERMITTED`, `TEXT_BLANK`, `TEXT_TOO_LONG`.
        Unavailable, Unknown: As of every commit.
    """
    reason = clean_line(why, "/why", MAX_WHY)
    if not reason:
        raise Refused(Code.TEXT_BLANK, "say why it is over", pointer="/why")

    async def clear(connection: asyncpg.Connection, alarm: Alarm) -> FactKind | None:
        await store.clear_alarm(connection, alarm_id, _name(caller), reason, now)
        return FactKind.ALARM_CLEARED

    return await _change(ledger, now, caller, alarm_id, {"why": reason}, clear, ended_is_fine=True)


async def _change(
    ledger: Ledger,
    now: datetime,
    caller: Caller,
    alarm_id: UUID,
    told: dict[str, str],
    change: Callable[[asyncpg.Connection, Alarm], Awaitable[FactKind | None]],
    *,
    ended_is_fine: bool = False,
) -> Alarm:
    require_passed(caller, ALARMS)

    async def work(connection: asyncpg.Connection) -> tuple[Alarm, Sequence[Draft]]:
        alarm = await store.load_alarm(connection, alarm_id, lock=True)
        if alarm is None:
            raise Refused(Code.NOT_FOUND, "there is no such alarm")
        if alarm.cleared_at is not None:
            if ended_is_fine:
                return alarm, ()
            raise Refused(Code.ALREADY_ENDED, "this alarm was cleared already")
        kind = await change(connection, alarm)
        if kind is None:
            return alarm, ()
        after = await store.load_alarm(connection, alarm_id)
        assert after is not None
        body = {"alarm": ids.write_id(ids.ALARM, alarm_id), "kind": alarm.kind, "by": _name(caller), **told}
        draft = Draft(kind, alarm.message_id, caller.person_id, caller.device_id, _ENCODE(body).decode())
        return after, (draft,)

    return await ledger.commit(now, work)


def _name(caller: Caller) -> str:
    return ids.write_id(ids.PERSON, caller.person_id) if caller.person_id else caller.source
