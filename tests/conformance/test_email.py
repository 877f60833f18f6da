"""The e-mail channel against a real SMTP peer: what it takes, what it refuses, and how it breaks."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from wardwire.channels.email import EmailChannel, Relay, render_mail
from wardwire.flow.statement import Responses, Statement, write_statement
from wardwire.model.people import Endpoint
from wardwire.model.priority import Priority
from wardwire.store.messages import Message

AT = datetime(2026, 11, 24, 14, 2, 12, tzinfo=UTC)
CHEN = Endpoint(id=UUID(int=2), person_id=UUID(int=1), kind="email", address="chen@ward.example")
ATTEMPT = f"{UUID(int=5).hex}-{UUID(int=1).hex}-{UUID(int=2).hex}"


def page(**fields: Any) -> Message:
    """A message that says what no e-mail may say."""
    statement = Statement(
        id="1",
        to=("Dr. Chen",),
        priority=Priority.HIGH,
        subject="K+ 6.8 Smith",
        text="Mrs Smith, bed 12",
        patient="MRN 4711",
        responses=Responses(accept_decline=True),
    )
    fields = {"priority": "high", "content": write_statement(statement), **fields}
    return Message(
        id=UUID(int=5), thread_id=UUID(int=5), reply_to=None, kind="alert", source="lab", external_id="1",
        sender_person=None, sender_device=None, expires_at=None, stored_at=AT, ended_at=None, ended_why=None,
        **fields,
    )  # fmt: skip


class Peer:
    """What the relay does."""

    def __init__(self, *, rcpt: str = "250 OK", data: str = "250 2.0.0 taken", drop: bool = False) -> None:
        self.rcpt = rcpt
        self.data = data
        self.drop = drop
        self.taken: list[Envelope] = []
        self.secured: list[bool] = []

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.rcpt.startswith("2"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.taken.append(envelope)
        self.secured.append(session.ssl is not None)
        if self.drop:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return self.data


@asynccontextmanager
async def listening(peer: Peer, **options: Any) -> AsyncIterator[Relay]:
    """Let a relay listen on a free port."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(peer, **options), "127.0.0.1", 0)
    try:
        yield Relay(host="127.0.0.1", port=server.sockets[0].getsockname()[1])
    finally:
        server.close()
        await server.wait_closed()


def channel(relay: Relay) -> EmailChannel:
    """Our side."""
    return EmailChannel(
        relay, sender="alerts@ward.example", site="St. Example", link_base="https://wardwire.ward.example/"
    )


async def test_what_the_relay_took_is_sent_and_says_nothing_of_the_patient() -> None:
    """H: an e-mail lies on phones and servers of others; it only rings."""
    peer = Peer()
    async with listening(peer) as relay:
        result = await channel(relay).send(ATTEMPT, CHEN, page())

    assert result == ("sent", "250 2.0.0")
    (envelope,) = peer.taken
    raw = envelope.original_content or b""
    mail = message_from_bytes(raw)
    assert mail["Subject"] == "St. Example: High priority message - response needed"
    assert mail["Message-ID"] == f"<{ATTEMPT}@ward.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    local, _, domain = (envelope.mail_from or "").partition("@")
    assert (local[:7], domain) == ("alerts+", "ward.example")
    assert len(local) <= 64
    assert f"https://wardwire.ward.example/m/msg_{UUID(int=5).hex}".encode() in raw
    assert not any(word in raw for word in (b"Smith", b"6.8", b"4711", b"bed 12"))


async def test_a_repeat_of_an_attempt_has_the_same_message_id() -> None:
    """Sent twice on the wire, a mail program shows it once."""
    peer = Peer()
    async with listening(peer) as relay:
        for _ in range(2):
            await channel(relay).send(ATTEMPT, CHEN, page())
    assert len({message_from_bytes(e.original_content or b"")["Message-ID"] for e in peer.taken}) == 1


@pytest.mark.parametrize(
    ("peer", "outcome", "detail"),
    [
        (Peer(rcpt="450 4.2.1 mailbox busy"), "retry", "450 4.2.1"),
        (Peer(rcpt="550 5.1.1 chen@ward.example unknown"), "refused", "550 5.1.1"),
        (Peer(data="451 4.3.0 try again"), "retry", "451 4.3.0"),
        (Peer(data="554 5.6.0 no"), "refused", "554 5.6.0"),
        (Peer(data="552 too much"), "refused", "552"),
    ],
)
async def test_a_refusal_is_a_value_with_its_code_and_no_words(peer: Peer, outcome: str, detail: str) -> None:
    """4yz is tried again, 5yz never; the relay's own words, which may hold an address, are not kept."""
    async with listening(peer) as relay:
        assert await channel(relay).send(ATTEMPT, CHEN, page()) == (outcome, detail)


async def test_a_relay_that_drops_in_mid_data_is_tried_again() -> None:
    """Whether it took it nobody knows: it may arrive twice, never not at all."""
    async with listening(Peer(drop=True)) as relay:
        result = await channel(relay).send(ATTEMPT, CHEN, page())
    assert result.outcome == "retry"


async def test_a_relay_that_is_not_there_is_tried_again() -> None:
    """Nobody listens on the port."""
    server = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    result = await channel(Relay(host="127.0.0.1", port=port)).send(ATTEMPT, CHEN, page())
    assert result.outcome == "retry"


async def test_a_relay_that_hangs_is_cut_off_by_the_callers_deadline() -> None:
    """It greets and then says nothing: the deadline ends it, and the connection is closed."""
    came, gone = asyncio.Event(), asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ward.example\r\n")
        await reader.readline()
        came.set()
        await reader.read()
        writer.close()
        gone.set()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    relay = Relay(host="127.0.0.1", port=server.sockets[0].getsockname()[1], socket_timeout_s=60)
    task = asyncio.ensure_future(channel(relay).send(ATTEMPT, CHEN, page()))
    async with asyncio.timeout(30):
        await came.wait()
        task.cancel()
        await gone.wait()
    with pytest.raises(asyncio.CancelledError):
        await task
    server.close()
    await server.wait_closed()


async def test_starttls_is_used_and_its_certificate_is_verified(tmp_path: Path) -> None:
    """With an authority that is trusted it is sent over TLS; with another nothing is sent at all."""
    server, trusting, distrusting = certificate(tmp_path)
    peer = Peer()
    async with listening(peer, tls_context=server) as relay:
        trusted = Relay(host=relay.host, port=relay.port, trust=trusting)
        foreign = Relay(host=relay.host, port=relay.port, trust=distrusting)
        assert (await channel(trusted).send(ATTEMPT, CHEN, page())).outcome == "sent"
        assert (await channel(foreign).send(ATTEMPT, CHEN, page())).outcome == "retry"
    assert peer.secured == [True]


def test_a_relay_elsewhere_cannot_be_used_without_tls() -> None:
    """Refused when it is set up, not when somebody needs it."""
    with pytest.raises(ValueError):
        channel(Relay(host="mail.ward.example", tls="none"))


def test_an_attempt_cannot_write_headers() -> None:
    """An attempt's name stands in headers and envelopes."""
    with pytest.raises(ValueError):
        render_mail("a\r\nBcc: all", "a@ward.example", page(), sender="b@ward.example", site="S", link_base="")


def certificate(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext, ssl.SSLContext]:
    """A server's certificate for 127.0.0.1, a context that trusts it, and one that does not."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "relay")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    chain, secret = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(chain, secret)
    return server, ssl.create_default_context(cafile=str(chain)), ssl.create_default_context()


@pytest.mark.parametrize(("kind", "word"), [("technical_alarm", "Technical alarm"), ("canary", "Canary")])
def test_what_is_our_own_says_so_in_its_subject(kind: str, word: str) -> None:
    """Whoever reads the mailbox of the canaries does not take one for a page."""
    message = replace(page(), kind=kind)
    mail = render_mail("a", "a@ward.example", message, sender="b@ward.example", site="S", link_base="")
    assert str(mail["Subject"]).startswith(f"S: {word}")


def test_a_drill_says_so_in_its_e_mail() -> None:
    """H58: whoever reads it at home does not run."""
    drill = Statement(id="1", to=("Dr. Chen",), priority=Priority.CODE, text="Resuscitation", drill=True)
    message = page(priority="code", content=write_statement(drill))
    mail = render_mail("a", "a@ward.example", message, sender="b@ward.example", site="S", link_base="")
    assert str(mail["Subject"]) == "S: DRILL: CODE priority message"
    assert "This is a DRILL." in mail.get_content()
    assert (
        "DRILL"
        not in render_mail("a", "a@w.example", page(), sender="b@w.example", site="S", link_base="").as_string()
    )
