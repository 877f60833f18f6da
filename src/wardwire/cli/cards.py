"""The devices whose keys are on this machine, and how a command speaks through one of them."""

from __future__ import annotations

import asyncio
import glob
import os
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from wardwire.client.card import Card
from wardwire.client.closed import Closed
from wardwire.client.device import Device
from wardwire.devices.frames import HolderFrame
from wardwire.model.errors import Refused, Unavailable, Unknown, WardwireError
from wardwire.ops.failure import StartFailed

T = TypeVar("T")

CardOption = Annotated[
    str, typer.Option("--card", "-c", help="The device's name here, or the path of its file.", envvar="WARDWIRE_CARD")
]
Wait = Annotated[float, typer.Option("--wait", help="Give up after so many seconds.")]


def cards_folder() -> Path:
    """Where the cards of this user's devices lie."""
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "wardwire" / "devices"


def card_path(card: str) -> Path:
    """Give the file that a name, or a path, means."""
    if "/" in card or card.endswith(".json"):
        return Path(card)
    return cards_folder() / f"{card}.json"


def find_card(card: str) -> Path:
    """Give the file of a card; without a name the only one there is.

    Raises:
        StartFailed: There is none, or more than one.
    """
    if card:
        path = card_path(card)
        if not path.exists():
            raise StartFailed("no_card", f"There is no device at {path}.", "See: wardwire device list")
        return path
    found = sorted(cards_folder().glob("*.json"))
    if len(found) != 1:
        raise StartFailed("usage", f"{len(found)} devices have their keys here.", "Say which: --card NAME")
    return found[0]


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run something, and turn what it ends with into a sentence and its remedy."""
    try:
        return asyncio.run(work)
    except Refused as refused:
        at = f" ({refused.pointer})" if refused.pointer else ""
        running = refused.fields.get("message")
        remedy = f"Join it: --add-to {running}" if running else f"Code: {refused.code}"
        raise StartFailed(refused.code, f"Refused: {refused.detail}{at}.", remedy) from None
    except Unavailable as error:
        raise StartFailed("not_running", f"{error.detail or error.code}.", "Try again in a moment.") from None
    except Unknown:
        raise StartFailed(
            "commit_unknown", "Nobody can say whether it was kept.", "Send the same --id again."
        ) from None
    except (Closed, WardwireError) as error:
        raise StartFailed("closed", f"This device is closed: {error}.", "See: wardwire device list") from None


async def speak(path: Path, wait: float, work: Callable[[Device], Awaitable[T]]) -> T:
    """Connect for one thing. Whatever arrives meanwhile is left for `listen`."""
    device = Device(Card.load(path), receipts=False)
    try:
        await device.connect(wait)
        return await work(device)
    finally:
        await device.close()


async def hold(path: Path, number: str, wait: float) -> HolderFrame:
    """Hold a badge to a shared device, and clear it of whoever had it before. "" gives it back."""
    device = Device(Card.load(path), receipts=False)
    try:
        holder = await device.badge(number, wait)
    finally:
        await device.close()
    change_holder(path, holder)
    return holder


def state_path(path: Path, card: Card) -> Path:
    """Give the file of what was shown; of a shared device another for each who has it, so that none is taken over."""
    turn = card.place.turn
    return path.with_suffix(f".{turn}.state" if turn else ".state")


def forget_states(path: Path) -> None:
    """Remove what this device keeps of what was shown, whoever had it."""
    for kept in (path.with_suffix(".state"), *path.parent.glob(f"{glob.escape(path.stem)}.[0-9]*.state")):
        kept.unlink(missing_ok=True)


def change_holder(path: Path, holder: HolderFrame) -> None:
    """Clear what a device keeps of who had it before, first; then it is of whoever has it now. Safe to repeat."""
    card = Card.load(path)
    if holder.turn > card.place.turn:
        forget_states(path)
        card.taken_by(holder.person, holder.name, holder.turn).replace(path)
