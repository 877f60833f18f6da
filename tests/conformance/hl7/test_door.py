"""The door over a real socket, beyond what every adapter must do (tests/conformance/test_adapters.py): many at once,
their order, TLS, and what is kept of what is refused.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.unit.adapters.hl7.samples import ALARM, RESULT, with_phase
from wardwire.adapters.contract import Ended
from wardwire.adapters.dead_letters import DeadLetters
from wardwire.adapters.hl7.door import Hl7Door, Manners
from wardwire.adapters.hl7.frame import FRAME_MAX, Deframer, render_frame
from wardwire.adapters.hl7.mapping import Table
from wardwire.adapters.hl7.server import Hl7Server
from wardwire.model.errors import Code, Refused, Unavailable, Unknown, WardwireError
from wardwire.model.report import Report
from wardwire.model.stays import Movement
from wardwire.testing.clock import FakeClock

TAKEN = '{"message":"msg_1"}'


class Lanes:
    """Takes reports, and ends each as the test says: at once, or when it lets go of them."""

    def __init__(self) -> None:
        self.reports: list[Report] = []
        self.alarms: list[tuple[str, str, str]] = []
        self.result: Callable[[Report], str | WardwireError] = lambda report: TAKEN
        self.held: list[Callable[[], None]] | None = None
        self.came = asyncio.Event()

    def take(self, report: Report | Movement, ended: Ended) -> None:
        """Take one."""
        assert isinstance(report, Report)
        self.reports.append(report)
        self.came.set()
        if self.held is None:
            ended(self.result(report))
        else:
            self.held.append(lambda: ended(self.result(report)))

    def alarm(self, kind: str, subject: str, text: str) -> None:
        """Keep it."""
        self.alarms.append((kind, subject, text))


class Source:
    """The other side of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._deframer = Deframer()
        self._answers: list[bytes] = []

    def send(self, *pieces: bytes) -> None:
        """Send bytes as they are."""
        for piece in pieces:
            self._writer.write(piece)

    async def answers(self, count: int) -> list[str]:
        """Wait for so many acknowledgements: their MSA segments."""
        while len(self._answers) < count:
            data = await self._reader.read(65_536)
            assert data, "it closed without an answer"
            self._answers += self._deframer.feed(data)
        answers, self._answers = self._answers[:count], self._answers[count:]
        return [answer.decode().split("\r")[1] for answer in answers]

    async def closed(self) -> None:
        """Wait for the other side to close."""
        assert await self._reader.read() == b""

    def close(self) -> None:
        """Close this side."""
        self._writer.close()


class Setting:
    """A door on any free port."""

    def __init__(self, folder: Path, *, release_poison: bool = False, tls: ssl.SSLContext | None = None) -> None:
        self.letters = DeadLetters(folder)
        self.lanes = Lanes()
        self.clock = FakeClock()
        manners = Manners(source="monitors", release_poison=release_poison)
        self.door = Hl7Door(
            intake=self.lanes, table=Table(), manners=manners, clock=self.clock, name="core", letters=self.letters
        )
        self.server = Hl7Server(
            self.door, name="hl7", host="127.0.0.1", port=0, tls=tls, monotonic=self.clock.monotonic
        )

    async def source(self, tls: ssl.SSLContext | None = None) -> Source:
        """Connect."""
        hostname = "localhost" if tls else None
        return Source(*await asyncio.open_connection(*self.server.address, ssl=tls, server_hostname=hostname))


@asynccontextmanager
async def opened(**given: object) -> AsyncIterator[Setting]:
    """Open a door, and close it."""
    with TemporaryDirectory() as folder:
        setting = Setting(Path(folder) / "letters", **given)  # type: ignore[arg-type]
        await setting.server.start()
        async with asyncio.timeout(20):
            yield setting
        await setting.server.stop()


async def test_yes_comes_after_the_commit_and_names_the_message() -> None:
    """Until then the source hears nothing; an alarm in enhanced mode gets CA, a result in original mode AA."""
    async with opened() as setting:
        held: list[Callable[[], None]] = []
        setting.lanes.held = held
        source = await setting.source()
        source.send(render_frame(ALARM.encode()), render_frame(RESULT.encode()))
        while len(held) < 2:
            setting.lanes.came.clear()
            await setting.lanes.came.wait()
        assert setting.door.health.taken == 0
        for let_go in reversed(held):  # the second is committed first, and answered second
            let_go()
        assert await source.answers(2) == ["MSA|CA|A1001", "MSA|AA|K-771"]
        assert [report.source_key for report in setting.lanes.reports] == ["GW7|ICU|a91", ""]


async def test_half_frames_junk_and_many_at_once_on_several_connections() -> None:
    """However the bytes arrive, each message is answered once, on its own line and in its order."""
    async with opened() as setting:
        sources = [await setting.source() for _ in range(5)]
        for source in sources:
            stream = b"noise" + b"".join(render_frame(with_phase("start", control=f"C{n}")) for n in range(20))
            for begin in range(0, len(stream), 777):
                source.send(stream[begin : begin + 777])
                await asyncio.sleep(0)
        for source in sources:
            assert await source.answers(20) == [f"MSA|CA|C{n}" for n in range(20)]
        health = setting.door.health
        assert (health.connections, health.taken, health.junk) == (5, 100, 25)


async def test_no_ends_are_no_and_later_is_later() -> None:
    """Refused for good, or to be sent again: the source can tell them apart."""
    async with opened() as setting:
        source = await setting.source()
        endings: list[tuple[str | WardwireError, str]] = [
            (Refused(Code.PLACE_UNKNOWN, "no such bed", pointer="/bed"), "CE"),
            (Unavailable(Code.UNAVAILABLE, "away"), "CE"),
            (Unknown("?"), "CE"),
            (TAKEN, "CA"),
        ]
        for nth, (result, code) in enumerate(endings):
            setting.lanes.result = lambda report, result=result: result  # type: ignore[misc]
            source.send(render_frame(with_phase("start", control=f"C{nth}")))
            assert await source.answers(1) == [f"MSA|{code}|C{nth}"]
        health = setting.door.health
        assert (health.refused, health.later, health.taken) == (1, 2, 1)
        ((kind, subject, text),) = setting.lanes.alarms
        assert (kind, subject) == ("hl7_refused", "monitors place_unknown PV1^1^3")
        assert "4711" not in text


async def test_a_frame_that_is_too_large_costs_its_connection_alone() -> None:
    """A megabyte passes; more closes the line, and the next connection is served."""
    async with opened() as setting:
        source = await setting.source()
        padding = "OBX|9|ST|x||" + "y" * (FRAME_MAX - len(ALARM) - 13) + "\r"
        source.send(render_frame((ALARM + padding).encode()))
        assert await source.answers(1) == ["MSA|CA|A1001"]
        source.send(b"\x0b" + b"x" * (FRAME_MAX + 70_000))
        await source.closed()
        again = await setting.source()
        again.send(render_frame(ALARM.encode()))
        assert await again.answers(1) == ["MSA|CA|A1001"]


async def test_over_tls_clients_show_their_certificate(tmp_path: Path) -> None:
    """Whoever has none is not let in."""
    certificate, key = make_certificate(tmp_path)
    ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(certificate))
    ours.load_cert_chain(certificate, key)
    ours.verify_mode = ssl.CERT_REQUIRED
    async with opened(tls=ours) as setting:
        theirs = ssl.create_default_context(cafile=str(certificate))
        stranger = await setting.source(theirs)
        stranger.send(render_frame(ALARM.encode()))
        with pytest.raises((ssl.SSLError, AssertionError, ConnectionError)):
            await stranger.answers(1)
        theirs.load_cert_chain(certificate, key)
        known = await setting.source(theirs)
        known.send(render_frame(ALARM.encode()))
        assert await known.answers(1) == ["MSA|CA|A1001"]
        assert len(setting.lanes.reports) == 1


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """Make a self-signed certificate for localhost, which is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "cert.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return paths


async def test_what_is_refused_is_kept_byte_for_byte() -> None:
    """So that a person can see to it; nothing of its content stands in the alarm."""
    async with opened(release_poison=True) as setting:
        setting.lanes.result = lambda report: Refused(Code.PLACE_UNKNOWN, "no bed bears this name", pointer="/bed")
        source = await setting.source()
        for code in ("CE", "CE", "CA"):
            source.send(render_frame(ALARM.encode()))
            assert await source.answers(1) == [f"MSA|{code}|A1001"]
        (letter,) = setting.letters.all()
        assert letter.read_bytes() == ALARM.encode()
        ((_, _, text),) = setting.lanes.alarms
        assert letter.stem[:16] in text
        assert "4711" not in text


async def test_what_could_not_be_kept_is_never_let_go_of(tmp_path: Path) -> None:
    """A positive answer would make the last copy vanish."""
    async with opened(release_poison=True) as setting:
        (tmp_path / "file").write_text("in the way")
        setting.door._letters = DeadLetters(tmp_path / "file" / "letters")
        setting.lanes.result = lambda report: Refused(Code.PLACE_UNKNOWN, "no bed bears this name", pointer="/bed")
        source = await setting.source()
        for _ in range(5):
            source.send(render_frame(ALARM.encode()))
            assert await source.answers(1) == ["MSA|CE|A1001"]
        assert "could not be kept" in setting.lanes.alarms[0][2]


async def test_who_was_heard_is_known_even_when_nothing_could_be_taken() -> None:
    """By application and facility: a feed that is refused is not a silent one."""
    async with opened() as setting:
        setting.lanes.result = lambda report: Refused(Code.PLACE_UNKNOWN, "no such bed")
        source = await setting.source()
        source.send(render_frame(ALARM.encode()))
        await source.answers(1)
        ((application, facility),) = setting.door.health.senders
        assert (application, facility) == ("GW7", "ICU")  # the first component of each
        assert setting.door.health.senders[application, facility] == setting.clock.monotonic()


async def test_frames_that_are_no_message_are_kept_counted_and_told_to_the_desk_once() -> None:
    """Nobody can be answered, so somebody must know; a flood of them rings once, and pushes nothing out."""
    async with opened() as setting:
        source = await setting.source()
        for nth in range(50):
            source.send(render_frame(b"EVN|A01|%d" % nth))
        source.send(render_frame(ALARM.encode()))
        assert await source.answers(1) == ["MSA|CA|A1001"]
        health = setting.door.health
        assert (health.received, health.taken, health.unreadable, health.letters) == (51, 1, 50, 1)
        ((kind, subject, text),) = setting.lanes.alarms
        assert (kind, subject) == ("hl7_unreadable", "monitors")
        assert "EVN" not in text
        assert setting.letters.all() == []
        (letter,) = setting.letters.apart("unreadable", most=1).all()
        assert letter.read_bytes() == b"EVN|A01|0"

        setting.clock.advance(timedelta(seconds=61))
        source.send(render_frame(b"EVN|again"), render_frame(ALARM.encode()))
        assert await source.answers(1) == ["MSA|CA|A1001"]
        assert [(kind, subject) for kind, subject, _ in setting.lanes.alarms] == [("hl7_unreadable", "monitors")] * 2


async def test_messages_of_other_kinds_are_answered_kept_counted_and_told_once_a_kind() -> None:
    """H113: somebody believes that somebody is called by them. A flood of them rings once, and pushes nothing out."""
    async with opened() as setting:
        source = await setting.source()
        other = ALARM.replace("ORU^R40", "ADT^A31")
        for _ in range(50):
            source.send(render_frame(other.encode()))
        source.send(render_frame(ALARM.replace("ORU^R40", "ORM^O01").encode()), render_frame(ALARM.encode()))
        answers = await source.answers(52)
        assert [answer[:6] for answer in answers] == ["MSA|CR"] * 51 + ["MSA|CA"]
        health = setting.door.health
        assert (health.received, health.taken, health.refused, health.unsupported) == (52, 1, 51, 51)
        assert sorted((kind, subject) for kind, subject, _ in setting.lanes.alarms) == [
            ("hl7_unsupported", "monitors ADT^A31 MSH^1^9"),
            ("hl7_unsupported", "monitors ORM^O01 MSH^1^9"),
        ]
        assert setting.letters.all() == []
        (letter,) = setting.letters.apart("unsupported", most=1).all()
        assert letter.read_bytes() == other.encode()
        assert health.letters == 1

        setting.clock.advance(timedelta(seconds=61))
        garbage = ALARM.replace("ORU^R40", "Mr. Miller, bed 12")
        source.send(render_frame(other.encode()), render_frame(garbage.encode()))
        await source.answers(2)
        assert sorted(subject for _, subject, _ in setting.lanes.alarms[2:]) == [
            "monitors ADT^A31 MSH^1^9",
            "monitors unknown MSH^1^9",
        ]
        assert "Miller" not in str(setting.lanes.alarms)


async def test_a_frame_that_is_too_large_is_told_to_the_desk() -> None:
    """Its sender hears nothing but the end of its line."""
    async with opened() as setting:
        source = await setting.source()
        source.send(b"\x0b" + b"x" * (FRAME_MAX + 70_000))
        await source.closed()
        assert [kind for kind, _, _ in setting.lanes.alarms] == ["hl7_unreadable"]
