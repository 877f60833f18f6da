"""E-mail, over the site's own relay: a doorbell. It says that there is something and where to read it, and nothing
of what was said or of whom. That a relay took it is *sent*, and never more.
"""

from __future__ import annotations

import ipaddress
import re
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from email.utils import format_datetime
from typing import Literal

import aiosmtplib
import msgspec

from wardwire.flow.ports import SendResult
from wardwire.flow.statement import DRILL, Statement, read_statement
from wardwire.model import ids
from wardwire.model.people import Endpoint
from wardwire.model.priority import Kind, Priority
from wardwire.model.routing import EMAIL
from wardwire.store.messages import Message

Tls = Literal["none", "starttls", "tls"]

_WORDS = {Priority.CODE: "CODE", Priority.HIGH: "High", Priority.MEDIUM: "Medium", Priority.LOW: "Low"}
# RFC 3463 §2: class.subject.detail, as a relay says it before its words.
_ENHANCED = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
# What cannot be an address is never said to a relay: "" would be a bounce, a line end the next command.
_ADDRESS = re.compile(r"[^\s@<>]{1,64}@[^\s@<>]{1,255}")
_ATTEMPT = re.compile(r"[A-Za-z0-9-]{1,200}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """The relay that takes our e-mail.

    Attributes:
        tls: `tls` from the first byte, `starttls`, or `none`, which only a relay on this machine may have.
        trust: What its certificate is judged by; None = this machine's authorities.
        socket_timeout_s: For one exchange with it. The whole attempt has its caller's deadline.
    """

    host: str
    port: int = 25
    tls: Tls = "starttls"
    username: str = ""
    password: str = field(default="", repr=False)
    trust: ssl.SSLContext | None = None
    socket_timeout_s: float = 5.0

    @property
    def is_here(self) -> bool:
        """Whether it is on this machine, so that nothing goes over a wire."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


class EmailChannel:
    """Implements flow/ports.Channel.

    Args:
        sender: The address that e-mails come from. Bounces go to it with the attempt in it (`alerts+…@…`), unless
            `bounces_by_attempt` is off because the relay knows no such addresses.
        link_base: Start of the links, e.g. `https://wardwire.example.org`; "" = none is given.
    """

    kind = EMAIL

    def __init__(
        self, relay: Relay, *, sender: str, site: str, link_base: str = "", bounces_by_attempt: bool = True
    ) -> None:
        if relay.tls == "none" and not relay.is_here:
            raise ValueError("a relay on another machine needs TLS")
        self._relay = relay
        # Made once: reading this machine's authorities takes tens of milliseconds.
        self._trust = relay.trust or ssl.create_default_context()
        self._sender = sender
        self._site = site
        self._link_base = link_base.rstrip("/")
        self._bounces_by_attempt = bounces_by_attempt

    async def send(self, attempt_id: str, endpoint: Endpoint, message: Message, *, again: bool = False) -> SendResult:
        """Hand a message to the relay once.

        The Message-ID is made from `attempt_id`: a repeat has the same, and mail programs show it once; it also says
        in its subject that it may be one. When the caller's deadline ends it, the connection is cut.

        Returns:
            `sent` when the relay took it; `retry` when it may take it later, cannot be reached or was not heard
            to the end; `refused` when it never will.
        """
        if not (_ADDRESS.fullmatch(endpoint.address) and endpoint.address.isprintable()):
            return SendResult("refused", "not an address")
        mail = render_mail(
            attempt_id,
            endpoint.address,
            message,
            sender=self._sender,
            site=self._site,
            link_base=self._link_base,
            again=again,
        )
        client = self._client()
        try:
            await client.connect()
            if (trouble := await self._secure(client)) is not None:
                return trouble
            if self._relay.username:
                await client.login(self._relay.username, self._relay.password)
            envelope = self._envelope(attempt_id)
            _, answer = await client.sendmail(envelope, [endpoint.address], mail.as_bytes(policy=WIRE))
            return SendResult("sent", _words(250, answer))
        except aiosmtplib.SMTPRecipientsRefused as error:
            first = error.recipients[0]
            return _judge(first.code, first.message)
        except aiosmtplib.SMTPAuthenticationError as error:
            # The login is the site's matter, not this message's: mended, it will be taken.
            return SendResult("retry", f"login refused: {_words(error.code, '')}")
        except aiosmtplib.SMTPResponseException as error:
            return _judge(error.code, error.message)
        except (aiosmtplib.SMTPException, OSError, EOFError, ValueError) as error:
            return SendResult("retry", f"the relay was not heard to the end ({type(error).__name__})")
        finally:
            client.close()

    def _client(self) -> aiosmtplib.SMTP:
        relay = self._relay
        return aiosmtplib.SMTP(
            hostname=relay.host,
            port=relay.port,
            use_tls=relay.tls == "tls",
            start_tls=False,
            tls_context=self._trust,
            timeout=relay.socket_timeout_s,
        )

    async def _secure(self, client: aiosmtplib.SMTP) -> SendResult | None:
        """Begin TLS where it is asked for; on this machine a relay without it is taken as it is."""
        if self._relay.tls != "starttls":
            return None
        await client.ehlo()
        if not client.supports_extension("starttls"):
            return None if self._relay.is_here else SendResult("retry", "the relay offers no STARTTLS")
        await client.starttls(server_hostname=self._relay.host)
        return None

    def _envelope(self, attempt_id: str) -> str:
        if not self._bounces_by_attempt:
            return self._sender
        local, _, domain = self._sender.partition("@")
        # A local part has 64 octets (RFC 5321 §4.5.3.1.1): the tail of the attempt tells it apart.
        return f"{local}+{_clean(attempt_id).replace('-', '')[-(63 - len(local)) :]}@{domain}"


_OF_OURS: dict[str, str] = {Kind.TECHNICAL_ALARM: "Technical alarm", Kind.CANARY: "Canary", Kind.TEST: "Test"}


def render_mail(
    attempt_id: str,
    address: str,
    message: Message,
    *,
    sender: str,
    site: str,
    link_base: str,
    again: bool = False,
) -> EmailMessage:
    """Write the e-mail: how urgent, whether an answer is wanted, where to read it. Pure.

    It holds nothing that was written by a sender: neither subject nor text nor patient nor name.
    """
    priority = Priority(message.priority)
    said = _read(message)
    wanted = said is not None and _wants_answer(said)
    word = _OF_OURS.get(message.kind) or f"{_WORDS[priority]} priority message"
    if said is not None and said.drill:
        word = f"{DRILL}: {word}"
    mail = EmailMessage(policy=WIRE)
    mail["From"] = sender
    mail["To"] = address
    mail["Subject"] = f"{site}: {word}{' - response needed' if wanted else ''}{' (may be a repeat)' if again else ''}"
    mail["Date"] = format_datetime(message.stored_at)
    mail["Message-ID"] = f"<{_clean(attempt_id)}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail["X-Wardwire-Id"] = ids.write_id(ids.MESSAGE, message.id)
    if priority in (Priority.CODE, Priority.HIGH):
        mail["Importance"] = "high"
        mail["X-Priority"] = "1"
    lines = [f"You have a message in {site}.", "", f"Priority: {priority.value}"]
    if said is not None and said.drill:
        lines.append(f"This is a {DRILL}.")
    lines.append("Response needed: " + ("yes" if wanted else "no"))
    if link_base:
        lines += ["", f"Read it here: {link_base}/m/{ids.write_id(ids.MESSAGE, message.id)}"]
    lines += ["", "For the privacy of patients this e-mail does not say what the message is about.", ""]
    text = "\n".join(lines)
    # Plain where it can be, so that no link is broken over two lines.
    mail.set_content(text, cte="7bit" if text.isascii() else "quoted-printable")
    return mail


def _read(message: Message) -> Statement | None:
    """Read what was said; None = it cannot be read here, and the doorbell rings all the same."""
    try:
        return read_statement(message.content)
    except msgspec.DecodeError:
        return None


def _wants_answer(said: Statement) -> bool:
    offered = said.responses
    return offered.accept_decline or offered.free_text or bool(offered.choices)


def _clean(attempt_id: str) -> str:
    if not _ATTEMPT.fullmatch(attempt_id):
        raise ValueError("an attempt is named by letters, digits and dashes")
    return attempt_id


def _judge(code: int, words: str) -> SendResult:
    """Read a reply: 4yz may be taken later, 5yz never, and 2yz at the wrong place is a relay that is confused."""
    return SendResult("refused" if 500 <= code < 600 else "retry", _words(code, words))


def _words(code: int, text: str) -> str:
    """Keep the codes; a relay's own words may repeat an address."""
    enhanced = _ENHANCED.search(text)
    return f"{code} {enhanced[1]}" if enhanced else str(code)
