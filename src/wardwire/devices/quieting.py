"""People's own quiet hours through their devices: asked, tried by the planner's own rule, and set."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from wardwire.access.door import decide, passed
from wardwire.devices.answers import Answers
from wardwire.devices.in_turn import InTurn
from wardwire.devices.own_frames import AskQuiet, QuietFrame, Rung, RungFrame, RungTry, SetQuiet, TryQuiet
from wardwire.devices.session import Door, Session
from wardwire.directory.desk import DirectoryDesk
from wardwire.directory.preferences import set_preferences
from wardwire.flow.ports import Rules
from wardwire.model import ids
from wardwire.model.errors import Code, Refused, Unavailable
from wardwire.model.matrix import Action, Owner
from wardwire.model.preferences import ALL_DAYS, Preferences, check_preferences, choose, imagined
from wardwire.model.priority import Priority
from wardwire.model.quiet_hours import NAME, QuietHours, hours_of, with_hours
from wardwire.model.rights import Caller
from wardwire.model.routing import rings_for
from wardwire.store.walls import read_days, read_minute, write_days, write_minute

QuietWord = AskQuiet | SetQuiet | TryQuiet


class Quieting(InTurn[QuietWord]):
    """Answers people about their quiet hours; sets them one after the other.

    Args:
        changed: Lets all cores look at the directory now.
    """

    def __init__(
        self, desk: DirectoryDesk, *, rules: Callable[[], Rules], answers: Answers, changed: Callable[[], None]
    ) -> None:
        super().__init__("quiet hours", answers.fail, full="too many set their quiet hours now; nothing was kept")
        self._desk = desk
        self._rules = rules
        self._answers = answers
        self._changed = changed

    def put(self, door: Door, session: Session, frame: QuietWord) -> None:
        """Take what somebody says; a change is answered when it is committed.

        Raises:
            Refused: `INVALID`, `ZONE_UNKNOWN`: hours that are none.
        """
        rules = self._rules()
        caller = _admitted(session.caller(rules.directory))
        assert caller.person_id is not None
        if isinstance(frame, AskQuiet):
            self._answers.tell(door, _show(frame.id, rules.directory.preferences.get(caller.person_id), rules))
        elif isinstance(frame, TryQuiet):
            self._answers.tell(door, _try(frame, caller.person_id, rules))
        else:
            super().put(door, session, frame)

    async def _take(self, door: Door, session: Session, frame: QuietWord) -> None:
        assert isinstance(frame, SetQuiet)
        rules = self._rules()
        after = await self._once(_admitted(session.caller(rules.directory)), frame, rules)
        self._answers.tell(door, _show(frame.id, after, rules))
        self._changed()

    async def _once(self, caller: Caller, frame: SetQuiet, rules: Rules) -> Preferences:
        assert caller.person_id is not None
        before = rules.directory.preferences.get(caller.person_id)
        version = before.version if before else 0
        if frame.version > version:
            raise Unavailable(Code.UNAVAILABLE, "this core has not yet heard of your last change; nothing was kept")
        if frame.version < version:
            raise Refused(Code.CHANGED_SINCE, "they were changed since you read them", pointer="/version")
        wanted = with_hours(before, caller.person_id, _read(frame), frame.zone, rules.waits.ceilings)
        return await set_preferences(
            self._desk, caller, rules.directory, (ids.PERSON, caller.person_id), wanted.profiles,
            zone=wanted.zone, ceilings=rules.waits.ceilings, expected=version,
        )  # fmt: skip


def _admitted(caller: Caller) -> Caller:
    """Let somebody say how they themselves are tried."""
    assert caller.person_id is not None
    decide(caller, Action.PREFERENCE_SET, [Owner(people=frozenset({caller.person_id}))])
    return passed(caller, Action.PREFERENCE_SET)


def _read(frame: SetQuiet | TryQuiet) -> QuietHours | None:
    if not frame.hours:
        return None
    try:
        begins, ends = (read_minute(part) for part in frame.hours.split("-"))
    except ValueError:
        raise Refused(Code.INVALID, "hours are written 22:00-07:00", pointer="/hours") from None
    if begins == ends:
        raise Refused(Code.INVALID, "quiet hours begin and end at two times of a day", pointer="/hours")
    days = read_days(frame.days, "/days") or ALL_DAYS
    return QuietHours(begins, ends, frozenset(frame.priorities), days)


def _show(request: str, found: Preferences | None, rules: Rules) -> QuietFrame:
    hours = hours_of(found)
    others = [one for one in found.profiles if one.name != NAME] if found else []
    return QuietFrame(
        id=request,
        version=found.version if found else 0,
        high_calls_within_s=rules.waits.ceilings.high_calls_within.total_seconds(),
        hours=f"{write_minute(hours.begins)}-{write_minute(hours.ends)}" if hours else "",
        days=[] if hours is None or hours.days == ALL_DAYS else write_days(hours.days),
        priorities=[one for one in Priority if hours and one in hours.priorities],
        zone=found.zone if found else "",
        fixed=any(not one.always for one in others),
    )


def _try(frame: TryQuiet, person_id: UUID, rules: Rules) -> RungFrame:
    before = rules.directory.preferences.get(person_id)
    wanted = with_hours(before, person_id, _read(frame), frame.zone, rules.waits.ceilings)
    check_preferences(wanted, rules.waits.ceilings)
    directory = imagined(rules.directory, person_id, None, wanted)

    def rung(priority: Priority, at: datetime) -> Rung:
        chosen = choose(person_id, priority, directory, rules.waits, at)
        tries, after_s = [], 0.0
        for stage in chosen.stages:
            tries.append(RungTry(after_s, list(stage.kinds)))
            after_s += stage.wait.total_seconds()
        return Rung(priority, rings_for(person_id, priority, directory, at), tries, chosen.by)

    return RungFrame(frame.id, frame.at, [rung(priority, frame.at) for priority in Priority])
