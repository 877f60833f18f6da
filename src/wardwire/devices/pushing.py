"""Keeps where devices' browsers let themselves be woken (Web Push). Nothing is sent from here.

A device says it at each start, and when its browser has changed it: only what is new is written, with its fact.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NamedTuple

import asyncpg
from cryptography.hazmat.primitives.asymmetric import ec

from wardwire.devices.answers import Answers
from wardwire.devices.frames import Done
from wardwire.devices.gather import Gather
from wardwire.devices.own_frames import EndPush, KeepPush
from wardwire.devices.session import Door, Session
from wardwire.model.clock import Clock
from wardwire.model.errors import Code, Refused, Unavailable, WardwireError
from wardwire.model.facts import FactKind
from wardwire.model.people import Directory
from wardwire.model.push import Subscription, read_subscription
from wardwire.store.chain import Draft
from wardwire.store.ledger import Ledger
from wardwire.store.push import end_subscription, put_subscription


class _Said(NamedTuple):
    door: Door
    session: Session
    request: str
    subscription: Subscription | None


class Pushing:
    """Takes subscriptions, one device at a time."""

    def __init__(self, ledger: Ledger, *, directory: Callable[[], Directory], clock: Clock, answers: Answers) -> None:
        self._ledger = ledger
        self._directory = directory
        self._clock = clock
        self._answers = answers
        self._gather: Gather[_Said] = Gather("push", self._keep, largest=50, most_waiting=5_000)

    def put(self, door: Door, session: Session, frame: KeepPush | EndPush) -> None:
        """Take what a device says; answered when it is committed.

        Raises:
            Refused: `INVALID`: no address that may be called, or keys that are none.
        """
        subscription = _read(frame) if isinstance(frame, KeepPush) else None
        if not self._gather.put(_Said(door, session, frame.id, subscription)):
            overloaded = Unavailable(Code.OVERLOADED, "too many devices subscribe now; nothing was kept")
            self._answers.fail(door, frame.id, overloaded)

    async def stop(self) -> None:
        """Forget what waits: it was not answered, and is said again."""
        await self._gather.stop()

    async def _keep(self, said: list[_Said]) -> None:
        for one in said:
            try:
                one.session.caller(self._directory())
                await self._keep_one(one)
            except WardwireError as error:
                self._answers.fail(one.door, one.request, error)
            except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                self._answers.fail(one.door, one.request, Unavailable(Code.UNAVAILABLE, "it cannot be kept now"))
            else:
                state = "ended" if one.subscription is None else "kept"
                self._answers.done(one.door, one.session, Done(id=one.request, message="", state=state))

    async def _keep_one(self, said: _Said) -> None:
        now, device, subscription = self._clock.now(), said.session.device, said.subscription

        async def work(connection: asyncpg.Connection) -> tuple[None, list[Draft]]:
            if subscription is None:
                changed, kind, body = await end_subscription(connection, device.id), FactKind.PUSH_ENDED, "{}"
            else:
                changed = await put_subscription(connection, device.id, subscription, now)
                kind, body = FactKind.PUSH_KEPT, json.dumps({"host": subscription.host})
            return None, [Draft(kind, None, device.person_id, device.id, body)] if changed else []

        await self._ledger.commit(now, work)


def _read(frame: KeepPush) -> Subscription:
    subscription = read_subscription(frame.endpoint, frame.p256dh, frame.auth)
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), subscription.p256dh)
    except ValueError:
        raise Refused(Code.INVALID, "not a point of P-256", pointer="/p256dh") from None
    return subscription
