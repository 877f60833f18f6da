"""`wardwire core` as it is, but it can be told to stop, or to die, in the middle of a step; and mutants of it.

    python -m tests.faults.held_core core --serve path,engine --name path-2 …

Told by files in the folder that FAULTS_HOLD names. `NAME.json` is an order (`Hold`): the next time that the core of
this name comes to that point, the file becomes `NAME.held`, with what it had in hand, and the core stops itself.
FAULTS_MUTANT makes it another build: one of `MUTANTS`.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from wardwire.channels.email import EmailChannel
from wardwire.engine import due, writer
from wardwire.store import batch, deadlines
from wardwire.store.deadlines import ESCALATE, Due

HOLD = "FAULTS_HOLD"
MUTANT = "FAULTS_MUTANT"


class Hold(msgspec.Struct, frozen=True):
    """Where to stop, and by which signal.

    Points: `claimed` (the deadline of an alert, nothing decided), `decided` (a step, nothing written), `again` (the
    same of a second round, which rings people who were called before), `sending` (an e-mail's intent is claimed, it
    is not sent), `sent` (it is sent, its result is not written).
    """

    point: str
    signal: int = signal.SIGSTOP


class Holder:
    """Waits for orders at the points that it is asked at."""

    def __init__(self, folder: Path, name: str) -> None:
        self._order = folder / f"{name}.json"

    def at(self, point: str, messages: Sequence[Any]) -> None:
        """Stop here, if that was ordered."""
        if not messages or not self._order.exists():
            return
        hold = msgspec.json.decode(self._order.read_bytes(), type=Hold)
        if hold.point != point:
            return
        self._order.write_bytes(msgspec.json.encode([str(message) for message in messages]))
        self._order.rename(self._order.with_suffix(".held"))
        os.kill(os.getpid(), hold.signal)


def hold_at_points(holder: Holder) -> None:
    """Ask the holder at every point."""
    claim, write, hand_over = deadlines.claim_due, batch.write_batch, EmailChannel.send

    async def claim_due(*args: Any, **told: Any) -> list[Due]:
        claimed = await claim(*args, **told)
        holder.at("claimed", [one.message_id for one in claimed if one.kind == ESCALATE])
        return claimed

    async def write_batch(durable: Any, chain: Any, decided: Any, *args: Any, **told: Any) -> Any:
        began = [after for _, after in decided.escalated.values() if after.step_began_at == decided.now]
        holder.at("decided", [after.message_id for after in began])
        holder.at("again", [after.message_id for after in began if after.round])
        return await write(durable, chain, decided, *args, **told)

    async def send(self: EmailChannel, attempt_id: str, endpoint: Any, message: Any, **told: Any) -> Any:
        holder.at("sending", [message.id])
        result = await hand_over(self, attempt_id, endpoint, message, **told)
        holder.at("sent", [message.id])
        return result

    patched: Any = due
    patched.claim_due = claim_due
    patched = writer
    patched.write_batch = write_batch
    patched = EmailChannel
    patched.send = send


def long_lease() -> None:
    """A mutant: what a dead core has claimed comes back late."""
    patched: Any = due
    patched.LEASE = timedelta(seconds=20)


def no_guards() -> None:
    """A mutant: whatever a core has decided it writes, though another one has gone on since."""
    for part in ("escalated", "changed", "rearmed"):
        text = batch._SQL[part]
        for guard in ("e.version = u.expected", "d.version = u.expected", "d.fence = u.fence"):
            text = text.replace(guard, "true")
        batch._SQL[part] = text


def unmarked() -> None:
    """A mutant: an e-mail that may have been sent before looks like the first one."""
    as_it_is = EmailChannel.send

    async def send(self: EmailChannel, *args: Any, **_: Any) -> Any:
        return await as_it_is(self, *args)

    patched: Any = EmailChannel
    patched.send = send


MUTANTS = {"long lease": long_lease, "no guards": no_guards, "unmarked": unmarked}


def main() -> None:
    """Run the core."""
    from wardwire.cli.main import main as run

    name = sys.argv[sys.argv.index("--name") + 1]
    if mutant := os.environ.get(MUTANT):
        MUTANTS[mutant]()
    hold_at_points(Holder(Path(os.environ[HOLD]), name))
    sys.exit(run())


if __name__ == "__main__":
    main()
