"""Who is on call over HTTP: schedules, overrides, and who it is at an instant. A dry run says what comes of it."""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from msgspec import UNSET, UnsetType

from wardwire.api import oncall_wire as wire
from wardwire.api.directory import (
    changed,
    find,
    find_role,
    find_shift,
    given,
    read_operation,
    read_person,
    show_shift,
    write_operation,
)
from wardwire.api.directory_wire import ShiftOut
from wardwire.api.instants import read_instant
from wardwire.api.making import make
from wardwire.api.operation import Answer, Call, Found, Operation, Query
from wardwire.directory import calendars, oncall, swaps
from wardwire.directory.roles import write_fallback
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.matrix import Action, Owner
from wardwire.model.oncall import final, next_edge, on_call
from wardwire.model.oncall_plan import Swap
from wardwire.model.oncall_quality import judge
from wardwire.model.oncall_rights import may_view, on_schedule, require_owner
from wardwire.model.people import Directory, Role
from wardwire.store.oncall import find_swap as load_swap
from wardwire.store.oncall import text_of

DEFAULT_DAYS = 14
_DAYS = Query(
    name="days", kind="integer", about="So many days of the final schedule.", least=1, most=366, default=DEFAULT_DAYS
)
_AT = Query(name="at", kind="string", about="An instant, RFC 3339; by default now.")
_DRY = Query(name="dry_run", kind="boolean", about="Only say what would come of it.", default=False)


def stretches(role: Role, directory: Directory, begin: datetime, end: datetime) -> Iterator[wire.Stretch]:
    """Give who holds a role, stretch after stretch."""
    for one in final(role, begin, end, directory):
        held = one.holding
        yield wire.Stretch(
            starts_at=one.starts_at,
            ends_at=one.ends_at,
            person=ids.write_id(ids.PERSON, held.person_id) if held else None,
            name=directory.person_name(held.person_id) if held else "",
            rule=held.rule if held else "fallback",
            source=held.source if held else "",
        )


def _seen(call: Call) -> Role:
    role = find(call.deps.rules().directory.roles, call.id(ids.ROLE, "role_id"))
    if not may_view(call.caller, role):
        raise Refused(Code.NOT_FOUND, "there is nothing of this id")
    return role


def _show(role: Role, call: Call) -> wire.ScheduleOut:
    directory, now = call.deps.rules().directory, call.deps.clock.now()
    shifts = sorted((s for s in role.shifts if s.ends_at > now), key=lambda s: (s.starts_at, s.version))
    people = [
        sorted(ids.write_id(ids.PERSON, one) for one in found)
        for found in (role.owners, role.swappers, role.viewers, role.monitors)
    ]
    return wire.ScheduleOut(
        role=ids.write_id(ids.ROLE, role.id),
        zone=role.rota.zone if role.rota else "",
        layers=[text_of(layer) for layer in role.rota.layers] if role.rota else [],
        fallback=write_fallback(role),
        owners=people[0],
        swappers=people[1],
        viewers=people[2],
        monitors=people[3],
        shifts=[show_shift(shift, directory) for shift in shifts],
        final=list(stretches(role, directory, now, now + timedelta(days=call.query.get("days") or DEFAULT_DAYS))),
    )


async def find_offer(call: Call) -> Found:
    """Find who may offer a shift: whoever is on the schedule, and its owners. Whose it is the desk looks at."""
    role = call.deps.rules().directory.roles.get(call.id(ids.ROLE, "role_id"))
    if role is None:
        raise Refused(Code.NOT_FOUND, "there is nothing of this id")
    return Found([Owner(people=role.owners | frozenset(on_schedule(role)))])


async def find_swap(call: Call) -> Found:
    """Find whose a swap is: who gives, who takes, and its role's owners."""
    swap = await call.read(lambda connection: load_swap(connection, call.id(ids.SWAP, "swap_id")))
    role = call.deps.rules().directory.roles.get(swap.role_id) if swap else None
    if swap is None or role is None:
        raise Refused(Code.NOT_FOUND, "there is nothing of this id")
    return Found([Owner(people=role.owners | {swap.giver, swap.taker})])


async def get_schedule(call: Call) -> Answer:
    """Show a schedule."""
    return Answer(body=_show(_seen(call), call))


async def set_schedule(call: Call) -> Answer:
    """Set the rotations of a role, and who may do what with it."""
    body: wire.ScheduleIn = call.body
    role_id = call.id(ids.ROLE, "role_id")
    people = {
        name: _people(getattr(body, name), f"/{name}") for name in ("owners", "swappers", "viewers", "monitors")
    }
    if call.query.get("dry_run"):
        role = _seen(call)
        require_owner(call.caller, role)
        return Answer(body=_show(replace(role, rota=oncall.read_rota(body.zone, body.layers)), call))
    await oncall.set_schedule(call.deps.desk, call.caller, role_id, zone=body.zone, layers=body.layers)
    if any(found is not None for found in people.values()):
        await oncall.set_people(call.deps.desk, call.caller, role_id, **people)
    await call.deps.refresh()
    return Answer(body=_show(_seen(call), call))


def _people(written: list[str] | UnsetType, pointer: str) -> list[UUID] | None:
    if written is UNSET or isinstance(written, UnsetType):
        return None
    return [read_person(one, f"{pointer}/{nth}") for nth, one in enumerate(written)]


async def who_is_on_call(call: Call) -> Answer:
    """Say who is on call at an instant."""
    rules, role = call.deps.rules(), _seen(call)
    at = (read_instant(call, "at") if call.query["at"] else None) or call.deps.clock.now()
    answers = on_call(role, rules.directory, at, rules.desk)
    zone = oncall.zone_of(role)
    return Answer(
        body=wire.OnCall(
            role=ids.write_id(ids.ROLE, role.id),
            at=at,
            local=at.astimezone(zone or UTC).isoformat(timespec="seconds"),
            holders=[
                wire.Holder(
                    person=ids.write_id(ids.PERSON, held.person_id),
                    name=rules.directory.person_name(held.person_id),
                    rule=held.rule,
                    source=held.source,
                    starts_at=held.starts_at,
                    ends_at=held.ends_at,
                )
                for held in answers.holdings
            ],
            until=next_edge(role, at),
        )
    )


async def add_override(call: Call) -> Answer:
    """Let somebody hold a role before everybody else."""
    body: wire.NewOverride = call.body
    role_id, holder = call.id(ids.ROLE, "role_id"), read_person(body.person, "/person")
    return await make(
        call,
        lambda desk: oncall.enter_shift(
            desk, call.caller, role_id, person_id=holder, starts=body.starts_at, ends=body.ends_at, override=True
        ),
        lambda made: show_shift(made.shift, call.deps.rules().directory, made.notes),
    )


def show_swap(swap: Swap, notes: Sequence[str] = ()) -> wire.SwapOut:
    """Say how a swap stands."""
    return wire.SwapOut(
        id=ids.write_id(ids.SWAP, swap.id),
        role=ids.write_id(ids.ROLE, swap.role_id),
        shift=swap.shift,
        giver=ids.write_id(ids.PERSON, swap.giver),
        taker=ids.write_id(ids.PERSON, swap.taker),
        starts_at=swap.starts_at,
        ends_at=swap.ends_at,
        state=swap.state,
        said=[ids.write_id(ids.PERSON, one) for one in swap.said],
        moved=list(swap.moved) if swap.moved else None,
        notes=list(notes),
    )


async def list_swaps(call: Call) -> Answer:
    """List the swaps of a role."""
    found = sorted(_seen(call).swaps, key=lambda swap: swap.id)
    return Answer(body=wire.Swaps([show_swap(swap) for swap in found], None))


async def offer_swap(call: Call) -> Answer:
    """Offer a shift to somebody."""
    body: wire.SwapIn = call.body
    role_id, taker = call.id(ids.ROLE, "role_id"), read_person(body.taker, "/taker")
    return await make(
        call,
        lambda desk: swaps.offer_swap(
            desk, call.caller, role_id, shift=body.shift, taker=taker, starts=body.starts_at, ends=body.ends_at
        ),
        lambda made: show_swap(*made),
    )


async def answer_swap(call: Call) -> Answer:
    """Answer an offer."""
    body: wire.SwapAnswer = call.body
    person = read_person(body.person, "/person") if body.person else None
    swap_id = call.id(ids.SWAP, "swap_id")
    after = await swaps.answer_swap(call.deps.desk, call.caller, swap_id, accept=body.accept, person_id=person)
    return await changed(call, Answer(body=show_swap(after)))


async def withdraw_swap(call: Call) -> Answer:
    """Take an offer back."""
    await swaps.withdraw_swap(call.deps.desk, call.caller, call.id(ids.SWAP, "swap_id"))
    return await changed(call, Answer(status=204))


async def move_shift(call: Call) -> Answer:
    """Give a shift other times."""
    body: wire.ShiftChange = call.body
    shift_id = call.id(ids.SHIFT, "shift_id")
    moved = await oncall.move_shift(
        call.deps.desk, call.caller, shift_id, starts=given(body.starts_at), ends=given(body.ends_at)
    )
    shown = show_shift(moved.shift, call.deps.rules().directory, moved.notes)
    return await changed(call, Answer(body=shown))


async def get_quality(call: Call) -> Answer:
    """Judge a schedule."""
    role, directory, now = _seen(call), call.deps.rules().directory, call.deps.clock.now()
    try:
        apart = [ids.read_id(ids.ROLE, one) for one in (call.query.get("apart") or "").split(",") if one]
    except Refused as refused:
        raise Refused(Code.INVALID, refused.detail, parameter="apart") from None
    weeks, most = call.query["weeks"], float(call.query["most_hours"])
    found = judge(role, directory, now, weeks=weeks, most_hours=most, apart=apart)
    return Answer(
        body=wire.QualityOut(
            begin=found.begin,
            end=found.end,
            uncovered_hours=found.uncovered_hours,
            uncovered=[
                wire.Stretch(one.starts_at, one.ends_at, None, "", "fallback", "") for one in found.uncovered[:1000]
            ],
            hours=[
                wire.Hours(
                    ids.write_id(ids.PERSON, one.person_id), directory.person_name(one.person_id), one.hours,
                    one.most_in_a_week, one.fullest,
                )
                for one in found.loads
            ],
            overloaded=[ids.write_id(ids.PERSON, one.person_id) for one in found.overloaded],
            conflicts=[
                wire.Clash(
                    ids.write_id(ids.PERSON, one.person_id), directory.person_name(one.person_id),
                    ids.write_id(ids.ROLE, one.other_role), one.starts_at, one.ends_at,
                )
                for one in found.conflicts[:1000]
            ],
            disabled=[ids.write_id(ids.PERSON, one) for one in found.disabled],
        )
    )  # fmt: skip


async def make_calendar(call: Call) -> Answer:
    """Make the address of a role's calendar."""
    role_id = call.id(ids.ROLE, "role_id")
    return await make(
        call,
        lambda desk: calendars.make_calendar(desk, call.caller, role_id),
        lambda secret: wire.CalendarMade(f"/v1/calendars/{secret}"),
        keep=lambda _: wire.CalendarMade(None),
    )


async def read_calendar(call: Call) -> Answer:
    """Give a calendar to whoever knows its address."""
    directory, digest = call.deps.rules().directory, calendars.digest_of(call.path["secret"].removesuffix(".ics"))
    for role in directory.roles.values():
        if role.calendar is not None and hmac.compare_digest(role.calendar, digest) and not role.disabled:
            text = calendars.calendar_of(role, directory, call.deps.clock.now())
            return Answer(body=text.encode(), media="text/calendar")
    raise Refused(Code.NOT_FOUND, "there is no such calendar")


async def import_calendar(call: Call) -> Answer:
    """Take a calendar in."""
    body: wire.CalendarIn = call.body
    role_id, directory = call.id(ids.ROLE, "role_id"), call.deps.rules().directory
    if call.query.get("dry_run"):
        role = _seen(call)
        require_owner(call.caller, role)
        added = [shift for shift, _ in calendars.foresee(role, directory, body.calendar, call.deps.clock.now())]
        return Answer(body=wire.Imported([show_shift(shift, directory) for shift in added]))
    added = await calendars.import_calendar(call.deps.desk, call.caller, role_id, body.calendar, directory)
    return await changed(call, Answer(body=wire.Imported([show_shift(shift, directory) for shift in added])))


_WEEKS = Query(name="weeks", kind="integer", about="So many weeks from now.", least=1, most=104, default=52)
_MOST = Query(
    name="most_hours", kind="integer", about="More than this in one week is too much for one.", least=1, most=168,
    default=112,
)  # fmt: skip
_APART = Query(name="apart", kind="string", about="Roles that nobody is to hold beside this one: rol_…,rol_…")
_PERSON = "per_0193a1b2c3d47e5f8a9b0c1d2e3f4a5b"

OPERATIONS: tuple[Operation, ...] = (
    read_operation(
        "getSchedule", "/v1/roles/{role_id}/schedule", "Show a role's schedule, and what comes of it.",
        get_schedule, wire.ScheduleOut, _DAYS,
    ),
    replace(
        write_operation(
            "setSchedule", "PUT", "/v1/roles/{role_id}/schedule",
            "Set a role's rotations. With `dry_run` only say what would come of them.",
            set_schedule, wire.ScheduleIn, 200, wire.ScheduleOut, Code.NOT_FOUND, Code.ZONE_UNKNOWN,
            Code.SCHEDULE_INVALID, Code.COMMIT_UNKNOWN,
        action=Action.SHIFT_WRITE, find=find_role,
            example={
                "zone": "America/Chicago",
                "layers": [{"name": "weeks", "participants": [], "starts": "2026-12-07T08:00:00", "length_h": 168}],
            },
        ),
        query=(_DRY, _DAYS),
    ),
    read_operation(
        "whoIsOnCall", "/v1/roles/{role_id}/oncall", "Say who is on call for a role at an instant, and why.",
        who_is_on_call, wire.OnCall, _AT,
    ),
    write_operation(
        "addOverride", "POST", "/v1/roles/{role_id}/overrides",
        "Let somebody hold a role before everybody else, for a time to come. It is taken away as a shift is.",
        add_override, wire.NewOverride, 201, ShiftOut, Code.NOT_FOUND, Code.TOO_LATE, Code.COMMIT_UNKNOWN,
        action=Action.SHIFT_WRITE, find=find_role,
        example={
            "person": _PERSON,
            "starts_at": "2036-01-01T19:00:00",
            "ends_at": "2036-01-02T07:00:00-06:00",
        },
    ),
    read_operation(
        "getQuality", "/v1/roles/{role_id}/quality",
        "Judge a schedule: hours of nobody, too much for one, two roles at once, who is disabled.",
        get_quality, wire.QualityOut, _WEEKS, _MOST, _APART,
    ),
    write_operation(
        "makeCalendar", "POST", "/v1/roles/{role_id}/calendar",
        "Make a secret address for a role's calendar (iCalendar); a former one ends.",
        make_calendar, None, 201, wire.CalendarMade, Code.NOT_FOUND, Code.COMMIT_UNKNOWN,
        action=Action.SHIFT_WRITE, find=find_role,
    ),
    Operation(
        id="readCalendar", method="GET", path="/v1/calendars/{secret}", tag="directory",
        about="Read a role's calendar by its secret address, as text/calendar.", handler=read_calendar,
        answers={200: None}, refuses=(Code.NOT_FOUND,), open=True,
    ),
    replace(
        write_operation(
            "importCalendar", "POST", "/v1/roles/{role_id}/import",
            "Take the events of a calendar in as shifts by hand; the same again changes nothing.",
            import_calendar, wire.CalendarIn, 200, wire.Imported, Code.NOT_FOUND, Code.CALENDAR_INVALID,
            Code.COMMIT_UNKNOWN,
        action=Action.SHIFT_WRITE, find=find_role, example={"calendar": "BEGIN:VCALENDAR…"},
        ),
        query=(_DRY,),
    ),
    write_operation(
        "moveShift", "PATCH", "/v1/shifts/{shift_id}",
        "Give a shift other times. Who has agreed on a swap of it is asked again; meanwhile the old plan holds.",
        move_shift, wire.ShiftChange, 200, ShiftOut, Code.NOT_FOUND, Code.COMMIT_UNKNOWN,
        action=Action.SHIFT_WRITE, find=find_shift, example={"starts_at": "2036-01-01T20:00:00"},
    ),
    read_operation(
        "listSwaps", "/v1/roles/{role_id}/swaps", "List the swaps of a role that are open, or agreed on.",
        list_swaps, wire.Swaps,
    ),
    write_operation(
        "offerSwap", "POST", "/v1/roles/{role_id}/swaps", "Offer a shift, or a part of it: its taker is asked.",
        offer_swap, wire.SwapIn, 201, wire.SwapOut, Code.NOT_FOUND, Code.TOO_LATE, Code.COMMIT_UNKNOWN,
        action=Action.SHIFT_SWAP, find=find_offer, example={"shift": "weeks/12", "taker": _PERSON},
    ),
    write_operation(
        "answerSwap", "POST", "/v1/swaps/{swap_id}/answer", "Say yes or no to a swap.",
        answer_swap, wire.SwapAnswer, 200, wire.SwapOut, Code.NOT_FOUND, Code.ALREADY_ENDED, Code.TOO_LATE,
        Code.COMMIT_UNKNOWN,
        action=Action.SHIFT_SWAP, find=find_swap, example={"accept": True, "person": _PERSON},
    ),
    write_operation(
        "withdrawSwap", "DELETE", "/v1/swaps/{swap_id}", "Take an offer back, before it is accepted.",
        withdraw_swap, None, 204, None, Code.NOT_FOUND, Code.TOO_LATE, Code.COMMIT_UNKNOWN,
        action=Action.SHIFT_SWAP, find=find_swap,
    ),
)  # fmt: skip
