"""A monitoring gateway that reconnects and repeats everything while cores are killed: nothing is doubled."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg

from tests.faults.alerts import SETS, Ward
from tests.faults.escalations import environment_of
from tests.faults.scenarios import Case, Finding, scenario
from tests.faults.site import SECOND
from tests.faults.system import System, whole
from tests.unit.adapters.hl7.samples import ALARM
from wardwire.adapters.hl7.frame import Deframer, render_frame
from wardwire.ops.ports import free_port
from wardwire.testing import processes
from wardwire.testing.history import Record
from wardwire.testing.verdict import Invariant, Violation

SOURCE = "hl7"
EVERY_S = 0.3
PATIENCE_S = 3.0
BED, ROOM, UNIT = "4W-12", "4W-R6", "4 West"


class Gateway:
    """Sends alarms one after the other over one line; when the line breaks, it makes another and says all again.

    Attributes:
        said: What it has said, by control id.
        taken: Which of them were answered as taken.
        repeated: How often it said something again.
    """

    def __init__(self, port: int) -> None:
        self.said: dict[str, bytes] = {}
        self.taken: set[str] = set()
        self.repeated = 0
        self._port = port
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Send until told to stop, and until all is taken."""
        while not self._stop.is_set() or len(self.taken) < len(self.said):
            with contextlib.suppress(OSError, EOFError, TimeoutError):
                await self._hold_a_line()
            await asyncio.sleep(0.2)

    async def goes_on(self) -> None:
        """Wait until an alarm is taken that was not said before now."""
        said = len(self.said)
        await processes.wait_until(lambda: len(self.taken) > said, within_s=30, what="alarms are taken again")

    def stop(self) -> None:
        """Begin nothing new."""
        self._stop.set()

    async def _hold_a_line(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        deframer = Deframer()
        try:
            self.repeated += len(self.said)
            for alarm in list(self.said.values()):
                await self._say(reader, writer, deframer, alarm)
            while not self._stop.is_set():
                await self._say(reader, writer, deframer, self._next())
                await asyncio.sleep(EVERY_S)
        finally:
            writer.close()

    def _next(self) -> bytes:
        nth = len(self.said) + 1
        now = datetime.now(UTC).strftime("%Y%m%d%H%M%S+0000")
        text = ALARM.replace("|A1001|", f"|C{nth}|").replace("|a91.2^", f"|k{nth}.1^").replace("^a91&", f"^k{nth}&")
        self.said[f"C{nth}"] = alarm = text.replace("20261201184000-0600", now).encode()
        return alarm

    async def _say(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, deframer: Deframer, alarm: bytes
    ) -> None:
        writer.write(render_frame(alarm))
        async with asyncio.timeout(PATIENCE_S):
            answers: list[bytes] = []
            while not answers:
                data = await reader.read(65_536)
                if not data:
                    raise EOFError
                answers = list(deframer.feed(data))
        for answer in answers:
            code, control = answer.decode().split("\r")[1].split("|")[1:3]
            if code in ("CA", "AA"):
                self.taken.add(control)


@scenario("alarms over HL7, repeated while cores are killed")
async def repeated_alarms(case: Case) -> Finding:
    """The core with the door is killed, then another one; each time the gateway reconnects and repeats everything."""
    port = free_port()
    async with whole(case, *SETS, f"hl7.listen=127.0.0.1:{port}", pairs=1, environment=environment_of("")) as system:
        hospital = Ward(system)
        await hospital.open()
        await add_bed(system, hospital)
        gateway = Gateway(port)
        sending = asyncio.create_task(gateway.run())
        await hospital.call()
        for part in ("api", case.plan.pick("core", ["path", SECOND])):
            await asyncio.sleep(case.plan.between(f"after_s {part}", 1.5, 3.0))
            system.kill(part)
            await gateway.goes_on()
        gateway.stop()
        async with asyncio.timeout(30):
            await sending
        if not gateway.repeated:
            raise RuntimeError("nothing was repeated: this shows nothing")
        system.apart.add(SOURCE)

        async def check(_: System, connection: asyncpg.Connection, history: Sequence[Record]) -> list[Violation]:
            return await judge_alarms(gateway, connection)

        finding = await hospital.judge(also=check)
        finding.figures.update(alarms_said=len(gateway.said), repeated=gateway.repeated)
        return finding


async def add_bed(system: System, hospital: Ward) -> None:
    """The unit of the alarms goes by the policy of the ward."""
    unit, room, bed = uuid4(), uuid4(), uuid4()
    connection = await system.owner()
    try:
        async with connection.transaction():
            version = await system.next_version(connection)
            await connection.executemany(
                "INSERT INTO places (id, kind, name, parent, policy, version) VALUES ($1, $2, $3, $4, $5, $6)",
                [
                    (unit, "unit", UNIT, None, hospital.policy_id, version),
                    (room, "room", ROOM, unit, None, version),
                    (bed, "bed", BED, room, None, version),
                ],
            )
    finally:
        await connection.close()
    await asyncio.sleep(1.5)


async def judge_alarms(gateway: Gateway, connection: asyncpg.Connection) -> list[Violation]:
    """What was answered as taken is one alert each, and there is no other."""
    rows = await connection.fetch(
        "SELECT source_key, count(*) AS n FROM escalations WHERE source = $1 GROUP BY 1", SOURCE
    )
    kept = {row["source_key"].rpartition("|")[2]: row["n"] for row in rows}
    due = {f"k{control.removeprefix('C')}" for control in gateway.taken}
    return [
        *(
            _wrong(Invariant.NO_ACKED_LOSS, "an alarm that was taken and is not there", key)
            for key in due - set(kept)
        ),
        *(
            _wrong(Invariant.NO_VISIBLE_DUPLICATE, "one alarm, several alerts", key)
            for key, n in kept.items()
            if n > 1
        ),
        *(_wrong(Invariant.NO_SILENT_FAILURE, "an alert of no alarm", key) for key in set(kept) - due),
    ]


def _wrong(invariant: Invariant, what: str, subject: str) -> Violation:
    return Violation(invariant=invariant, what=what, subject=subject)
