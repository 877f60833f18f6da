"""The house as an adapter sees it: takes reports, keeps each identity once, and ends them as a test says."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from wardwire.adapters.contract import UNPLACED, Ended
from wardwire.model.errors import Code, Refused, Unavailable, Unknown, WardwireError
from wardwire.model.report import Report
from wardwire.model.stays import Movement

PATIENCE_S = 20.0


class FakeIntake:
    """Implements adapters/contract.Intake.

    Attributes:
        reports: All that were handed in.
        made: What was committed, by identity: a repeat makes nothing.
        held: While it is a list, reports wait in it until `let_go`.
        log: What happened, in its order: `handed in`, `committed`; a test may add to it.
    """

    def __init__(self) -> None:
        self.reports: list[Report | Movement] = []
        self.made: dict[tuple[str, str], str] = {}
        self.alarms: list[tuple[str, str, str]] = []
        self.held: list[Callable[[], None]] | None = None
        self.log: list[str] = []
        self._came = asyncio.Event()
        self._endings: deque[str] = deque()

    def end_with(self, *endings: str) -> None:
        """Say how the next reports end; the others are taken."""
        self._endings.extend(endings)

    def take(self, report: Report | Movement, ended: Ended) -> None:
        """Take one."""
        self.reports.append(report)
        self.log.append("handed in")
        ending = self._endings.popleft() if self._endings else "taken"

        def end() -> None:
            self.log.append("committed")
            ended(self._result(report, ending))

        if self.held is None:
            end()
        else:
            self.held.append(end)
        self._came.set()

    async def until(self, count: int) -> None:
        """Wait until so many reports were handed in. Raises TimeoutError."""
        async with asyncio.timeout(PATIENCE_S):
            while len(self.reports) < count:
                self._came.clear()
                await self._came.wait()

    def alarm(self, kind: str, subject: str, text: str) -> None:
        """Keep it."""
        self.alarms.append((kind, subject, text))

    def let_go(self) -> None:
        """End what was held; nothing is held any more."""
        held, self.held = self.held or [], None
        for end in held:
            end()

    def _result(self, report: Report | Movement, ending: str) -> str | WardwireError:
        word, *rest = ending.split()
        match word:
            case "taken":
                return self.made.setdefault((report.source, report.external_id), f"msg_{len(self.made) + 1}")
            case "unplaced":
                self.made.setdefault((report.source, report.external_id), UNPLACED)
                return UNPLACED
            case "refused":
                return Refused(Code(rest[0]), "it is not known here", pointer=rest[1] if rest[1:] else "")
            case "unavailable":
                return Unavailable(Code.UNAVAILABLE, "the database is away")
            case "unknown":
                return Unknown("nobody knows")
        raise ValueError(f"no report ends {ending!r}")
