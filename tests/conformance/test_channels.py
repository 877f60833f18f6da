"""Every way out keeps the contract of channels, and the suite finds what may be wrong with one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_string

import pytest
from aiosmtpd.smtp import Envelope

from tests.conformance.test_email import Peer, channel, listening
from wardwire.app.channels import make_channels
from wardwire.channels.email import Relay
from wardwire.flow.ports import Channel, SendResult
from wardwire.model.people import Endpoint
from wardwire.ops.ports import free_port
from wardwire.settings import Settings, Smtp
from wardwire.store.messages import Message
from wardwire.testing.conformance.channels import CHECKS, Behaviour, Provider, Subject, Taken


class Mailbox:
    """A relay, as the suite sees it."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self.came, self.gone = asyncio.Event(), asyncio.Event()

    @property
    def taken(self) -> list[Taken]:
        """What lies in the box."""
        return [_taken(envelope) for envelope in self._peer.taken]

    async def hang(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Greet, and say nothing more."""
        writer.write(b"220 ward.example\r\n")
        await reader.readline()
        self.came.set()
        await reader.read()
        writer.close()
        self.gone.set()


def _taken(envelope: Envelope) -> Taken:
    text = (envelope.original_content or b"").decode()
    (address,) = envelope.rcpt_tos
    return Taken(message_from_string(text)["Message-ID"], address, text)


@asynccontextmanager
async def email(behaviour: Behaviour) -> AsyncIterator[tuple[Channel, Provider]]:
    """The e-mail channel, and a relay."""
    peer = Peer(
        data={Behaviour.BUSY: "451 4.3.0 try again", Behaviour.REFUSES: "554 5.6.0 no"}.get(
            behaviour, "250 2.0.0 ok"
        ),
        drop=behaviour is Behaviour.DROPS,
    )
    box = Mailbox(peer)
    match behaviour:
        case Behaviour.ABSENT:
            yield channel(Relay(host="127.0.0.1", port=free_port())), box
        case Behaviour.HANGS:
            server = await asyncio.start_server(box.hang, "127.0.0.1", 0)
            yield channel(Relay(host="127.0.0.1", port=server.sockets[0].getsockname()[1])), box
            server.close()
        case _:
            async with listening(peer, enable_SMTPUTF8=False) as relay:
                yield channel(relay), box


class Carrier:
    """A carrier of texts in memory: how a channel for SMS looks, without a line. `mistake` is one of `MISTAKES`."""

    kind = "sms"

    def __init__(self, behaviour: Behaviour, mistake: str = "") -> None:
        self._behaviour = behaviour
        self._mistake = mistake
        self.taken: list[Taken] = []
        self.came, self.gone = asyncio.Event(), asyncio.Event()

    async def send(self, attempt_id: str, endpoint: Endpoint, message: Message, *, again: bool = False) -> SendResult:
        """Hand it over."""
        wrong = self._mistake
        if not endpoint.address.isdigit() and wrong != "it raises at an address":
            return SendResult("refused", "no number")
        match self._behaviour:
            case Behaviour.HANGS:
                return await self._hang()
            case Behaviour.BUSY | Behaviour.DROPS | Behaviour.ABSENT:
                return SendResult("refused" if wrong == "it gives up too soon" else "retry", "later")
            case Behaviour.REFUSES:
                detail = f"{endpoint.address} is wrong" if wrong == "its detail says an address" else "never"
                return SendResult("retry" if wrong == "it never gives up" else "refused", detail)
        identity = {"each try is new": str(len(self.taken)), "all are one": "1"}.get(wrong, attempt_id)
        text = message.content.decode() if wrong == "it says what the message says" else "You have a message."
        if wrong == "it raises at an address":
            int(endpoint.address)
        for _ in range(2 if wrong == "it sends twice" else 1):
            self.taken.append(Taken(identity, endpoint.address, text))
        return SendResult("delivered" if wrong == "it promises too much" else "sent", "taken")

    async def _hang(self) -> SendResult:
        self.came.set()
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if self._mistake == "it does not leave":
                    return SendResult("retry", "cancelled")
                self.gone.set()
                raise


def texts(mistake: str = "") -> Subject:
    """The carrier of texts."""

    @asynccontextmanager
    async def both(behaviour: Behaviour) -> AsyncIterator[tuple[Channel, Provider]]:
        carrier = Carrier(behaviour, mistake)
        if mistake == "it is of no kind":
            carrier.kind = "pigeon"
        yield carrier, carrier

    return Subject("sms", "4711000", both)


CHANNELS = [Subject("email", "chen@ward.example", email), texts()]
MISTAKES = (
    "it raises at an address",
    "it gives up too soon",
    "it never gives up",
    "its detail says an address",
    "each try is new",
    "all are one",
    "it says what the message says",
    "it sends twice",
    "it promises too much",
    "it does not leave",
    "it is of no kind",
)


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("subject", [pytest.param(each, id=each.kind) for each in CHANNELS])
async def test_each_channel_keeps_the_contract(subject: Subject, check: str) -> None:
    """One check of wardwire.testing.conformance at a time."""
    await CHECKS[check](subject)


def test_no_channel_of_the_house_is_left_out() -> None:
    """Whatever the settings can make is tried here."""
    settings = Settings(smtp=Smtp(host="127.0.0.1", tls="none", sender="a@ward.example", link_base="https://w"))
    assert set(make_channels(settings)) <= {each.kind for each in CHANNELS}


async def everything(subject: Subject) -> None:
    """The whole suite."""
    for check in CHECKS.values():
        await check(subject)


@pytest.mark.parametrize("mistake", MISTAKES)
async def test_the_suite_finds_each_mistake_of_a_channel(mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A suite that passes whatever is wrong would be worth nothing."""
    monkeypatch.setattr("wardwire.testing.conformance.channels.PATIENCE_S", 0.2)
    with pytest.raises(AssertionError):
        await everything(texts(mistake))
