"""Where nobody is on call: stretches of the coming days in which only a role's fallback answers. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from wardwire.model.oncall import final
from wardwire.model.people import Directory

# A schedule with more gaps than this has another fault, and its own report (model/oncall_quality.py).
MOST_OF_ONE = 20


class Gap(NamedTuple):
    """A stretch that no layer, shift, override or swap of a role covers."""

    role_id: UUID
    starts_at: datetime
    ends_at: datetime


def find_gaps(directory: Directory, begin: datetime, span: timedelta) -> Iterator[Gap]:
    """Give the gaps of every role that has a schedule or shifts, role by role in the order of their names."""
    for role in sorted(directory.roles.values(), key=lambda role: role.name):
        if role.disabled or (role.rota is None and not role.shifts):
            continue
        found = 0
        for one in final(role, begin, begin + span, directory):
            if one.holding is None and found < MOST_OF_ONE:
                found += 1
                yield Gap(role.id, one.starts_at, one.ends_at)
