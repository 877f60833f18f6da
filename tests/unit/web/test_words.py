"""What the protocol says in words of its own has one of ours wherever people read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from wardwire.flow.end import ALL_CLEAR
from wardwire.model.delivery import State
from wardwire.model.facts import FactKind
from wardwire.model.paper import ENDED_WHY
from wardwire.model.priority import Priority

WEB = Path(__file__).parents[3] / "web" / "src"
ENDS = ("cancelled", "recalled", "cleared", "expired", ALL_CLEAR, ENDED_WHY)
DESK = [f"state.{one}" for one in State] + [f"end.{one}" for one in ENDS]


@pytest.mark.parametrize(
    ("file", "keys"),
    [
        ("console/words/en.ts", [*DESK, *(f"priority.{one}" for one in Priority)]),
        ("admin/messages/words.ts", DESK),
        ("admin/audit/facts.ts", [str(kind) for kind in FactKind]),
        ("core/i18n/en.ts", [f"state.{one}" for one in State]),
    ],
)
def test_every_word_of_the_protocol_has_one_of_ours(file: str, keys: list[str]) -> None:
    """In another language it would be the only foreign one; that each catalogue has all keys its types say."""
    text = (WEB / file).read_text()
    assert [key for key in keys if f'"{key}":' not in text and f"  {key}:" not in text] == []
