"""The one door: every request passes here, in two steps, and whatever nothing allows is refused.

    admit    before anything is read: may this caller do this at all?
    decide   once it is known whose it is: does their reach go that far?

The rule is model/matrix.py; what is answered is said here. That somebody was refused is a fact (flow/deny.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from wardwire.model.errors import Code, Refused
from wardwire.model.matrix import ABOUT, MATRIX, Action, Owner, Reach, reach_of, reaches
from wardwire.model.rights import Caller


class NotPermitted(Refused):
    """A caller who is known was refused. `action` is what they asked for, for the fact."""

    def __init__(self, code: Code, detail: str, action: Action | None, scope: str = "") -> None:
        super().__init__(code, detail, **({"scope": scope} if scope else {}))
        self.action = action


def admit(caller: Caller, action: Action | None) -> Reach:
    """Return how far the caller reaches.

    Raises:
        NotPermitted: `NOT_PERMITTED`: nowhere, or nobody has said what this is.
    """
    if action is None:
        raise NotPermitted(Code.NOT_PERMITTED, "nobody may do this", None)
    reach = reach_of(caller, action)
    if reach is Reach.NO:
        raise _lacking(caller, action)
    return reach


def decide(caller: Caller, action: Action, owners: Iterable[Owner]) -> None:
    """Let a caller do this to what belongs to these; without owners only who reaches any.

    Raises:
        NotPermitted: `NOT_FOUND` where not even that it exists is told, otherwise `NOT_PERMITTED`.
    """
    if reaches(caller, action, owners):
        return
    if MATRIX[action].hidden:
        raise NotPermitted(Code.NOT_FOUND, "there is nothing of this id", action)
    raise _lacking(caller, action)


def _lacking(caller: Caller, action: Action) -> NotPermitted:
    scope, reach = MATRIX[action].scope, reach_of(caller, action)
    detail = f"you may {ABOUT[action]} for {reach.words} only" if reach else f"you may not {ABOUT[action]}"
    if scope and caller.person_id is None:
        detail = f"this needs the scope {scope}"
    return NotPermitted(Code.NOT_PERMITTED, detail, action, scope)


def passed(caller: Caller, action: Action) -> Caller:
    """Return the caller as let through: what follows asks no further."""
    return replace(caller, passed=action)
