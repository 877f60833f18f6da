"""Physicians of the sample hospital swap a part of their shift through their phones; then it is looked whether the
plan is as both have agreed: the taker's for that part, the giver's before and after.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from wardwire.client.device import Device
from wardwire.model.oncall import FALLBACK, SWAP

ANSWER_S = 10.0  # for the core's answer to one request
SEEN_S = 10.0  # until every core goes by it: a second, and what a busy machine takes
LOOK_S = 0.2


class Held(NamedTuple):
    """Who holds a role, by which rule, and which shift or turn says so."""

    person: str
    rule: str
    source: str
    ends_at: datetime | None


class Phone(Protocol):
    """Somebody's phone, as much of it as is used here."""

    @property
    def name(self) -> str:
        """What its owner is called."""
        ...

    @property
    def person(self) -> str:
        """Whose it is: `per_…`."""
        ...

    @property
    def device(self) -> Device:
        """The device. Raises `Closed` while the phone is off."""
        ...


class Exchanges:
    """Plays swaps, and remembers which of them the plan did not go by."""

    def __init__(self, ask: Callable[..., Awaitable[Any]]) -> None:
        """`ask` reads from the HTTP interface: a path, and its query."""
        self._ask = ask
        self._roles: dict[str, str] = {}
        self.agreed = 0
        self.wrong: list[str] = []

    async def play(self, role: str, crew: Sequence[Phone], until: datetime) -> bool:
        """Let whoever has a role give the rest of their turn, up to `until`, to the first of the others who is there.

        Returns whether there was anybody to swap. Raises what a request raises.
        """
        held = await self.holder(role, None)
        giver = next((phone for phone in crew if held is not None and phone.person == held.person), None)
        taker = next((phone for phone in crew if phone is not giver), None)
        if held is None or giver is None or taker is None or held.rule in (FALLBACK, SWAP) or not held.source:
            return False
        ends = until if held.ends_at is None else min(until, held.ends_at)
        offered = await giver.device.offer_swap(
            self._roles[role], held.source, taker.person, ends_at=ends, timeout_s=ANSWER_S
        )
        await taker.device.answer_swap(offered.swap, accept=True, timeout_s=ANSWER_S)
        self.agreed += 1
        rest = held.ends_at is None or ends < held.ends_at
        if not await self._comes_to(role, None, taker.person):
            self.wrong.append(f"{role} was not {taker.name}'s, who has taken it from {giver.name} until {ends}")
        elif rest and not await self._comes_to(role, ends, giver.person):
            self.wrong.append(f"{role} was not {giver.name}'s again after {ends}")
        return True

    async def _comes_to(self, role: str, at: datetime | None, person: str) -> bool:
        """Whether somebody holds it, as soon as the change is known."""
        for _ in range(int(SEEN_S / LOOK_S)):
            held = await self.holder(role, at)
            if held is not None and held.person == person:
                return True
            await asyncio.sleep(LOOK_S)
        return False

    async def holder(self, role: str, at: datetime | None) -> Held | None:
        """Ask who holds a role at an instant; None = now."""
        if not self._roles:
            page = await self._ask("/v1/roles", limit="200")
            self._roles = {one["name"]: one["id"] for one in page["data"]}
        if role not in self._roles:
            return None
        query = {"at": at.isoformat()} if at is not None else {}
        told = await self._ask(f"/v1/roles/{self._roles[role]}/oncall", **query)
        for one in told["holders"]:
            ends = one.get("ends_at")
            return Held(
                one["person"], one["rule"], one.get("source", ""), datetime.fromisoformat(ends) if ends else None
            )
        return None
