"""A small ward for stories: real lanes on a real database, a clock that the test moves, devices that only listen.

Everybody knows the people: Anna (day nurse), Ben (night nurse), Dr. Chen and Dr. Okafor (Cardiology), Dora
(operator), Mallory (must not see).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Self
from uuid import UUID, uuid4

import asyncpg

from wardwire.directory.finder import Finder
from wardwire.directory.live import LiveDirectory
from wardwire.engine.due import DueLoop
from wardwire.engine.lanes import Lanes
from wardwire.flow.answer import Heard, Say
from wardwire.flow.by_hand import ByHand, EscalateByHand
from wardwire.flow.end import End, why_ended
from wardwire.flow.ports import Act, Channel, Rules, SendResult
from wardwire.flow.report import ReportTaken, TakeReport
from wardwire.flow.statement import Statement, submission_of, write_statement
from wardwire.flow.submit import Submit
from wardwire.flow.views import Status, Stored, Team, read_stored
from wardwire.model import ids
from wardwire.model.delivery import Delivery, Event, Happened
from wardwire.model.errors import WardwireError
from wardwire.model.people import Endpoint
from wardwire.model.places import PlaceKind, Rank
from wardwire.model.policy import Policy, Step
from wardwire.model.priority import Lane, Priority
from wardwire.model.report import Phase, Report
from wardwire.model.rights import CODE, PERSON_SCOPES, SEND, Caller
from wardwire.model.routing import Waits
from wardwire.store.batch import Batch, Numbered
from wardwire.store.durable import open_durable
from wardwire.store.messages import Message
from wardwire.store.policies import insert_policy, lock_policy, update_policy
from wardwire.testing.clock import FakeClock
from wardwire.testing.patience import PATIENT_S

DESK = "group:Operators"


class Told(NamedTuple):
    """An event as a person's devices were told it."""

    seq: int
    event: str
    message_id: UUID
    body: Any
    at: datetime


class Member(NamedTuple):
    """Somebody of the ward."""

    id: UUID
    name: str
    device: UUID | None

    @property
    def wire(self) -> str:
        """Their id as written."""
        return ids.write_id(ids.PERSON, self.id)


class Mail:
    """A channel that keeps what it was given, and answers what the test says."""

    def __init__(self, kind: str = "email") -> None:
        self.kind = kind
        self.sent: list[tuple[str, str]] = []
        self.repeats: list[bool] = []
        self.answer = SendResult("sent", "250 taken")

    async def send(self, attempt_id: str, endpoint: Endpoint, message: Message, *, again: bool = False) -> SendResult:
        """Keep it."""
        self.sent.append((endpoint.address, attempt_id))
        self.repeats.append(again)
        return self.answer


class Ward:
    """The ward. Use `async with Ward.open(dsn)`; anything that stays in `problems` fails nothing by itself."""

    def __init__(
        self,
        dsn: str,
        connect: Callable[..., Awaitable[asyncpg.Connection]] = asyncpg.connect,
        patience_s: float = PATIENT_S,
        start: datetime | None = None,
    ) -> None:
        """Give another `connect` to let the database fail (testing/nth.py); a `start` for what happens on a date."""
        self._dsn = dsn
        self._patience_s = patience_s
        self._open = connect
        self.clock = FakeClock(start)
        self.mail = Mail()
        self.channels: dict[str, Channel] = {"email": self.mail}
        self.desk = DESK
        self.finder = Finder(lambda: self.people.directory, self.clock.now, desk=self.desk)
        self.people = LiveDirectory(self.finder.changed)
        self.waits = Waits()
        self.policy_approval = False
        self.hints = True
        self._heard = asyncio.Event()
        self.told: dict[UUID, list[Told]] = {}
        self.statuses: list[Status] = []
        self.teams: list[dict[str, tuple[int, int]]] = []
        self.lanes = self.new_lanes("story")
        self.due = DueLoop(
            connect=self._connect,
            writer=self.lanes,
            rules=self.rules,
            clock=self.clock,
            channels=self.channels,
        )
        self.connection: asyncpg.Connection

    async def __aenter__(self) -> Self:
        self.connection = await self._connect()
        self.anna = await self.add_person("Anna", email="anna@ward.example")
        self.ben = await self.add_person("Ben")
        self.chen = await self.add_person("Dr. Chen", email="chen@ward.example", scopes=[CODE])
        self.okafor = await self.add_person("Dr. Okafor")
        self.dora = await self.add_person("Dora", scopes=[CODE])
        self.mallory = await self.add_person("Mallory")
        await self.add_group("Operators", [self.dora])
        await self.lanes.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.lanes.stop()
        await self.connection.close()

    def new_lanes(self, node: str) -> Lanes:
        """Make the lanes of a core; a story may have a second one."""
        return Lanes(
            open_connection=self._durable,
            clock=self.clock,
            announcer=self,
            node=node,
            written=self._written,
            patience_s=self._patience_s,
        )

    def rules(self) -> Rules:
        """What the journey goes by."""
        return Rules(self.people.directory, self.waits, self.desk, policy_approval=self.policy_approval)

    # The ports that the journey needs ---------------------------------------------------------------------------

    def inbox(self, epoch: int, events: Sequence[Numbered]) -> None:
        """Hear what devices would hear."""
        for numbered in events:
            event = numbered.event
            told = Told(numbered.seq, event.event, event.message_id, event.body, self.clock.now())
            self.told.setdefault(event.person_id, []).append(told)
        self._heard.set()

    def live(self, items: Sequence[Any]) -> None:
        """Hear what senders' devices would hear."""
        self.statuses.extend(item for item in items if isinstance(item, Status))
        for item in items:
            if isinstance(item, Team):
                self.teams.append({part.role: (part.needed, part.there) for part in item.parts})

    # The people -------------------------------------------------------------------------------------------------

    async def add_person(
        self, name: str, *, email: str | None = None, device: bool = True, scopes: Sequence[str] = ()
    ) -> Member:
        """Add a person, with a device unless told otherwise."""
        person, dev = uuid4(), uuid4() if device else None
        async with self.connection.transaction():
            version = await self._version()
            await self.connection.execute(
                "INSERT INTO people (id, name, scopes, version) VALUES ($1, $2, $3, $4)",
                person, name, list(scopes), version,
            )  # fmt: skip
            await self.connection.execute("INSERT INTO inbox_heads (person_id) VALUES ($1)", person)
            if email:
                await self.connection.execute(
                    "INSERT INTO endpoints (id, person_id, kind, address, version) VALUES ($1, $2, 'email', $3, $4)",
                    uuid4(), person, email, version,
                )  # fmt: skip
            if dev:
                await self.connection.execute(
                    "INSERT INTO devices (id, person_id, name, nkey, x25519, registered_at, version)"
                    " VALUES ($1, $2, 'phone', $3, $4, $5, $6)",
                    dev, person, f"U{dev.hex}", bytes(32), self.clock.now(), version,
                )  # fmt: skip
        await self.people.refresh(self.connection)
        return Member(person, name, dev)

    async def add_endpoint(self, member: Member, kind: str, address: str) -> None:
        """Give somebody an endpoint outside our own devices."""
        await self._change(
            "INSERT INTO endpoints (id, person_id, kind, address, version) VALUES ($2, $3, $4, $5, $1)",
            uuid4(), member.id, kind, address,
        )  # fmt: skip

    async def reach(self, member: Member, *kinds: str) -> None:
        """Let somebody be reached by endpoints of these kinds, and by no others."""
        if "app" not in kinds:
            await self.revoke(member)
        outside = [kind for kind in kinds if kind != "app"]
        await self._change(
            "UPDATE endpoints SET version = $1, disabled_at = $3 WHERE person_id = $2 AND kind <> ALL($4::text[])",
            member.id, self.clock.now(), outside,
        )  # fmt: skip
        there = {one.kind for one in self.people.directory.endpoints_of.get(member.id, ()) if not one.disabled}
        for kind in outside:
            if kind not in there:
                await self.add_endpoint(member, kind, f"{kind}@ward.example")
            if kind not in self.channels:
                self.add_channel(kind)

    def add_channel(self, kind: str) -> Mail:
        """Add a channel of some kind."""
        channel = self.channels[kind] = Mail(kind)
        return channel

    async def add_group(self, name: str, members: Sequence[Member]) -> str:
        """Add a group; returns its id as written."""
        group = uuid4()
        await self._change(
            "INSERT INTO groups (id, name, members, version) VALUES ($2, $3, $4, $1)",
            group, name, [member.id for member in members],
        )  # fmt: skip
        return ids.write_id(ids.GROUP, group)

    async def add_role(self, name: str, fallback: Member | None = None) -> UUID:
        """Add a role."""
        role = uuid4()
        await self._change(
            "INSERT INTO roles (id, name, fallback, version) VALUES ($2, $3, $4, $1)",
            role, name, fallback.id if fallback else None,
        )  # fmt: skip
        return role

    async def add_shift(self, role: UUID, holder: Member, begin: timedelta, end: timedelta) -> None:
        """Let somebody hold a role from `begin` to `end`, counted from now."""
        now = self.clock.now()
        await self._change(
            "INSERT INTO shifts (id, role_id, person_id, starts_at, ends_at, version)"
            " VALUES ($2, $3, $4, $5, $6, $1)",
            uuid4(), role, holder.id, now + begin, now + end,
        )  # fmt: skip

    async def add_place(self, kind: PlaceKind, name: str, *, inside: UUID | None = None, policy: str = "") -> UUID:
        """Add a unit, a room or a bed; a unit may have a policy (by name)."""
        place = uuid4()
        chosen = self.people.directory.policy_names.get(policy.casefold()) if policy else None
        await self._change(
            "INSERT INTO places (id, kind, name, parent, policy, version) VALUES ($2, $3, $4, $5, $6, $1)",
            place, kind, name, inside, chosen,
        )  # fmt: skip
        return place

    async def assign(self, bed: UUID, rank: Rank, member: Member) -> None:
        """Give somebody a bed from now on."""
        await self._change(
            "INSERT INTO assignments (id, place_id, person_id, rank, starts_at, version)"
            " VALUES ($2, $3, $4, $5, $6, $1)",
            uuid4(), bed, member.id, rank, self.clock.now(),
        )  # fmt: skip

    async def add_policy(self, name: str, *steps: Step, **fields: Any) -> Policy:
        """Add a policy, or its next version under the same name."""
        known = self.people.directory.policy_names.get(name.casefold())
        async with self.connection.transaction():
            version = await self._version()
            policy = Policy(known or uuid4(), name, version, steps, **fields)
            if known:
                await lock_policy(self.connection, known)
                await update_policy(self.connection, policy, self.clock.now())
            else:
                await insert_policy(self.connection, policy, self.clock.now())
        await self.people.refresh(self.connection)
        return policy

    async def set(self, member: Member, **columns: Any) -> None:
        """Change columns of a person."""
        names = ", ".join(f"{name} = ${nth}" for nth, name in enumerate(columns, start=3))
        await self._change(f"UPDATE people SET version = $1, {names} WHERE id = $2", member.id, *columns.values())

    async def revoke(self, member: Member) -> None:
        """Revoke all devices of a person."""
        await self._change(
            "UPDATE devices SET version = $1, revoked_at = $3 WHERE person_id = $2", member.id, self.clock.now()
        )

    # What they do -----------------------------------------------------------------------------------------------

    def caller(self, member: Member) -> Caller:
        """Somebody, speaking through their device."""
        person = self.people.directory.people[member.id]
        source = ids.write_id(ids.DEVICE, member.device) if member.device else "test"
        return Caller(
            source=source, scopes=PERSON_SCOPES | person.scopes, person_id=member.id, device_id=member.device
        )

    async def send(self, sender: Member | Caller, to: Sequence[str], **fields: Any) -> Stored:
        """Submit; raises what was answered instead of *stored*."""
        result, _ = await self.try_send(sender, to, **fields)
        return result

    async def try_send(
        self, sender: Member | Caller, to: Sequence[str], *, id: str = "", **fields: Any
    ) -> tuple[Stored, bool]:
        """Submit; returns the result and whether it is a repeat's."""
        caller = self.caller(sender) if isinstance(sender, Member) else sender
        fields.setdefault("priority", Priority.HIGH)
        fields.setdefault("text", "Please come to bed 12.")
        statement = Statement(id=id or uuid4().hex, to=tuple(to), **fields)
        submission = submission_of(statement, source=caller.source, content=write_statement(statement))
        result, replayed = await self._answer(lambda done: Submit(submission, caller, self.rules, done), pair=True)
        return read_stored(result), replayed

    async def say(
        self, member: Member, message: Stored, event: Event, answer: str = "", device: UUID | None = None
    ) -> Delivery:
        """Let a person's device say something of a delivery."""
        happened = Happened(event=event, device_id=device or member.device, answer=answer)
        message_id = ids.read_id(ids.MESSAGE, message.message)
        after: Delivery = await self._answer(
            lambda done: Say(message_id, member.id, happened, lane=Lane.REST, rules=self.rules, done=done)
        )
        return after

    async def report(
        self, key: str, phase: Phase = Phase.START, *, source: str = "monitors", **fields: Any
    ) -> ReportTaken:
        """Let a source report of its alert; raises what was answered instead."""
        taken, _ = await self.try_report(key, phase, source=source, **fields)
        return taken

    async def begin_report(self, key: str, **fields: Any) -> Stored:
        """Let an alert of a source begin; returns its result."""
        return read_stored((await self.report(key, **fields)).result)

    async def try_report(
        self, key: str, phase: Phase = Phase.START, *, source: str = "monitors", **fields: Any
    ) -> tuple[ReportTaken, bool]:
        """Let a source report of its alert; returns how it was taken and whether it is a repeat."""
        values: dict[str, Any] = {"priority": Priority.HIGH, "subject": "SpO2 79 %", "text": "", **fields}
        values.setdefault("external_id", uuid4().hex)
        report = Report(source=source, source_key=key, phase=phase, **values)
        caller = Caller(source=source, scopes=frozenset({SEND, CODE}))
        answer: tuple[ReportTaken, bool] = await self._answer(
            lambda done: TakeReport(report, caller, self.rules, done), pair=True
        )
        return answer

    async def escalate(self, member: Member, message: Stored, *, id: str = "", **asked: Any) -> tuple[Stored, bool]:
        """Let somebody make an alert of a message; returns the result and whether it is a repeat's."""
        values = {"priority": Priority.HIGH, **asked}
        by_hand = ByHand(id or uuid4().hex, **values)
        message_id = ids.read_id(ids.MESSAGE, message.message)
        result, replayed = await self._answer(
            lambda done: EscalateByHand(message_id, by_hand, self.caller(member), self.rules, done), pair=True
        )
        return read_stored(result), replayed

    async def heard(self, member: Member, message: Stored) -> None:
        """Let the sender's device show that a message failed."""
        message_id = ids.read_id(ids.MESSAGE, message.message)
        assert member.device
        device = member.device
        await self._answer(
            lambda done: Heard(message_id, member.id, device_id=device, lane=Lane.REST, done=lambda: done(None))
        )

    async def cancel(self, caller: Caller, message: Stored, *, recall: bool = False, all_clear: bool = False) -> int:
        """Take a message back, or say that it is over."""
        message_id = ids.read_id(ids.MESSAGE, message.message)
        why = why_ended(recall=recall, all_clear=all_clear)
        ended: int = await self._answer(
            lambda done: End(
                message_id, Event.CANCEL, why, caller=caller, lane=Lane.HIGH, rules=self.rules, done=done
            )
        )
        return ended

    async def pass_time(self, **by: float) -> None:
        """Let time pass, and what is due by then happen, each at its instant."""
        end = self.clock.now() + timedelta(**by)
        while True:
            due = await self.connection.fetchval("SELECT min(visible_at) FROM deadlines")
            if due is None or due > end:
                break
            self.clock.advance(max(due - self.clock.now(), timedelta(0)))
            await self.settle()
        self.clock.advance(end - self.clock.now())

    async def until(self, instant: datetime) -> None:
        """Let time pass up to an instant; at one that has passed, let what is due happen."""
        await self.pass_time(seconds=max(0.0, (instant - self.clock.now()).total_seconds()))

    async def settle(self) -> None:
        """Let everything that is due at this instant happen, and what follows from it."""
        await self.people.refresh(self.connection)
        while True:
            before = self.due.claimed
            await self.due.round(self.connection)
            await self.due.idle()
            await self.quiet()
            if self.due.claimed == before:
                return

    async def quiet(self) -> None:
        """Wait until the lanes have nothing to do."""
        for writer in self.lanes.writers:
            await writer.idle()

    async def state(self, message: Stored, member: Member) -> str:
        """Where a delivery stands, by the database."""
        state: str = await self.connection.fetchval(
            "SELECT state FROM deliveries WHERE message_id = $1 AND person_id = $2",
            ids.read_id(ids.MESSAGE, message.message), member.id,
        )  # fmt: skip
        return state

    async def facts(self, message: Stored) -> list[str]:
        """The facts of a message, in the order of their chains and instants."""
        rows = await self.connection.fetch(
            "SELECT kind FROM facts WHERE message_id = $1 ORDER BY at, writer, seq",
            ids.read_id(ids.MESSAGE, message.message),
        )
        return [row["kind"] for row in rows]

    async def alarms(self) -> list[tuple[str, str]]:
        """The open technical alarms: kind and what they say."""
        rows = await self.connection.fetch(
            "SELECT kind, detail FROM alarms WHERE cleared_at IS NULL ORDER BY raised_at"
        )
        return [(row["kind"], row["detail"]) for row in rows]

    async def why(self, message: UUID, member: Member) -> str:
        """Why somebody has got a message."""
        why: str = await self.connection.fetchval(
            "SELECT why FROM deliveries WHERE message_id = $1 AND person_id = $2", message, member.id
        )
        return why

    def events(self, member: Member) -> list[str]:
        """The events that a person's devices were told."""
        return [told.event for told in self.told.get(member.id, [])]

    async def first_event(self, member: Member) -> None:
        """Wait until a person's devices were told something."""
        while not self.told.get(member.id):
            self._heard.clear()
            await self._heard.wait()

    # Below the floor --------------------------------------------------------------------------------------------

    async def _answer(self, make: Callable[[Callable[..., None]], Act], *, pair: bool = False) -> Any:
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        def done(*result: Any) -> None:
            if isinstance(result[0], WardwireError):
                future.set_exception(result[0])
            else:
                future.set_result(result if pair else result[0])

        self.lanes.put(make(done))
        try:
            return await future
        finally:
            # One thing after the other: so that facts have an order in time.
            self.clock.advance(timedelta(milliseconds=1))

    async def _change(self, statement: str, *args: Any) -> None:
        async with self.connection.transaction():
            await self.connection.execute(statement, await self._version(), *args)
        await self.people.refresh(self.connection)

    async def _version(self) -> int:
        version: int = await self.connection.fetchval(
            "UPDATE directory_head SET version = version + 1 RETURNING version"
        )
        return version

    def _written(self, batch: Batch) -> None:
        if self.hints:
            self.due.armed(batch)

    async def _durable(self) -> Any:
        return await open_durable(self._dsn, without_standby="degraded", patience_s=PATIENT_S, connect=self._open)

    async def _connect(self) -> asyncpg.Connection:
        return await asyncpg.connect(self._dsn, server_settings={"search_path": "wardwire"})
