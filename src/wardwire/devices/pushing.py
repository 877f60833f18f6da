"""Keeps where devices' browsers let themselves be woken (Web Push). Nothing is sent from here.

A device says it at each start, and when its browser has changed it: only what is new is written, with its fact.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import asyncpg
from cryptography.hazmat.primitives.asymmetric import ec

from wardwire.devices.answers import Answers
from wardwire.devices.frames import Done
from wardwire.devices.in_turn import InTurn
from wardwire.devices.own_frames import EndPush, KeepPush
from wardwire.devices.session import Door, Session
from wardwire.model.clock import Clock
from wardwire.model.errors import Code, Refused
from wardwire.model.facts import FactKind
from wardwire.model.people import Directory
from wardwire.model.push import Subscription, read_subscription
from wardwire.store.chain import Draft
from wardwire.store.ledger import Ledger
from wardwire.store.push import end_subscription, put_subscription


class Pushing(InTurn[KeepPush | EndPush]):
    """Takes subscriptions, one device at a time."""

    def __init__(self, ledger: Ledger, *, directory: Callable[[], Directory], clock: Clock, answers: Answers) -> None:
        super().__init__(
            "push",
            answers.fail,
            full="too many devices subscribe now; nothing was kept",
            away="it cannot be kept now",
            most_waiting=5_000,
        )
        self._ledger = ledger
        self._directory = directory
        self._clock = clock
        self._answers = answers

    async def _take(self, door: Door, session: Session, frame: KeepPush | EndPush) -> None:
        session.caller(self._directory())
        now, device = self._clock.now(), session.device
        subscription = _read(frame) if isinstance(frame, KeepPush) else None

        async def work(connection: asyncpg.Connection) -> tuple[None, list[Draft]]:
            if subscription is None:
                changed, kind, body = await end_subscription(connection, device.id), FactKind.PUSH_ENDED, "{}"
            else:
                changed = await put_subscription(connection, device.id, subscription, now)
                kind, body = FactKind.PUSH_KEPT, json.dumps({"host": subscription.host})
            return None, [Draft(kind, None, device.person_id, device.id, body)] if changed else []

        await self._ledger.commit(now, work)
        state = "ended" if subscription is None else "kept"
        self._answers.done(door, session, Done(id=frame.id, message="", state=state))


def _read(frame: KeepPush) -> Subscription:
    subscription = read_subscription(frame.endpoint, frame.p256dh, frame.auth)
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), subscription.p256dh)
    except ValueError:
        raise Refused(Code.INVALID, "not a point of P-256", pointer="/p256dh") from None
    return subscription
