"""E-mails while one of two cores freezes or dies with one in its hand: what comes twice says that it may be one."""

from __future__ import annotations

import asyncio
import signal
from collections import defaultdict
from collections.abc import Sequence
from email import message_from_bytes
from typing import Any
from uuid import uuid4

import asyncpg
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope

from tests.faults.escalations import environment_of, hold
from tests.faults.held_core import Hold
from tests.faults.scenarios import Case, Finding, scenario
from tests.faults.site import SECOND
from tests.faults.system import System, whole
from wardwire.engine.due import ATTEMPT
from wardwire.engine.outbox import TIME_LIMIT_S
from wardwire.model.priority import Lane
from wardwire.ops.ports import free_port
from wardwire.testing import processes
from wardwire.testing.history import Record
from wardwire.testing.verdict import Invariant, Violation

REPEAT = "(may be a repeat)"
# Until its claim has run out, and whoever claimed it then has sent it.
FROZEN_S = ATTEMPT.total_seconds() + TIME_LIMIT_S[Lane.HIGH] / 2


class Mailbox:
    """A relay that takes everything: the subjects of each Message-ID, as they came."""

    def __init__(self) -> None:
        self.subjects: defaultdict[str, list[str]] = defaultdict(list)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:
        """Take an e-mail."""
        mail = message_from_bytes(envelope.original_content or b"")
        self.subjects[mail["Message-ID"]].append(mail["Subject"])
        return "250 taken"

    def judge(self, sent: set[str]) -> list[Violation]:
        """Of each e-mail at most one does not say that it may be a repeat; and what is recorded as sent has come."""
        found = []
        for name, subjects in self.subjects.items():
            first = [subject for subject in subjects if REPEAT not in subject]
            if len(first) > 1:
                found.append(_wrong(Invariant.NO_VISIBLE_DUPLICATE, "an e-mail that came twice unmarked", name))
        came = {name.strip("<>").partition("@")[0] for name in self.subjects}
        found += [
            _wrong(Invariant.NO_ACKED_LOSS, "an e-mail recorded as sent that never came", s) for s in sent - came
        ]
        return found


@scenario("e-mail, a core frozen in the middle of one")
async def frozen_with_an_email(case: Case) -> Finding:
    """A core freezes between the intent and the result of an e-mail, and wakes up when its claim has run out."""
    return await strike(case, Hold(case.plan.pick("point", ["sending", "sent"])))


@scenario("e-mail, a core killed in the middle of one", rare=True)
async def killed_with_an_email(case: Case) -> Finding:
    """A core dies between the intent and the result of an e-mail."""
    return await strike(case, Hold(case.plan.pick("point", ["sending", "sent"]), signal.SIGKILL))


@scenario("e-mail, mutant: unmarked", caught_by=Invariant.NO_VISIBLE_DUPLICATE, rare=True)
async def without_mark(case: Case) -> Finding:
    """A build whose second e-mail looks like the first one."""
    return await strike(case, Hold("sent"), mutant="unmarked")


async def strike(case: Case, order: Hold, *, mutant: str = "") -> Finding:
    """Let somebody who confirms nothing be paged, so that e-mails are sent; strike the core that sends one."""
    mailbox, port = Mailbox(), free_port()
    relay = Controller(mailbox, hostname="127.0.0.1", port=port)
    relay.start()
    sets = (
        "smtp.host=127.0.0.1",
        f"smtp.port={port}",
        "smtp.tls=none",
        "smtp.sender=alerts@ward.example",
        "smtp.link_base=https://ward.example",
    )
    try:
        async with whole(case, *sets, pairs=2, environment=environment_of(mutant)) as system:
            await add_address(system)
            await system.speak(http=False)
            core = case.plan.pick("core", ["path", SECOND])
            await hold(system, core, order)
            await asyncio.sleep(FROZEN_S)
            if order.signal == signal.SIGSTOP:
                processes.thaw(system.pid(core))
            await system.flows_again(core)

            async def check(_: System, connection: asyncpg.Connection, history: Sequence[Record]) -> list[Violation]:
                return mailbox.judge(await read_sent(connection))

            finding = await system.judge(check=check)
    finally:
        relay.stop()
    came = list(mailbox.subjects.values())
    finding.figures.update(mails=sum(map(len, came)), twice=sum(len(subjects) > 1 for subjects in came))
    return finding


async def add_address(system: System) -> None:
    """Give the one who confirms nothing an e-mail address."""
    connection = await system.owner()
    try:
        async with connection.transaction():
            await connection.execute(
                "INSERT INTO endpoints (id, person_id, kind, address, version) VALUES ($1, $2, 'email', $3, $4)",
                uuid4(), system.mute.person, "mute@ward.example", await system.next_version(connection),
            )  # fmt: skip
    finally:
        await connection.close()
    await asyncio.sleep(1.5)


async def read_sent(connection: asyncpg.Connection) -> set[str]:
    """The attempts that are recorded as sent, as their Message-IDs begin."""
    rows = await connection.fetch("SELECT message_id, person_id, endpoint_id FROM attempts WHERE outcome = 'sent'")
    return {"-".join(part.hex for part in row) for row in rows}


def _wrong(invariant: Invariant, what: str, subject: str) -> Violation:
    return Violation(invariant=invariant, what=what, subject=subject)
