"""The kinds of code call that a person may make, for the app: policies that call a team."""

from __future__ import annotations

from wardwire.devices.own_frames import CodesFrame, CodeType
from wardwire.model import ids
from wardwire.model.people import Directory
from wardwire.model.rights import CODE, Caller, require

MOST = 20


def codes_of(request: str, caller: Caller, directory: Directory) -> CodesFrame:
    """List them by name.

    Raises:
        Refused: `NOT_PERMITTED`: they may not call a code.
    """
    require(caller, CODE)
    teams = [
        policy
        for policy in directory.policies.values()
        if not policy.disabled and any(s.quorum for s in policy.steps)
    ]
    found = sorted(teams, key=lambda policy: (policy.name.casefold(), policy.id))
    return CodesFrame(request, [CodeType(ids.write_id(ids.POLICY, one.id), one.name) for one in found[:MOST]])
