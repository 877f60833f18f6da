"""A whole site under `wardwire serve`, people with devices who page each other, and the judgement afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from tests.faults.product import RANKS, dump_product
from tests.faults.scenarios import Case, Figures, Finding
from tests.faults.site import PARTS, SECOND, WHOLE, Served
from tests.faults.voices import Http, Orders, Voice
from wardwire.client.card import Card, DeviceKeys, Place
from wardwire.devices import proof
from wardwire.model import ids
from wardwire.model.credentials import SECRET_BYTES, digest_secret, read_key, write_key
from wardwire.model.facts import FactKind
from wardwire.model.priority import Kind
from wardwire.model.rights import CODE, SEND
from wardwire.ops.account import drop_account
from wardwire.ops.engines import SITE_KEY
from wardwire.ops.ports import free_port
from wardwire.ops.postgres_throwaway import temporary_home
from wardwire.ops.process import spawn
from wardwire.testing import processes
from wardwire.testing.checker import judge
from wardwire.testing.dump import Dump
from wardwire.testing.history import (
    Condensed,
    Operation,
    Outcome,
    Record,
    Seen,
    longest_gap_s,
    operations,
    read_history,
)
from wardwire.testing.node import clean_environment
from wardwire.testing.verdict import Invariant, Violation

ROOT = Path(__file__).parents[2]
Check = Callable[["System", asyncpg.Connection, Sequence[Record]], Awaitable[list[Violation]]]
# Shorter than a hospital's, so that deadlines pass within a run.
WAIT_S = {"code": 1.0, "high": 1.5, "medium": 2.0, "low": 2.5}
WAITS = tuple(f"waits.{priority}_s={seconds:g}" for priority, seconds in WAIT_S.items())
HEAL_S = 60.0
QUICK_S, JUMPED_S = 0.5, 3.0
# A deadline that a killed core had claimed comes back with its lease.
LATE_S = 25.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody of the site with one device."""

    person: UUID
    card: Card
    path: Path

    @property
    def wire(self) -> str:
        return ids.write_id(ids.PERSON, self.person)


class System:
    """One case's site and voices.

    Args:
        pairs: Pairs of people, each with a device, who page each other.
        sets: Further settings of the site.
        environment: Of `serve`, e.g. wall clocks (serve_whole.py).
    """

    def __init__(self, case: Case, site: Served, *, pairs: int = 6) -> None:
        self.case = case
        self.site = site
        self.pairs = pairs
        self.figures: Figures = {}
        self.members: list[Member] = []
        self.mute: Member
        self.desk: Member
        self.http: Http
        self.extra: list[Violation] = []
        # Sources whose identities are not in anybody's history, and are judged apart.
        self.apart: set[str] = set()
        self._struck_at = 0.0
        self._voices: dict[str, subprocess.Popen[bytes]] = {}
        self._named: dict[str, subprocess.Popen[bytes]] = {}

    # Life --------------------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Start the site, and make the people, their devices and a key."""
        await self.start()
        count = 2 * self.pairs
        names = [*(f"Nurse {number}" for number in range(count)), "Mute", "Dora"]
        *members, self.mute, self.desk = await self.add_people(names)
        self.members = members
        self.http = await self.add_key("lab", [member.wire for member in members[:4]])

    async def start(self) -> None:
        """Start the site and wait until all of it is ready."""
        self.site.start()
        for process in self.site.processes():
            _go_first(process)
        await asyncio.to_thread(self.site.until_ready)

    async def owner(self) -> asyncpg.Connection:
        """Connect as the owner of the database."""
        return await asyncpg.connect(
            self.site.logins().database.owner, server_settings={"search_path": "wardwire"}, timeout=30
        )

    async def next_version(self, connection: asyncpg.Connection) -> int:
        """Begin a change of the directory; returns its version."""
        version: int = await connection.fetchval("UPDATE directory_head SET version = version + 1 RETURNING version")
        return version

    async def add_people(self, names: Sequence[str]) -> list[Member]:
        """Make people with a registered device each; the cores hear of them within a second."""
        folder = self.case.folder / "cards"
        folder.mkdir(exist_ok=True)
        site_key = X25519PrivateKey.from_private_bytes((self.site.home / "secrets" / SITE_KEY).read_bytes())
        public = proof.write_bytes(site_key.public_key().public_bytes_raw())
        made: list[Member] = []
        rows: list[tuple[UUID, UUID, str, str, bytes]] = []
        for name in names:
            person, device, keys = uuid4(), uuid4(), DeviceKeys.make()
            place = Place(
                device=ids.write_id(ids.DEVICE, device),
                person=ids.write_id(ids.PERSON, person),
                name=name,
                server=self.site.logins().nats.edge_url,
                site_x25519=public,
            )
            member = Member(person=person, card=Card(keys, place), path=folder / f"{device.hex}.json")
            member.card.save(member.path)
            made.append(member)
            rows.append((person, device, name, keys.signing.public, keys.x25519))
        connection = await self.owner()
        try:
            async with connection.transaction():
                version = await self.next_version(connection)
                now = datetime.now(UTC)
                await connection.executemany(
                    "INSERT INTO people (id, name, scopes, version) VALUES ($1, $2, $3, $4)",
                    [(person, name, [CODE], version) for person, _, name, _, _ in rows],
                )
                await connection.executemany(
                    "INSERT INTO inbox_heads (person_id) VALUES ($1)", [(row[0],) for row in rows]
                )
                await connection.executemany(
                    "INSERT INTO devices (id, person_id, name, nkey, x25519, registered_at, version)"
                    " VALUES ($1, $2, 'phone', $3, $4, $5, $6)",
                    [(device, person, nkey, x25519, now, version) for person, device, _, nkey, x25519 in rows],
                )
        finally:
            await connection.close()
        return made

    async def add_key(self, source: str, to: list[str]) -> Http:
        """Make a key for a sender over HTTP."""
        key_id = uuid4()
        text = write_key(key_id, os.urandom(SECRET_BYTES))
        parts = read_key(text)
        assert parts is not None
        connection = await self.owner()
        try:
            async with connection.transaction():
                await connection.execute(
                    "INSERT INTO api_keys (id, source, secret, scopes, made_at, version) VALUES ($1,$2,$3,$4,$5,$6)",
                    key_id, source, digest_secret(parts.secret), [SEND, CODE], datetime.now(UTC),
                    await self.next_version(connection),
                )  # fmt: skip
        finally:
            await connection.close()
        return Http(url=f"http://127.0.0.1:{self.site.api}", key=text, source=source, to=to)

    # Voices ------------------------------------------------------------------------------------------------------

    def usual_voices(self, **radio: Any) -> list[Voice]:
        """Pairs that page each other; the first also pages the mute one. `radio`: fields of every `Voice`."""
        voices = []
        for number, member in enumerate(self.members):
            to = [self.members[number ^ 1].wire]
            if number == 0:
                to.append(self.mute.wire)
            voices.append(Voice(card=str(member.path), to=to, seed=self.case.seed * 1000 + number, **radio))
        voices.append(Voice(card=str(self.mute.path), receipts=False))
        voices.append(Voice(card=str(self.desk.path)))
        return voices

    async def speak(self, name: str = "voices", voices: list[Voice] | None = None, *, http: bool = True) -> None:
        """Let people speak; returns when all are welcomed."""
        orders = Orders(
            name=name,
            folder=str(self.case.folder),
            voices=self.usual_voices() if voices is None else voices,
            http=[self.http] if http else [],
        )
        self._voices[name] = self.spawn([sys.executable, "-m", "tests.faults.voices", _json(orders)], name)
        spoken = self.case.folder / f"speaking-{name}"
        await processes.wait_until(spoken.exists, within_s=60, what=f"{name} speak{self._log_end(name)}")

    def spawn(self, argv: Sequence[str], name: str, environment: Mapping[str, str] | None = None) -> Any:
        """Start a process beside the site; it ends with the case."""
        path = {"PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"}
        process = spawn(
            argv,
            account=None,
            log=self.case.folder / f"{name}.log",
            death_signal=signal.SIGKILL,
            folder=ROOT,
            environment=clean_environment({**path, **(environment or {})}),
        )
        _go_first(process.pid)
        self._named[name] = process
        return process

    def signal_voices(self, number: signal.Signals) -> None:
        """Tell every process of voices something."""
        for process in self._voices.values():
            process.send_signal(number)

    # Faults ------------------------------------------------------------------------------------------------------

    def pid(self, part: str) -> int:
        """The process of a part.

        Raises:
            RuntimeError: It does not live.
        """
        pid = self.site.part(part)
        if pid is None:
            raise RuntimeError(f"{part} does not live")
        return pid

    def kill(self, part: str) -> int:
        """Kill a part and all its children; returns its pid."""
        pid = self.pid(part)
        self.struck()
        processes.kill(pid)
        return pid

    def struck(self) -> None:
        """Note the instant at which the fault strikes."""
        self._struck_at = time.monotonic()

    def end_process(self, name: str) -> None:
        """Kill a process that was started beside the site."""
        self._named[name].kill()
        self._named[name].wait()

    async def logged(self, part: str, word: str, *, within_s: float) -> None:
        """Wait until a part of the site has logged this."""
        log = self.site.home / "log" / f"{part}.log"
        await processes.wait_until(
            lambda: word in log.read_text(errors="replace"), within_s=within_s, what=f"{part} says {word}"
        )

    def everything(self) -> list[int]:
        """All processes of the site, parts first."""
        return [pid for pid in map(self.site.part, (*PARTS, SECOND)) if pid is not None]

    async def flows_again(self, what: str = "", *, within_s: float = HEAL_S) -> None:
        """Wait until every sender had something acknowledged that was begun after now.

        Keeps how long it took since the last strike as a figure `WHAT_s`.
        """
        now = time.monotonic()

        def all_answered() -> bool:
            self._look_after_voices()
            answered = {o.client for o in self._ok() if o.t_inv > now}
            return self._senders() <= answered

        try:
            await processes.wait_until(all_answered, within_s=within_s, what="every sender is answered", every_s=0.3)
        except TimeoutError as error:
            silent = self._senders() - {o.client for o in self._ok() if o.t_inv > now}
            raise TimeoutError(f"{error}; {len(silent)} silent: {sorted(silent)[:4]}") from None
        if what:
            self.figures[f"{what}_s"] = round(time.monotonic() - self._struck_at, 1)

    def _ok(self) -> Iterable[Operation]:
        return (o for o in operations(self.history()) if o.outcome is Outcome.OK)

    def _senders(self) -> set[str]:
        return {o.client for o in operations(self.history())}

    def history(self) -> list[Record]:
        """Read everything written down so far."""
        return read_history(self.case.folder.glob("*.jsonl"))

    # Judgement ---------------------------------------------------------------------------------------------------

    async def judge(self, *, check: Check | None = None) -> Finding:
        """Let everybody settle, wait until the site is quiet, and let the checker judge; and `check`, if given."""
        self.signal_voices(signal.SIGTERM)
        for name in self._voices:
            settled = self.case.folder / f"settled-{name}"
            await processes.wait_until(settled.exists, within_s=HEAL_S, what=f"{name} settle")
        finding = await self._judge_at_rest(check)
        self.signal_voices(signal.SIGTERM)
        for name, process in self._voices.items():
            await processes.wait_until(partial(_ended, process), within_s=20, what=f"{name} end")
            if process.returncode != 0:
                raise RuntimeError(f"{name} ended with {process.returncode}: {self._log_end(name)}")
        return finding

    async def _judge_at_rest(self, check: Check | None) -> Finding:
        """Judge one moment at which nothing moves; after a minute without one, the moment that it is then.

        The site goes on: it may ask the desk again at any time. So quiet and verdict are of one snapshot, and what
        devices had written down is read before it: whatever they saw is in it.
        """
        until = time.monotonic() + HEAL_S
        while True:
            self._look_after_voices()
            history, moves = self.history(), ""
            try:
                connection = await self.owner()
            except (OSError, asyncpg.PostgresError) as error:
                if time.monotonic() > until:
                    raise
                moves = f"the database: {type(error).__name__}"
            else:
                try:
                    async with connection.transaction(isolation="repeatable_read", readonly=True):
                        moves = await self._unquiet(connection, history)
                        if not moves or time.monotonic() > until:
                            if moves:
                                self.extra.append(_late("the site is not quiet long after the fault", moves))
                            return await self._judge_moment(connection, history, check)
                finally:
                    await connection.close()
            await asyncio.sleep(0.3)

    async def _judge_moment(
        self, connection: asyncpg.Connection, history: Sequence[Record], check: Check | None
    ) -> Finding:
        dump = await dump_site(connection, self.apart)
        self.extra += await self._undelivered(connection)
        figures = await _count(connection)
        if check is not None:
            self.extra += await check(self, connection, history)
        verdict = judge(history, dump, ranks=RANKS)
        self.extra += check_to_the_end(history, dump)
        verdict = replace(verdict, violations=(*verdict.violations, *self.extra))
        return Finding(
            verdict=verdict,
            figures={
                "acknowledged": verdict.acknowledged,
                "unknown": verdict.unknown,
                "unknown_kept": verdict.unknown_kept,
                "refused": verdict.refused,
                "lost": verdict.lost,
                "shown": sum(1 for r in history if isinstance(r, Seen) and r.shown),
                "gap_s": round(longest_gap_s(o for o in operations(history) if not o.client.startswith("http")), 2),
                **figures,
                **self.figures,
                "plan": self.case.plan.describe(),
            },
        )

    async def _unquiet(self, connection: asyncpg.Connection, history: Sequence[Record]) -> str:
        """What still moves; empty when nothing does."""
        pending = len(await self._undelivered(connection))
        # An alert that somebody has, or that the desk is asked about, is looked at again after minutes or hours.
        armed = await connection.fetch(
            "SELECT kind, count(*) AS n FROM deadlines WHERE kind <> 'escalate' OR message_id IN"
            " (SELECT message_id FROM escalations WHERE state = 'running') GROUP BY kind"
        )
        heads = {row[0].hex: row[1] for row in await connection.fetch("SELECT person_id, seq FROM inbox_heads")}
        reached = reached_by_devices(history)
        behind = {device: (seq, heads[person]) for (device, person), seq in reached.items() if seq < heads[person]}
        if not pending and not armed and not behind:
            return ""
        kinds = {row["kind"]: row["n"] for row in armed}
        return f"{pending} deliveries unconfirmed, deadlines {kinds}, behind {dict(list(behind.items())[:3])}"

    async def _undelivered(self, connection: asyncpg.Connection) -> list[Violation]:
        """Everybody listens in the end, so everything must have come to a device; but the mute confirms nothing."""
        rows = await connection.fetch(
            "SELECT message_id, state FROM deliveries WHERE state IN ('pending', 'unreachable') AND person_id <> $1",
            self.mute.person,
        )
        return [_late(f"still {row['state']} although its device is there", row["message_id"].hex) for row in rows]

    def _look_after_voices(self) -> None:
        for name, process in self._voices.items():
            if process.poll() is not None:
                raise RuntimeError(f"{name} ended with {process.returncode}: {self._log_end(name)}")

    def _log_end(self, name: str) -> str:
        log = self.case.folder / f"{name}.log"
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        return "\n".join(lines[-5:])

    def end(self) -> None:
        """End what was started beside the site, and keep the site's logs."""
        for process in self._named.values():
            process.kill()
            process.wait()
        for log in (self.site.home / "log").glob("*"):
            shutil.copy(log, self.case.folder / f"site-{log.name}")
        (self.case.folder / "serve.txt").write_text(self.site.words)


@contextlib.asynccontextmanager
async def whole(
    case: Case,
    *sets: str,
    pairs: int = 6,
    home: Path | None = None,
    prefix: Sequence[str] = (),
    environment: Callable[[Path], Mapping[str, str]] | None = None,
) -> AsyncIterator[System]:
    """Run a site with people, nobody speaking yet; end all of it.

    Args:
        environment: Given the site's folder, tells what to add to the environment of `serve`.
    """
    home = home or temporary_home(drop_account())
    site = Served(
        home,
        "site.desk=Dora",
        f"ops.listen=127.0.0.1:{free_port()}",
        *WAITS,
        *sets,
        prefix=prefix,
        program=WHOLE,
        environment=environment(home) if environment else None,
    )
    system = System(case, site, pairs=pairs)
    try:
        await system.open()
        yield system
    finally:
        with contextlib.suppress(OSError):
            system.end()
        await asyncio.to_thread(site.remove)


async def dump_site(connection: asyncpg.Connection, apart: Set[str] = frozenset()) -> Dump:
    """Read what the checker needs, without what is of sources `apart`.

    Technical alarms are ours and have no identity, so they are not messages here.
    """
    dump = await dump_product(connection)
    ours = {
        ids.write_id(ids.MESSAGE, row["id"])
        for row in await connection.fetch(
            "SELECT id FROM messages WHERE kind = $1 OR source = ANY($2)", Kind.TECHNICAL_ALARM, list(apart)
        )
    }
    return msgspec.structs.replace(
        dump,
        messages=tuple(row for row in dump.messages if row.message not in ours),
        identities=tuple(row for row in dump.identities if row.message not in ours),
    )


def reached_by_devices(history: Iterable[Record]) -> dict[tuple[str, str], int]:
    """How far each device (with its person) has come: the last number that it applied or was told to pass over."""
    reached: defaultdict[tuple[str, str], int] = defaultdict(int)
    people: dict[str, str] = {}
    for record in history:
        if isinstance(record, Seen):
            people[record.device] = record.person
            key = (record.device, record.person)
            reached[key] = max(reached[key], record.seq)
    for record in history:
        if isinstance(record, Condensed) and record.device in people:
            key = (record.device, people[record.device])
            reached[key] = max(reached[key], record.last)
    return dict(reached)


def check_to_the_end(history: Sequence[Record], dump: Dump) -> list[Violation]:
    """Every device that saw anything has come to the end of its person's inbox."""
    heads: defaultdict[str, int] = defaultdict(int)
    for row in dump.inbox:
        heads[row.person] = max(heads[row.person], row.seq)
    return [
        Violation(
            invariant=Invariant.ORDER,
            what="a device did not come to the end of its inbox",
            subject=device,
            detail=f"{seq} of {heads[person]}",
        )
        for (device, person), seq in reached_by_devices(history).items()
        if seq < heads[person]
    ]


async def check_times(system: System, connection: asyncpg.Connection, history: Sequence[Record]) -> list[Violation]:
    """The site's time has not jumped, and nobody's deadline was early, or later than a lease and a restart."""
    rows = await connection.fetch("SELECT id, stored_at FROM messages")
    stored = {ids.write_id(ids.MESSAGE, row["id"]): row["stored_at"] for row in rows}
    offsets = [
        stored[o.message].timestamp() - o.t_ret
        for o in operations(history)
        if o.message in stored and o.t_ret - o.t_inv < QUICK_S
    ]
    spread = max(offsets) - min(offsets)
    system.figures["site_time_moved_s"] = round(spread, 2)
    found = [_late("the site's time has jumped", f"{spread:.1f} s")] if spread > JUMPED_S else []
    rows = await connection.fetch(
        "SELECT m.priority, extract(epoch FROM f.at - m.stored_at)::float AS after FROM facts f"
        " JOIN messages m ON m.id = f.message_id WHERE f.kind = $1 AND f.person_id = $2",
        FactKind.UNREACHABLE, system.mute.person,
    )  # fmt: skip
    late = [row["after"] - WAIT_S[row["priority"]] for row in rows]
    system.figures["deadlines"] = len(late)
    system.figures["latest_s"] = round(max(late, default=0.0), 2)
    found += [_armed("a deadline passed early", f"by {-by:.2f} s") for by in late if by < -0.01]
    found += [_late("a deadline passed late", f"by {by:.2f} s") for by in late if by > LATE_S]
    return found


async def _count(connection: asyncpg.Connection) -> Figures:
    """Figures for people who read the ledger."""
    rows = await connection.fetch("SELECT kind, count(*) AS n FROM alarms GROUP BY kind")
    return {"alarms": json.dumps({row["kind"]: row["n"] for row in rows})}


def _late(what: str, detail: str) -> Violation:
    return replace(_armed(what, detail), late=True)


def _armed(what: str, detail: str) -> Violation:
    return Violation(invariant=Invariant.DELIVERED_OR_ARMED, what=what, subject="site", detail=detail)


def _go_first(pid: int) -> None:
    """Let a process and its children go before the other tests that run here: how late somebody is called is judged
    in seconds, and a hospital runs no tests beside it. Only root may.
    """
    if os.geteuid() == 0:
        os.setpriority(os.PRIO_PROCESS, pid, -4)


def _ended(process: subprocess.Popen[bytes]) -> bool:
    return process.poll() is not None


def _json(orders: Orders) -> str:
    return msgspec.json.encode(orders).decode()
