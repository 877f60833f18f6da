"""Every adapter of the house keeps the contract, and its golden conversations, whole and cut off at each byte."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.house.tree import ROOT
from wardwire.adapters.contract import Registration
from wardwire.adapters.registry import ADAPTERS
from wardwire.settings_sources import SettingsInvalid, entries, load
from wardwire.testing.conformance.adapters import CHECKS, hold, hold_cut
from wardwire.testing.conformance.conversation import Conversation
from wardwire.testing.conformance.source import Subject

CONVERSATIONS = [
    pytest.param(subject, conversation, id=f"{each.name}/{Path(conversation.name).stem}")
    for each in ADAPTERS
    for subject in [Subject.of(each)]
    for conversation in subject.conversations()
]


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("adapter", [pytest.param(each, id=each.name) for each in ADAPTERS])
async def test_each_adapter_keeps_the_contract(adapter: Registration, check: str) -> None:
    """One check of wardwire.testing.conformance at a time."""
    await CHECKS[check](Subject.of(adapter))


@pytest.mark.parametrize(("subject", "conversation"), CONVERSATIONS)
async def test_each_golden_conversation_holds(subject: Subject, conversation: Conversation) -> None:
    """Bytes in, bytes out."""
    await hold(subject, conversation)


@pytest.mark.parametrize(("subject", "conversation"), CONVERSATIONS)
async def test_a_conversation_cut_off_at_any_byte_is_taken_as_far_as_it_was_whole(
    subject: Subject, conversation: Conversation
) -> None:
    """No half message is ever taken or answered, and nothing breaks."""
    await hold_cut(subject, conversation)


@pytest.mark.parametrize("adapter", [pytest.param(each, id=each.name) for each in ADAPTERS])
def test_settings_of_each_adapter_are_in_the_reference_and_no_others_are_taken(adapter: Registration) -> None:
    """A key that is misspelt would otherwise be obeyed by nobody."""
    reference = (ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    own = [entry for entry in entries() if entry.section == adapter.name]
    assert own
    assert [entry.key for entry in own if f"| `{entry.key}` |" not in reference] == []
    flags: dict[str, Any] = {f"{adapter.name}.lissten": "127.0.0.1:1"}
    with pytest.raises(SettingsInvalid, match=f"did you mean {adapter.name}.listen"):
        load(flags=flags)


@pytest.mark.parametrize("adapter", [pytest.param(each, id=each.name) for each in ADAPTERS])
def test_each_adapter_is_a_folder_with_a_page(adapter: Registration) -> None:
    """Its folder bears its name, and a page leads from a sample to a ringing phone."""
    assert (ROOT / "src" / "wardwire" / "adapters" / adapter.name / "__init__.py").is_file()
    assert (ROOT / "docs" / "howto" / f"{adapter.name}.md").is_file()
    folders = {path.parent.name for path in (ROOT / "src" / "wardwire" / "adapters").glob("*/__init__.py")}
    assert folders == {each.name for each in ADAPTERS}
