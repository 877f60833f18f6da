"""Faults of the whole product, while people page each other by their devices and an integration sends by HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from tests.faults.scenarios import Case, Finding, scenario
from tests.faults.serve_whole import CLOCKS, CORES, LEAF_PORT
from tests.faults.site import SECOND
from tests.faults.system import System, check_times, whole
from wardwire.ops.account import drop_account, hand_over
from wardwire.ops.child import DROP_VARIABLE
from wardwire.ops.engines import ENGINES_VARIABLE, logins_file
from wardwire.ops.ports import free_port
from wardwire.testing import processes
from wardwire.testing.disk import SmallDisk
from wardwire.testing.proxy import TcpProxy
from wardwire.testing.wallclock import WallClock, find_libfaketime

ENGINES = ("nats-edge", "nats-core", "postgres")
OURS = ("path", "api")
FROZEN_S = 17.0  # longer than the lease of a claim


@scenario("system, each part killed, then all")
async def each_part_killed(case: Case) -> Finding:
    """Every part of a site is killed under load, one after the other in the seed's order; then all at once."""
    async with whole(case) as system:
        await system.speak()
        for part in case.plan.order("order", [*OURS, *ENGINES]):
            await _a_while(case, part)
            system.kill(part)
            await system.flows_again(part)
        await kill_everything(system)
        await system.flows_again("all")
        return await system.judge()


@scenario("system, two cores of one serve")
async def cores_of_one_serve(case: Case) -> Finding:
    """Two cores share the work: each is killed, then one is frozen longer than its claims last, and woken."""
    async with whole(case, environment=lambda _: {CORES: "2"}) as system:
        await system.speak()
        for part in case.plan.order("order", ["path", SECOND]):
            await _a_while(case, part)
            system.kill(part)
            await system.flows_again(part)
        await freeze(case, system, SECOND, FROZEN_S)
        await system.flows_again("frozen")
        return await system.judge()


@scenario("system, path killed", rare=True)
async def path_killed(case: Case) -> Finding:
    """The process of devices and deadlines is killed under load, three times."""
    return await kill_parts(case, ["path"] * 3)


@scenario("system, api killed", rare=True)
async def api_killed(case: Case) -> Finding:
    """The process of HTTP is killed under load, three times."""
    return await kill_parts(case, ["api"] * 3)


@scenario("system, NATS edge killed", rare=True)
async def edge_killed(case: Case) -> Finding:
    """The server of the devices is killed under load, three times."""
    return await kill_parts(case, ["nats-edge"] * 3)


@scenario("system, NATS core killed", rare=True)
async def core_killed(case: Case) -> Finding:
    """The server of the cores is killed under load, three times."""
    return await kill_parts(case, ["nats-core"] * 3)


@scenario("system, PostgreSQL killed", rare=True)
async def postgres_killed(case: Case) -> Finding:
    """The database with all its processes is killed under load, three times."""
    return await kill_parts(case, ["postgres"] * 3)


@scenario("system, all killed", rare=True)
async def all_killed(case: Case) -> Finding:
    """Everything is killed at once, the supervisor too, and started again; twice."""
    async with whole(case) as system:
        await system.speak()
        for number in range(2):
            await _a_while(case, f"{number}")
            await kill_everything(system)
            await system.flows_again(f"all_{number}")
        return await system.judge()


async def kill_everything(system: System) -> None:
    """Kill every process of the site, and start it again."""
    system.struck()
    pids = system.everything()
    system.site.kill()
    for pid in pids:
        processes.kill(pid)
    await system.start()


@scenario("system, NATS frozen, leaf cut")
async def frozen_and_cut(case: Case) -> Finding:
    """Both NATS servers stop for 5 s, one after the other; then the link between them is cut."""
    async with cuttable(case) as (system, proxy):
        await system.speak()
        for part in case.plan.order("order", ["nats-edge", "nats-core"]):
            await freeze(case, system, part, 5.0)
        system.struck()
        await proxy.cut()
        await asyncio.sleep(case.plan.between("cut_s", 0.5, 3.0))
        await proxy.restore()
        await system.flows_again("leaf")
        return await system.judge()


@scenario("system, NATS edge frozen 10 s", rare=True)
async def edge_frozen(case: Case) -> Finding:
    """The server of the devices stops for 10 s, and goes on."""
    return await freeze_one(case, "nats-edge", 10.0)


@scenario("system, NATS core frozen 10 s", rare=True)
async def core_frozen(case: Case) -> Finding:
    """The server of the cores stops for 10 s, and goes on."""
    return await freeze_one(case, "nats-core", 10.0)


@scenario("system, PostgreSQL frozen 10 s", rare=True)
async def postgres_frozen(case: Case) -> Finding:
    """The database stops for 10 s, and goes on."""
    return await freeze_one(case, "postgres", 10.0)


@scenario("system, leaf cut", rare=True)
async def leaf_cut(case: Case) -> Finding:
    """The link between the NATS servers is cut, and later silent (half open), each for some seconds."""
    async with cuttable(case) as (system, proxy):
        await system.speak()
        await _a_while(case, "before")
        system.struck()
        await proxy.cut()
        await asyncio.sleep(case.plan.between("cut_s", 0.5, 6.0))
        await proxy.restore()
        await system.flows_again("cut")
        up, down = case.plan.pick("silent", [(True, True), (True, False), (False, True)])
        system.struck()
        proxy.silence(up=up, down=down)
        await asyncio.sleep(case.plan.between("silent_s", 2.0, 6.0))
        proxy.heal()
        await system.flows_again("silent")
        return await system.judge()


@contextlib.asynccontextmanager
async def cuttable(case: Case) -> AsyncIterator[tuple[System, TcpProxy]]:
    """A site whose NATS servers are joined through a proxy."""
    leaf = free_port()
    async with TcpProxy("127.0.0.1", leaf) as proxy:
        environment = {LEAF_PORT: str(proxy.port)}
        async with whole(case, f"nats.leaf_port={leaf}", environment=lambda _: environment) as system:
            yield system, proxy


@scenario("system, frames dropped, doubled, reordered")
async def bad_radio(case: Case) -> Finding:
    """Of all devices' frames, both ways, some are lost, come twice, or late."""
    plan = case.plan
    async with whole(case) as system:
        radio = {name: plan.between(name, 0.02, 0.12) for name in ("drop", "duplicate", "reorder")}
        await system.speak(voices=system.usual_voices(**radio))
        await asyncio.sleep(plan.between("for_s", 5, 8))
        system.struck()
        system.signal_voices(signal.SIGUSR1)
        await system.flows_again()
        return await system.judge()


@scenario("system, a device stops reading")
async def deaf_device(case: Case) -> Finding:
    """A device's socket is not read for long while much is sent to it; the server cuts it off, and it resumes."""
    async with whole(case, "limits.frames_per_s=1000", pairs=3) as system:
        deaf = system.members[0]
        voices = system.usual_voices()
        after = case.plan.between("deaf after_s", 0.5, 1.5)
        voices[0] = replace(voices[0], deaf_after_s=after, deaf_for_s=case.plan.between("deaf for_s", 9, 12))
        system.http = replace(system.http, to=[deaf.wire], every_s=0.0, text_length=4000, at_once=12)
        await system.speak(voices=voices)
        await system.logged("nats-edge", "Slow Consumer", within_s=30)
        system.struck()
        await system.flows_again()
        return await system.judge()


@scenario("system, wall clocks jump", needs=("needs_faketime",))
async def wall_clocks_jump(case: Case) -> Finding:
    """The wall clocks of PostgreSQL and of the cores jump by an hour, apart from each other; a core starts anew."""
    library = find_libfaketime()
    assert library is not None
    clocks: dict[str, WallClock] = {}

    def environment(home: Path) -> dict[str, str]:
        folder = home / "clocks"
        folder.mkdir(mode=0o755)
        for name in ("postgres", "core"):
            clocks[name] = WallClock(folder / name, library)
        hand_over(folder, drop_account())
        return {CLOCKS: json.dumps({name: clock.environment() for name, clock in clocks.items()})}

    async with whole(case, environment=environment) as system:
        await system.speak()
        for which in ("first", "second", "third"):
            struck = case.plan.pick(f"{which} jump of", ["postgres", "core"])
            system.struck()
            clocks[struck].step(case.plan.pick(f"{which} by_s", [3600.0, -3600.0]))
            await asyncio.sleep(case.plan.between(f"{which} for_s", 2.5, 4.0))
            system.kill("path")
            await system.flows_again()
        return await system.judge(check=check_times)


@scenario("system, disk full", needs=("needs_mounts", "needs_root"))
async def disk_full(case: Case) -> Finding:
    """The disk of the site fills up under load: refusals, not losses; with room again all goes on."""
    with own_place() as place, SmallDisk(place, 420) as disk:
        hand_over(disk.data, drop_account())
        sets = ("database.settings=max_wal_size=48MB,min_wal_size=32MB,wal_recycle=off",)
        async with whole(case, *sets, home=disk.data, prefix=disk.prefix) as system:
            await system.speak()
            await _a_while(case, "before")
            system.struck()
            disk.fill(leave_bytes=case.plan.pick("left_bytes", [0, 64 << 10, 1 << 20]))
            await asyncio.sleep(case.plan.between("full_s", 3.0, 6.0))
            disk.release()
            await system.flows_again()
            return await system.judge()


@contextlib.contextmanager
def own_place() -> Iterator[Path]:
    """A folder that engines can reach, away from the evidence."""
    place = Path(tempfile.mkdtemp(prefix="wardwire-faults-"))
    place.chmod(0o755)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


@scenario("system, two cores")
async def two_cores(case: Case) -> Finding:
    """A second process of devices and deadlines runs beside the first; one of them is killed, then the other."""
    async with whole(case) as system:
        await second_core(system, "second")
        await system.speak()
        order = case.plan.order("order", ["first", "second"])
        for which in order:
            await _a_while(case, which)
            if which == "first":
                system.kill("path")
            else:
                system.struck()
                system.end_process("second")
                await asyncio.sleep(0.3)
                await second_core(system, "third")
            await system.flows_again()
        return await system.judge()


async def second_core(system: System, name: str) -> None:
    """Start one more core by hand, as a site with its own engines would; returns when it serves."""
    environment = {ENGINES_VARIABLE: str(logins_file(system.site.home))}
    if os.geteuid() == 0:
        environment[DROP_VARIABLE] = "nobody"
    argv = [sys.executable, "-m", "wardwire", "core", "--serve", "path,engine", *system.site.flags]
    process = system.spawn(argv, name, environment)
    log = system.case.folder / f"{name}.log"
    await processes.wait_until(
        lambda: process.poll() is None and "ops_port" in log.read_text(), within_s=30, what=f"{name} serves"
    )


async def kill_parts(case: Case, parts: Sequence[str]) -> Finding:
    """Kill parts under load one after the other, each time after all flows again."""
    async with whole(case) as system:
        await system.speak()
        for number, part in enumerate(parts):
            await _a_while(case, f"{number}")
            system.kill(part)
            await system.flows_again(part)
        return await system.judge()


async def freeze_one(case: Case, part: str, for_s: float) -> Finding:
    """Stop one part for some seconds."""
    async with whole(case) as system:
        await system.speak()
        await freeze(case, system, part, for_s)
        return await system.judge()


async def freeze(case: Case, system: System, part: str, for_s: float) -> None:
    """Stop a part for some seconds, and wait until all flows again."""
    await _a_while(case, part)
    pid = system.pid(part)
    system.struck()
    processes.freeze(pid)
    await asyncio.sleep(for_s)
    processes.thaw(pid)
    await system.flows_again(part)


async def _a_while(case: Case, name: str) -> None:
    await asyncio.sleep(case.plan.between(f"after_s {name}", 0.3, 1.5))
