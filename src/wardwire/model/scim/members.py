"""The members of a group while it is changed: kept by id, so that ten thousand of them cost one pass."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from wardwire.model import ids
from wardwire.model.errors import Refused
from wardwire.model.scim.filter import Filter, Path, any_of
from wardwire.model.scim.patch import ADD, REMOVE
from wardwire.model.scim.refusals import INVALID_PATH, INVALID_VALUE, MUTABILITY, refuse
from wardwire.model.scim.schema import Resource

PERSON, GROUP = "User", "Group"


class Members:
    """People and groups that a group names, by their written ids, in order."""

    def __init__(self, written: Iterable[str]) -> None:
        self._members = dict.fromkeys(written)

    def take(self, op: str, path: Path, value: Any, at: str) -> None:
        """Do one operation of a PATCH.

        Raises:
            Refused: `INVALID` with `invalidValue`, `invalidPath`, or `mutability`: what a member is does not change.
        """
        if path.field.part is not None:
            raise refuse(MUTABILITY, "a member is added or removed, and not changed", pointer=at)
        if path.which is not None:
            if op != REMOVE:
                raise refuse(MUTABILITY, "a member is added or removed, and not changed", pointer=at)
            for one in self._meant(path.which, at):
                self._members.pop(one, None)
        elif op == REMOVE:
            if value:
                for one in read_members(value, at):
                    self._members.pop(one, None)
            else:
                self._members.clear()
        else:
            new = read_members(value, at)
            if op != ADD:
                self._members.clear()
            self._members.update(dict.fromkeys(new))

    def _meant(self, which: Filter, at: str) -> Iterable[str]:
        written = any_of(which, "value")
        if written is not None:
            return written
        kinds = any_of(which, "type")
        if kinds is None:
            raise refuse(INVALID_PATH, 'members are named by value eq "…", joined by or', pointer=at)
        meant = {kind.lower() for kind in kinds}
        return [one for one in self._members if kind_of(one).lower() in meant]

    def split(self, at: str = "/members") -> tuple[list[UUID], list[UUID]]:
        """Return the people, and the groups.

        Raises:
            Refused: `INVALID` with `invalidValue`: an id that is none of ours.
        """
        people: list[UUID] = []
        groups: list[UUID] = []
        for written in self._members:
            prefix = ids.GROUP if kind_of(written) == GROUP else ids.PERSON
            try:
                (groups if prefix == ids.GROUP else people).append(ids.read_id(prefix, written))
            except Refused:
                raise refuse(INVALID_VALUE, "a member is the id of a user or of a group", pointer=at) from None
        return people, groups


def read_members(value: Any, at: str) -> list[str]:
    """Return the ids of members as a client writes them: a list of objects with `value`, or one of them.

    Raises:
        Refused: `INVALID` with `invalidValue`, pointing at it.
    """
    found = []
    for nth, one in enumerate(value if isinstance(value, list) else [value]):
        written = one if isinstance(one, str) else _value_of(one)
        if not isinstance(written, str):
            raise refuse(INVALID_VALUE, "a member has a value: the id of a user or of a group", pointer=f"{at}/{nth}")
        found.append(written)
    return found


def kind_of(written: str) -> str:
    """Return what a written id is of: `User` or `Group`."""
    return GROUP if written.startswith(ids.GROUP + "_") else PERSON


def _value_of(one: Any) -> Any:
    if not isinstance(one, dict):
        return None
    found: Resource = {name.lower(): value for name, value in one.items()}
    return found.get("value")
