"""Where patients are: what admissions, transfers, discharges and their cancels say, whatever order they come in.

A stay is no medical record: a number, a bed, and the last movements, so that what is about a patient finds whoever
has the bed. Source: HL7 v2.6 chapter 3 (A01, A02, A03, A08, A11, A12, A13, A40).
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
    """What a movement says. UPDATE says where the patient is at that instant, and moves nobody who is out."""

    UPDATE = "update"
    ADMIT = "admit"
    TRANSFER = "transfer"
    DISCHARGE = "discharge"
    CANCEL_ADMIT = "cancel admit"
    CANCEL_TRANSFER = "cancel transfer"
    CANCEL_DISCHARGE = "cancel discharge"
    MERGE = "merge"  # of two numbers: it is no movement, and stands in no stay


# In this order movements of one instant are taken.
_ORDER = {move: nth for nth, move in enumerate(Move)}
_UNDOES = {
    Move.CANCEL_ADMIT: Move.ADMIT,
    Move.CANCEL_TRANSFER: Move.TRANSFER,
    Move.CANCEL_DISCHARGE: Move.DISCHARGE,
}


class Merge(NamedTuple):
    """One more pair of a merge: whose number stays, and the (number, authority) that is theirs from now on."""

    patient: str
    authority: str
    former: tuple[str, str]


class Movement(NamedTuple):
    """What an adapter hands in.

    Attributes:
        external_id: The source's id of this very message; a repeat of it changes nothing.
        patient, authority: The patient's number, and who has given it; "" = the source does not say.
        bed, unit: `bed:…` and `unit:…`, or "". After a cancel: where the patient is then.
        at: The instants that the source may mean: none, one, or two in the hour that the clock goes through twice.
        former: Of a merge: the (number, authority) that are this patient's from now on.
        also: Of a merge of several patients: its further pairs, in order. They are taken together, or none is.
    """

    source: str
    external_id: str
    move: Move
    patient: str
    authority: str = ""
    bed: str = ""
    unit: str = ""
    at: tuple[datetime, ...] = ()
    former: tuple[tuple[str, str], ...] = ()
    also: tuple[Merge, ...] = ()

    @property
    def merges(self) -> tuple[Merge, ...]:
        """All pairs of a merge, in order."""
        return (*(Merge(self.patient, self.authority, former) for former in self.former), *self.also)


class Moved(NamedTuple):
    """A movement as it is remembered. `ref` tells repeats; `place` None = out, or nowhere that is entered."""

    ref: str
    move: Move
    at: datetime
    place: UUID | None = None


class Stay(NamedTuple):
    """A patient, with the last movements in the order of their instants, and where they are by those.

    `into`: the (number, authority) that this one was merged into: what is said of this one is said of that.
    """

    patient: str
    authority: str
    version: int = 0
    place: UUID | None = None
    moves: tuple[Moved, ...] = ()
    into: tuple[str, str] | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Its number, and who has given it."""
        return self.patient, self.authority


def check_movement(movement: Movement) -> None:
    """Refuse a movement that cannot be taken.

    Raises:
        Refused: `INVALID` with a pointer.
    """
    merges = movement.merges
    for number in (movement.patient, *(one.patient for one in merges), *(one.former[0] for one in merges)):
        if not number.strip() or len(number) > MAX_PATIENT or not number.isprintable():
            raise Refused(Code.INVALID, "it names no patient by a number", pointer="/patient")
    if movement.move is Move.MERGE and not movement.former:
        raise Refused(Code.INVALID, "it names no number that is merged", pointer="/patient")


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
    if moved.move is Move.UPDATE and moved.place is None:
        return stay, "kept"
    known = next((one for one in stay.moves if one.ref == moved.ref or _same(one, moved)), None)
    if known is not None and known.place == moved.place:
        return stay, "repeated"
    others = [one for one in stay.moves if one is not known]
    if known is not None:
        moved = moved._replace(at=known.at)
    elif len(others) >= MOVES_MAX and _when(moved) < _when(others[0]):
        return stay, "late"
    moves = _in_order((*others, moved))
    if moves == stay.moves:
        return stay, "kept"
    place = whereabouts(moves)
    did = "moved" if place != stay.place else "kept" if moves[-1] is moved else "late"
    return stay._replace(version=stay.version + 1, moves=moves, place=place), did


def merge(survivor: Stay, former: Stay) -> tuple[Stay, Stay]:
    """Take one patient's movements into another's, because they are one: (the survivor, the former as its alias).

    The same again changes nothing. Whoever is where they were last said to be, by whichever number.
    """
    if former.key == survivor.key or former.into == survivor.key:
        return survivor, former
    known = {one.ref for one in survivor.moves}
    moves = _in_order((*survivor.moves, *(one for one in former.moves if one.ref not in known)))
    after = survivor._replace(version=survivor.version + 1, moves=moves, place=whereabouts(moves))
    return after, former._replace(version=former.version + 1, moves=(), place=None, into=survivor.key)


def _in_order(moves: Iterable[Moved]) -> tuple[Moved, ...]:
    """Return movements in the order of their instants, the last ones.

    Of updates to one place, one after the other, the first and the last say it all, whatever comes between them
    later: there may be dozens a day, and what was before must not be forgotten for them.
    """
    ordered = sorted(moves, key=_when)
    kept = [
        one
        for before, one, after in zip([None, *ordered], ordered, [*ordered[1:], None], strict=False)
        if before is None or after is None or not (_says_same(before, one) and _says_same(one, after))
    ]
    return tuple(kept[-MOVES_MAX:])


def _says_same(one: Moved, other: Moved) -> bool:
    return one.move is Move.UPDATE and other.move is Move.UPDATE and one.place == other.place


def whereabouts(moves: Iterable[Moved]) -> UUID | None:
    """Say where a patient is by movements in the order of their instants; a cancel undoes the last of its kind."""
    standing: list[Moved] = []
    for moved in moves:
        if moved.move is Move.UPDATE:
            # Whoever is out stays out, whatever bed a late update still has; one without a bed says nothing of it.
            if moved.place is not None and not (standing and standing[-1].move is Move.DISCHARGE):
                standing.append(moved)
            continue
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
            # With it goes what an update has said of it since.
            standing[found:] = [one for one in standing[found + 1 :] if one.move is not Move.UPDATE]
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
