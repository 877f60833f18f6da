"""Which scopes may be given: those that exist, and none that the giver lacks, but from an administrator."""

from __future__ import annotations

from collections.abc import Iterable

from wardwire.model.errors import Code, Refused
from wardwire.model.matrix import Action, Reach, reach_of
from wardwire.model.rights import SCOPES, Caller


def check_scopes(caller: Caller, scopes: Iterable[str], *, held: frozenset[str] = frozenset()) -> frozenset[str]:
    """Return the scopes as a set.

    Args:
        held: What is held already, and may stay whoever asks.

    Raises:
        Refused: `INVALID` for one that does not exist, `NOT_PERMITTED` for one that the giver does not have.
    """
    wanted = frozenset(scopes)
    for scope in sorted(wanted - SCOPES.keys()):
        raise Refused(Code.INVALID, "there is no such scope", pointer="/scopes", scopes=sorted(SCOPES), found=scope)
    if reach_of(caller, Action.SCOPE_GIVE) is Reach.ANY:
        return wanted
    for scope in sorted(wanted - held - caller.scopes):
        raise Refused(Code.NOT_PERMITTED, f"only who has {scope} may give it", pointer="/scopes", scope=scope)
    return wanted
