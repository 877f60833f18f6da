"""Opens the doors for other systems that the settings name, and hands in what they hear."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import structlog

from wardwire.adapters.contract import Adapter, Ended
from wardwire.adapters.dead_letters import DeadLetters
from wardwire.adapters.hl7.door import Hl7Door, Manners
from wardwire.adapters.hl7.mapping import BadTable, Table, read_table
from wardwire.adapters.hl7.server import Hl7Server
from wardwire.app.ground import Ground
from wardwire.engine.upkeep import Alarm
from wardwire.flow.ports import Rules, Writer
from wardwire.flow.report import ReportTaken, TakeReport
from wardwire.model.errors import Refused, WardwireError
from wardwire.model.people import Directory
from wardwire.model.places import find_place
from wardwire.model.report import Report
from wardwire.model.rights import CODE, SEND, Caller
from wardwire.ops.failure import StartFailed
from wardwire.settings import Hl7, split_address

log = structlog.get_logger("wardwire.app")


class Reports:
    """Implements adapters/contract.Intake: reports become acts of one integration."""

    def __init__(self, writer: Writer, rules: Callable[[], Rules], source: str) -> None:
        self._writer = writer
        self._rules = rules
        # The site's own mapping table says what may be a `code`.
        self._caller = Caller(source=source, scopes=frozenset({SEND, CODE}))

    def take(self, report: Report, ended: Ended) -> None:
        """Take a report."""

        def done(result: ReportTaken | WardwireError, replayed: bool) -> None:
            ended(result if isinstance(result, WardwireError) else result.did)

        report = known_place(report, self._rules().directory)
        self._writer.put(TakeReport(report, self._caller, self._rules, done))

    def alarm(self, kind: str, subject: str, text: str) -> None:
        """Raise a technical alarm."""
        self._writer.put(Alarm(kind, subject, text, self._rules))


def known_place(report: Report, directory: Directory) -> Report:
    """Leave a bed out that nobody has entered, when its unit is known: rather the unit is called than nobody."""
    if not report.bed or not report.unit:
        return report
    try:
        find_place(report.bed, directory, "/bed")
    except Refused:
        return report._replace(bed="")
    return report


@contextlib.asynccontextmanager
async def open_adapters(ground: Ground) -> AsyncIterator[list[Adapter]]:
    """Open the doors that are set up, and close them in the end.

    Raises:
        StartFailed: `hl7_table`, `hl7_address`, `hl7_tls`.
    """
    doors: list[Adapter] = []
    if ground.settings.hl7.listen:
        doors.append(_make_hl7(ground, ground.settings.hl7))
    async with contextlib.AsyncExitStack() as stack:
        for door in doors:
            try:
                await door.start()
            except OSError as error:
                raise StartFailed(
                    "hl7_address",
                    f"{ground.settings.hl7.listen} cannot be listened on: {error.strerror}.",
                    "Choose another one with hl7.listen.",
                ) from error
            stack.push_async_callback(door.stop)
            log.info("adapter_open", adapter=door.name)
        yield doors


def _make_hl7(ground: Ground, own: Hl7) -> Hl7Server:
    host, port = split_address(own.listen)
    manners = Manners(source=own.source, charset=own.charset, release_poison=own.release_poison)
    door = Hl7Door(
        intake=Reports(ground.lanes, ground.rules, own.source), table=_table(own.table), manners=manners,
        clock=ground.clock, name=ground.node,
        letters=DeadLetters(ground.logins.home / "dead-letters" / own.source),
    )  # fmt: skip
    return Hl7Server(door, name="hl7", host=host, port=port, tls=_tls(own), monotonic=ground.clock.monotonic)


def _table(path: Path | None) -> Table:
    if path is None:
        return Table()
    try:
        return read_table(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, BadTable) as error:
        raise StartFailed(
            "hl7_table", f"{path} cannot be used: {error}.", "Try it with `wardwire hl7 try`."
        ) from error


def _tls(own: Hl7) -> ssl.SSLContext | None:
    if own.tls_certificate is None:
        return None
    try:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(own.tls_certificate, own.tls_key)
        if own.tls_clients is not None:
            context.load_verify_locations(own.tls_clients)
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ssl.SSLError) as error:
        raise StartFailed(
            "hl7_tls", f"The certificate of the HL7 door cannot be used: {error}.", "Check hl7.tls_*."
        ) from error
    return context
