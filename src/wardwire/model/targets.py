"""Whom a target means that people write: an id, or a name."""

from __future__ import annotations

from collections.abc import Container
from uuid import UUID

from wardwire.model import ids
from wardwire.model.canary import ROBOTS
from wardwire.model.errors import Code, Refused
from wardwire.model.names import fold_name
from wardwire.model.people import Directory

_WORDS = {"person": ids.PERSON, "group": ids.GROUP, "role": ids.ROLE}


def find_target(target: str, directory: Directory, pointer: str) -> tuple[str, UUID]:
    """Find whom a target means: an id, a name, or a name with `person:`, `group:` or `role:` before it.

    Raises:
        Refused: `RECIPIENT_UNKNOWN`, or `RECIPIENT_AMBIGUOUS` with the candidates.
    """
    prefix = target[:3]
    if target[3:4] == "_" and len(target) == 36 and prefix in _WORDS.values():
        tables: dict[str, Container[UUID]] = {
            ids.PERSON: directory.people,
            ids.GROUP: directory.groups,
            ids.ROLE: directory.roles,
        }
        try:
            value = ids.read_id(prefix, target)
        except Refused as refused:
            raise Refused(Code.RECIPIENT_UNKNOWN, refused.detail, pointer=pointer) from None
        if value in tables[prefix] and value not in ROBOTS:
            return prefix, value
        raise Refused(Code.RECIPIENT_UNKNOWN, "nobody has this id", pointer=pointer)
    word, colon, rest = target.partition(":")
    only = _WORDS.get(word.strip().casefold()) if colon else None
    name = fold_name(rest if only else target)
    found = [hit for hit in directory.names.get(name, ()) if only in (None, hit[0])]
    if not found:
        raise Refused(Code.RECIPIENT_UNKNOWN, "nobody bears this name", pointer=pointer)
    if len(found) > 1:
        candidates = [ids.write_id(kind, value) for kind, value in found]
        raise Refused(Code.RECIPIENT_AMBIGUOUS, "several bear this name", pointer=pointer, candidates=candidates)
    return found[0]
