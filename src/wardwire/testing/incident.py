"""What a story test that was made of an incident asks at its end: has the same happened again?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from wardwire.flow.retold import Line, compare, lines_of
from wardwire.flow.views import Stored
from wardwire.model import ids
from wardwire.store.fact_reads import facts_of_message
from wardwire.testing.ward import Ward

# A real site is some milliseconds behind its deadlines, and people answer in between.
WITHIN_S = 1.0


async def differences(ward: Ward, message: Stored, begin: datetime, expected: Sequence[Line]) -> list[str]:
    """Return what happened otherwise than is told here; times may differ by a second."""
    facts = await facts_of_message(ward.connection, ids.read_id(ids.MESSAGE, message.message))
    happened = lines_of(facts, begin, ward.people.directory.person_name)
    return compare(happened, expected, within_s=WITHIN_S)
