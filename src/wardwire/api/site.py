"""How the site is, over HTTP: its cores, listeners, feeds, certificates, and where nobody is on call."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import msgspec

from wardwire.api.operation import Answer, Call, Operation, Query
from wardwire.model import ids
from wardwire.model.errors import Code, Unavailable
from wardwire.model.matrix import Action
from wardwire.model.oncall import on_call
from wardwire.model.oncall_gaps import find_gaps
from wardwire.store.cores import CoreRow, list_cores
from wardwire.store.device_register import count_standing

HEARD_WITHIN = timedelta(days=1)


class DoorOut(msgspec.Struct, frozen=True):
    """A listener for another system, as the process that answers has it; counters since that began.

    `state`: `open` or `shut`, and `why` it is. `letters`: messages kept because they could not be taken.
    """

    name: str
    adapter: str
    address: str
    state: str
    why: str
    since: str
    connections: int
    received: int
    taken: int
    ignored: int
    refused: int
    unsupported: int
    unplaced: int
    later: int
    unreadable: int
    letters: int
    heard_age_s: float | None


class FeedOut(msgspec.Struct, frozen=True):
    """A feed that is watched: for how long it has been silent, and may be at this hour."""

    name: str
    silent_s: float
    allowed_s: float


class CertificateOut(msgspec.Struct, frozen=True):
    """A certificate of ours: by which setting it came, for which names, until when; `why` it cannot be read."""

    use: str
    names: list[str]
    issuer: str
    ends_at: datetime | None
    why: str = ""


class EngineOut(msgspec.Struct, frozen=True):
    """An engine that the site stands on, and how it is."""

    name: str
    version: str
    state: str
    ours: bool


class PackageOut(msgspec.Struct, frozen=True):
    """A package that this is made with."""

    name: str
    version: str
    licence: str


class Look(msgspec.Struct, frozen=True):
    """How the process that answers is, and what it knows of the site. Ages in seconds; null = not known here.

    `durability`: `synchronous` (stored here and on the standby) or `degraded` (here alone); `room`: of the disk,
    `ample`, `warn` or `urgent_only`; `conservation`: whether stored = delivered + ended + armed, `holds` or
    `broken`; `canary`: whether canaries get through, `through` or `late`; `attended`: whether somebody is at the
    operators' desk.
    """

    durability: str
    room: str
    disk_free: float | None
    conservation: str
    canary: str
    canary_age_s: float | None
    canary_took_s: float | None
    attended: bool
    commit_s: float
    open_alarms: int
    deadlines_armed: int
    deadlines_late: int
    doors: list[DoorOut]
    feeds: list[FeedOut]


class CoreOut(msgspec.Struct, frozen=True):
    """A core process. `state`: `heard`, `silent` or `ended`."""

    name: str
    node: str
    serves: str
    version: str
    since: datetime
    heard_at: datetime
    state: str


class DeviceCounts(msgspec.Struct, frozen=True):
    """Devices that are let in: all, heard within a day, never heard, and reported lost."""

    registered: int
    heard: int
    never: int
    lost: int


class SiteOut(msgspec.Struct, frozen=True):
    """How the site is."""

    site: str
    version: str
    at: datetime
    serving: bool
    look: Look
    cores: list[CoreOut]
    devices: DeviceCounts


class SoftwareOut(msgspec.Struct, frozen=True):
    """What the site runs on: engines, certificates, and the packages that this is made with."""

    version: str
    licence: str
    engines: list[EngineOut]
    certificates: list[CertificateOut]
    packages: list[PackageOut]


class GapOut(msgspec.Struct, frozen=True):
    """A stretch in which a role's schedule names nobody. `answers`: who does then, by name; empty = nobody."""

    role: str
    name: str
    starts_at: datetime
    ends_at: datetime
    answers: list[str]


class Coverage(msgspec.Struct, frozen=True):
    """Where schedules leave gaps, role by role. Of the `scheduled` roles so many are `covered_now`."""

    since: datetime
    until: datetime
    scheduled: int
    covered_now: int
    data: list[GapOut]


async def site(call: Call) -> Answer:
    """Say how the site is."""
    deps, now = call.deps, call.deps.clock.now()
    if deps.look is None:
        raise Unavailable(Code.UNAVAILABLE, "this process does not know how the site is")
    cores = await call.read(list_cores)
    counts = await call.read(lambda connection: count_standing(connection, now - HEARD_WITHIN))
    shown = SiteOut(
        site=deps.accounts.site if deps.accounts else "",
        version=deps.version,
        at=now,
        serving=deps.serving(),
        look=deps.look(),
        cores=[_show_core(core) for core in cores],
        devices=DeviceCounts(*counts),
    )
    return Answer(body=shown)


def _show_core(core: CoreRow) -> CoreOut:
    state = "ended" if core.ended_at else "silent" if core.silent_at else "heard"
    return CoreOut(core.name, core.node, core.serves, core.version, core.since, core.beat_at, state)


async def software(call: Call) -> Answer:
    """Say what the site runs on."""
    if call.deps.software is None:
        raise Unavailable(Code.UNAVAILABLE, "this process does not know what the site runs on")
    told = await call.deps.software(await call.read(lambda c: c.fetchval("SHOW server_version")))
    return Answer(body=told)


async def coverage(call: Call) -> Answer:
    """Say where schedules leave gaps in the coming days."""
    now, rules = call.deps.clock.now(), call.deps.rules()
    directory, span = rules.directory, timedelta(days=call.query["days"])
    gaps = await asyncio.to_thread(lambda: list(find_gaps(directory, now, span)))
    scheduled = [r for r in directory.roles.values() if not r.disabled and (r.rota is not None or r.shifts)]
    bare = {gap.role_id for gap in gaps if gap.starts_at <= now}
    data = [
        GapOut(
            role=ids.write_id(ids.ROLE, gap.role_id),
            name=directory.roles[gap.role_id].name,
            starts_at=gap.starts_at,
            ends_at=gap.ends_at,
            answers=[
                directory.person_name(one.person_id)
                for one in on_call(directory.roles[gap.role_id], directory, gap.starts_at, rules.desk).holdings
            ],
        )
        for gap in gaps
    ]
    return Answer(body=Coverage(now, now + span, len(scheduled), len(scheduled) - len(bare), data))


OPERATIONS = (
    Operation(
        id="getSite", method="GET", path="/v1/site", tag="site",
        about="Say how the site is: the process that answers, cores, listeners, feeds, devices.",
        handler=site, answers={200: SiteOut}, action=Action.SITE_READ,
    ),
    Operation(
        id="getSoftware", method="GET", path="/v1/site/software", tag="site",
        about="Say what the site runs on: versions of engines, certificates and until when they hold, packages and "
        "their licences.",
        handler=software, answers={200: SoftwareOut}, action=Action.SITE_READ,
    ),
    Operation(
        id="getCoverage", method="GET", path="/v1/coverage", tag="oncall",
        about="Say where schedules leave gaps in the coming days, and who answers then.",
        handler=coverage, answers={200: Coverage}, action=Action.SITE_READ,
        query=(Query(name="days", kind="integer", about="So far ahead.", least=1, most=31, default=7),),
    ),
)  # fmt: skip
