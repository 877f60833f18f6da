"""Where patients are: what admissions, transfers, discharges and their cancels say, whatever order they come in.

A stay is no medical record: a number, a bed, and the last movements, so that what is about a patient finds whoever
has the bed. Source: HL7 v2.6 chapter 3 (A01, A02, A03, A11, A12, A13).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from wardwire.model.errors import Code, Refused
from wardwire.model.people import Directory
from wardwire.model.places import find_place, unit_of
from wardwire.model.report import Follow, Report

MAX_PATIENT = 100
# So many of the last movements of a patient are remembered: a cancel may undo one of them.
MOVES_MAX = 20


class Move(StrEnum):
    """What a movement says."""

    ADMIT = "admit"
    TRANSFER = "transfer"
    DISCHARGE = "discharge"
    CANCEL_ADMIT = "cancel admit"
    CANCEL_TRANSFER = "cancel transfer"
    CANCEL_DISCHARGE = "cancel discharge"


# In this order movements of one instant are taken.
_ORDER = {move: nth for nth, move in enumerate(Move)}
_UNDOES = {
    Move.CANCEL_ADMIT: Move.ADMIT,
    Move.CANCEL_TRANSFER: Move.TRANSFER,
    Move.CANCEL_DISCHARGE: Move.DISCHARGE,
}


class Movement(NamedTuple):
    """What an adapter hands in.

    Attributes:
        external_id: The source's id of this very message; a repeat of it changes nothing.
        patient, authority: The patient's number, and who has given it; "" = the source does not say.
        bed, unit: `bed:…` and `unit:…`, or "". After a cancel: where the patient is then.
        at: The instants that the source may mean: none, one, or two in the hour that the clock goes through twice.
    """

    source: str
    external_id: str
    move: Move
    patient: str
    authority: str = ""
    bed: str = ""
    unit: str = ""
    at: tuple[datetime, ...] = ()


class Moved(NamedTuple):
    """A movement as it is remembered. `ref` tells repeats; `place` None = out, or nowhere that is entered."""

    ref: str
    move: Move
    at: datetime
    place: UUID | None = None


class Stay(NamedTuple):
    """A patient, with the last movements in the order of their instants, and where they are by those."""

    patient: str
    authority: str
    version: int = 0
    place: UUID | None = None
    moves: tuple[Moved, ...] = ()


def check_movement(movement: Movement) -> None:
    """Refuse a movement that cannot be taken.

    Raises:
        Refused: `INVALID` with a pointer.
    """
    number = movement.patient
    if not number.strip() or len(number) > MAX_PATIENT or not number.isprintable():
        raise Refused(Code.INVALID, "it names no patient by a number", pointer="/patient")


def instant_of(at: Sequence[datetime], now: datetime) -> datetime:
    """Say when a movement was: of several instants the nearest to now, never later than now; of none now."""
    return min(min(at, key=lambda one: abs(one - now)), now) if at else now


def place_of(movement: Movement, directory: Directory) -> UUID | None:
    """Return the bed that a movement names, else its unit; None = neither is entered, or none is named."""
    for target in filter(None, (movement.bed, movement.unit)):
        try:
            return find_place(target, directory, "").id
        except Refused:
            continue
    return None


def take_move(stay: Stay, moved: Moved) -> tuple[Stay, str]:
    """Take a movement into a stay, wherever its instant puts it.

    The result is the same in whatever order movements come; of two that differ in nothing but their place, the one
    that came last stands. A repeat changes nothing, unless its bed has been entered since.

    Returns:
        The stay, and what it did: `moved`; `late`: later ones stand; `repeated`; `kept`: the patient was there.
    """
    known = next((one for one in stay.moves if one.ref == moved.ref or _same(one, moved)), None)
    if known is not None and known.place == moved.place:
        return stay, "repeated"
    others = [one for one in stay.moves if one is not known]
    if known is not None:
        moved = moved._replace(at=known.at)
    elif len(others) >= MOVES_MAX and _when(moved) < _when(others[0]):
        return stay, "late"
    moves = tuple(sorted((*others, moved), key=_when))[-MOVES_MAX:]
    place = whereabouts(moves)
    did = "moved" if place != stay.place else "kept" if moves[-1] is moved else "late"
    return stay._replace(version=stay.version + 1, moves=moves, place=place), did


def whereabouts(moves: Iterable[Moved]) -> UUID | None:
    """Say where a patient is by movements in the order of their instants; a cancel undoes the last of its kind."""
    standing: list[Moved] = []
    for moved in moves:
        undone = _UNDOES.get(moved.move)
        if undone is None:
            standing.append(moved)
            continue
        found = max((nth for nth, one in enumerate(standing) if one.move is undone), default=None)
        if moved.move is Move.CANCEL_ADMIT:
            # With the admission goes all that came after it; was it never heard, then all since the last discharge.
            out = max((nth for nth, one in enumerate(standing) if one.move is Move.DISCHARGE), default=-1)
            del standing[out + 1 if found is None or found < out else found :]
            continue
        if found is not None:
            del standing[found]
        if moved.place is not None:
            standing.append(moved)
    last = standing[-1] if standing else None
    return None if last is None or last.move is Move.DISCHARGE else last.place


def find_stay(stays: Sequence[Stay], authority: str) -> Stay | None:
    """Return whose number is meant, of the stays that bear it: of this authority; where one of the two does not say
    which, the only one there is. None = nobody, or nobody can say.
    """
    same = [one for one in stays if one.authority.casefold() == authority.casefold()]
    if same:
        return same[0]
    open_ = stays if not authority else [one for one in stays if not one.authority]
    return open_[0] if len(open_) == 1 else None


def followed(report: Report, stay: Stay | None, directory: Directory) -> UUID | None:
    """Return the place of a report's patient, where that outranks the place that it names; None = it does not.

    What comes from a device names the device's own place, which is true; it is followed only where it names no bed.
    """
    if stay is None or stay.place is None or report.follow is Follow.NEVER:
        return None
    place = directory.places.get(stay.place)
    if place is None or place.disabled:
        return None
    if report.follow is Follow.FIRST:
        return place.id
    if _is_there(report.bed, directory):
        return None
    if report.unit:
        try:
            named = find_place(report.unit, directory, "").id
        except Refused:
            return place.id
        return place.id if unit_of(directory, place.id) == named else None
    return place.id


def _is_there(target: str, directory: Directory) -> bool:
    if not target:
        return False
    try:
        find_place(target, directory, "")
    except Refused:
        return False
    return True


def _when(moved: Moved) -> tuple[datetime, int]:
    return moved.at, _ORDER[moved.move]


def _same(one: Moved, other: Moved) -> bool:
    return (one.move, one.at, one.place) == (other.move, other.at, other.place)
