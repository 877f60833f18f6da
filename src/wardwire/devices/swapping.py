"""Swaps of shifts through people's own devices: offered, answered, taken back. Each is a change of the directory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import msgspec

from wardwire.devices.answers import Answers
from wardwire.devices.frames import AnswerSwap, Done, OfferSwap, WithdrawSwap
from wardwire.devices.in_turn import InTurn
from wardwire.devices.session import Door, Session
from wardwire.directory.desk import DirectoryDesk, Once
from wardwire.directory.swaps import answer_swap, offer_swap, withdraw_swap
from wardwire.model import ids
from wardwire.model.oncall_plan import Swap
from wardwire.model.people import Directory
from wardwire.model.rights import Caller

SwapFrame = OfferSwap | AnswerSwap | WithdrawSwap
_ENCODE = msgspec.json.Encoder().encode


class Swapping(InTurn[SwapFrame]):
    """Takes what people say of swaps, one after the other. The same said again, by its id, is one change."""

    def __init__(self, desk: DirectoryDesk, *, directory: Callable[[], Directory], answers: Answers) -> None:
        super().__init__("swaps", answers.fail, full="too many swap shifts now; nothing was kept")
        self._desk = desk
        self._directory = directory
        self._answers = answers

    async def _take(self, door: Door, session: Session, frame: SwapFrame) -> None:
        self._answers.done(door, session, await self._once(session.caller(self._directory()), frame))

    async def _once(self, caller: Caller, frame: SwapFrame) -> Done:
        key = f"swap {frame.id}"
        asked = hashlib.sha256(_ENCODE(frame)).digest()
        first = await self._desk.first_answer(caller, key, asked)
        if first is not None:
            return msgspec.json.decode(first, type=Done)
        desk = self._desk.once(Once(key, asked, lambda made: _ENCODE(_done(frame, made)).decode()))
        return _done(frame, await _change(desk, caller, frame))


async def _change(desk: DirectoryDesk, caller: Caller, frame: SwapFrame) -> Swap:
    if isinstance(frame, OfferSwap):
        role_id, taker = ids.read_id(ids.ROLE, frame.role), ids.read_id(ids.PERSON, frame.taker)
        made, _ = await offer_swap(
            desk, caller, role_id, shift=frame.shift, taker=taker, starts=frame.starts_at, ends=frame.ends_at
        )
        return made
    swap_id = ids.read_id(ids.SWAP, frame.swap)
    if isinstance(frame, AnswerSwap):
        return await answer_swap(desk, caller, swap_id, accept=frame.accept)
    return await withdraw_swap(desk, caller, swap_id)


def _done(frame: SwapFrame, made: Swap | tuple[Swap, tuple[str, ...]]) -> Done:
    """Say what became of a swap; an offer is made with notes on its times."""
    swap = made if isinstance(made, Swap) else made[0]
    return Done(id=frame.id, message="", state=swap.state, swap=ids.write_id(ids.SWAP, swap.id))
