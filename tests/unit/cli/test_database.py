"""What goes wrong at the directory's desk becomes a sentence that names the place of the fault."""

from __future__ import annotations

import pytest

from wardwire.cli.database import told
from wardwire.model.errors import Code, Refused
from wardwire.ops.failure import StartFailed


def test_a_refusal_names_the_part_that_it_is_about() -> None:
    """Of a policy of ten steps nobody looks for the one that is wrong."""

    async def work() -> None:
        raise Refused(Code.POLICY_INVALID, "from 1 second to 24 hours", pointer="/steps/9/wait_s")

    with pytest.raises(StartFailed) as failed:
        told(work)
    assert failed.value.sentence == "From 1 second to 24 hours (/steps/9/wait_s)."
