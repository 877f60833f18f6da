"""What every way out must do, whoever carries it: one check each, by name.

    for check in CHECKS.values():
        await check(Subject(...))

A subject brings its provider along: the other side of the channel, which behaves as it is told. A check that fails
raises AssertionError, with a sentence.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from enum import Enum, auto
from typing import NamedTuple, Protocol
from uuid import UUID

from wardwire.flow.ports import Channel, SendResult
from wardwire.flow.statement import Responses, Statement, write_statement
from wardwire.model.people import KINDS, Endpoint
from wardwire.model.priority import Priority
from wardwire.model.routing import APP
from wardwire.store.messages import Message

PATIENCE_S = 20.0
# What a sender wrote of a patient: it leaves the house by no channel.
SECRETS = ("K+ 6.8", "Smith", "bed 12", "4711")
# Of what is in the directory nobody knows whether it is an address.
ODD_ADDRESSES = ("", "nobody", "a b@c d", "x\r\nBcc: all@ward.example", "\x00", "x" * 2_000, "jürgen@münchen.example")
_PERSON, _MESSAGE, _ENDPOINT = UUID(int=1), UUID(int=5), UUID(int=2)


class Behaviour(Enum):
    """What the other side does with what it is given."""

    TAKES = auto()
    BUSY = auto()  # says: later
    REFUSES = auto()  # says: never
    DROPS = auto()  # breaks off before it has said anything of it
    HANGS = auto()  # says nothing, and keeps the line
    ABSENT = auto()  # is not there


class Taken(NamedTuple):
    """What the other side took.

    Attributes:
        identity: By what it knows the attempt again.
        address: Whom it is for.
        content: All that went over the line, as text.
    """

    identity: str
    address: str
    content: str


class Provider(Protocol):
    """The other side.

    Attributes:
        came: Somebody has come to one that hangs; `gone`: and has left again.
    """

    @property
    def taken(self) -> list[Taken]:
        """What it took, in its order."""
        ...

    came: asyncio.Event
    gone: asyncio.Event


class Subject(NamedTuple):
    """A channel that is tried.

    Attributes:
        address: Of a person who can be reached.
        open: Opens both sides.
    """

    kind: str
    address: str
    open: Callable[[Behaviour], AbstractAsyncContextManager[tuple[Channel, Provider]]]


Check = Callable[[Subject], Awaitable[None]]
CHECKS: dict[str, Check] = {}


def _check(check: Check) -> Check:
    CHECKS[check.__name__] = check
    return check


@_check
async def its_kind_is_one_of_an_endpoint(subject: Subject) -> None:
    """Else no endpoint would ever lead to it."""
    async with subject.open(Behaviour.TAKES) as (channel, _):
        assert channel.kind == subject.kind, f"it is of kind {channel.kind}"
        assert channel.kind in KINDS, f"no endpoint is of kind {channel.kind}"
        assert channel.kind != APP, "devices have a way of their own"


@_check
async def what_is_taken_is_sent(subject: Subject) -> None:
    """Once, and to whom it is for."""
    async with subject.open(Behaviour.TAKES) as (channel, provider):
        result = await _send(channel, subject)
        assert result.outcome == "sent", f"it was taken, and is {result.outcome}"
        assert [taken.address for taken in provider.taken] == [subject.address], "not once, or to another one"


@_check
async def nothing_of_the_patient_leaves_the_house(subject: Subject) -> None:
    """Neither over the line nor in what is recorded of it."""
    async with subject.open(Behaviour.TAKES) as (channel, provider):
        result = await _send(channel, subject)
        said = "".join(taken.content for taken in provider.taken) + result.detail
        assert not [secret for secret in SECRETS if secret in said], "it says what the message says"


@_check
async def each_no_is_the_right_one(subject: Subject) -> None:
    """Later and never are told apart; who breaks off or is away is tried again: it may arrive twice, never not."""
    for behaviour, outcome in (
        (Behaviour.BUSY, "retry"),
        (Behaviour.REFUSES, "refused"),
        (Behaviour.DROPS, "retry"),
        (Behaviour.ABSENT, "retry"),
    ):
        async with subject.open(behaviour) as (channel, _):
            result = await _send(channel, subject)
            assert result.outcome == outcome, f"{behaviour.name}: {result.outcome}, not {outcome}"
            assert subject.address not in result.detail, f"{behaviour.name}: its detail says an address"
            assert len(result.detail) <= 200, f"{behaviour.name}: its detail is too long"
            assert result.detail.isprintable(), f"{behaviour.name}: its detail cannot be printed"


@_check
async def a_repeat_is_known_as_one(subject: Subject) -> None:
    """The other side can tell a second try from a second message."""
    async with subject.open(Behaviour.TAKES) as (channel, provider):
        for nth in (1, 1, 2):
            await _send(channel, subject, nth=nth)
        first, again, other = (taken.identity for taken in provider.taken)
        assert first == again, "a repeat has another identity"
        assert first != other, "another attempt has the same identity"


@_check
async def whoever_hangs_is_left_by_the_callers_deadline(subject: Subject) -> None:
    """The deadline cancels it, and the line is closed."""
    async with subject.open(Behaviour.HANGS) as (channel, provider):
        sending = asyncio.ensure_future(_send(channel, subject))
        try:
            async with asyncio.timeout(PATIENCE_S):
                await provider.came.wait()
                sending.cancel()
                await asyncio.wait([sending])
                assert sending.cancelled(), "it does not let itself be cancelled"
                await provider.gone.wait()
        except TimeoutError:
            raise AssertionError("it does not come, or does not leave") from None


@_check
async def an_address_that_is_none_is_a_value(subject: Subject) -> None:
    """It raises nothing, and nobody else gets it."""
    for address in ODD_ADDRESSES:
        async with subject.open(Behaviour.TAKES) as (channel, provider):
            try:
                result = await _send(channel, subject, address=address)
            except Exception as error:
                raise AssertionError(f"{address[:20]!r} raises {type(error).__name__}") from error
            assert result.outcome in ("sent", "retry", "refused"), f"{result.outcome} is no outcome"
            others = {taken.address for taken in provider.taken} - {address}
            assert not others, f"what was for {address[:20]!r} went to {others}"


@_check
async def many_at_once_do_not_mix(subject: Subject) -> None:
    """Each is taken once, with an identity of its own."""
    async with subject.open(Behaviour.TAKES) as (channel, provider):
        results = await asyncio.gather(*(_send(channel, subject, nth=nth) for nth in range(1, 21)))
        assert {result.outcome for result in results} == {"sent"}, "some were not sent"
        assert len({taken.identity for taken in provider.taken}) == len(provider.taken) == 20, "some are mixed up"


async def _send(channel: Channel, subject: Subject, *, nth: int = 1, address: str | None = None) -> SendResult:
    endpoint = Endpoint(
        id=_ENDPOINT,
        person_id=_PERSON,
        kind=subject.kind,
        address=subject.address if address is None else address,
    )
    attempt_id = f"{UUID(int=nth).hex}-{_PERSON.hex}-{_ENDPOINT.hex}"
    return await channel.send(attempt_id, endpoint, _message())


def _message() -> Message:
    statement = Statement(
        id="1", to=("Dr. Chen",), priority=Priority.HIGH, subject="K+ 6.8 Smith", text="Mrs Smith, bed 12",
        patient="MRN 4711", responses=Responses(accept_decline=True),
    )  # fmt: skip
    return Message(
        id=_MESSAGE, thread_id=_MESSAGE, reply_to=None, kind="alert", priority="high", source="lab", external_id="1",
        sender_person=None, sender_device=None, content=write_statement(statement), expires_at=None,
        stored_at=datetime(2026, 11, 24, 14, 2, 12, tzinfo=UTC), ended_at=None, ended_why=None,
    )  # fmt: skip
