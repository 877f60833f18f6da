"""Who holds a key, and how often it is written down that somebody does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from wardwire.access.callers import KeyRefused, caller_of_key
from wardwire.access.refusals import Refusals
from wardwire.model.credentials import digest_secret, read_key, write_key
from wardwire.model.people import ApiKey, Directory

TEXT = write_key(UUID(int=7), bytes(range(32)))
NOW = datetime(2026, 11, 24, tzinfo=UTC)


def directory(**change: object) -> Directory:
    """A directory with one key."""
    parts = read_key(TEXT)
    assert parts is not None
    key = ApiKey(id=parts.key_id, source="lab", secret=digest_secret(parts.secret), scopes=frozenset({"a"}))
    return Directory(keys={parts.key_id: replace(key, **change)})  # type: ignore[arg-type]


def test_a_key_names_its_holder() -> None:
    """Source and scopes are those it was made with."""
    caller = caller_of_key(directory(), TEXT)
    assert (caller.source, caller.scopes, caller.person_id) == ("lab", frozenset({"a"}), None)


@pytest.mark.parametrize("text", ["", "x", TEXT + "A", TEXT[:-1], TEXT.upper(), TEXT.replace("ww_live_", "")])
def test_what_is_no_key_is_refused_without_a_look(text: str) -> None:
    """The form is fixed."""
    with pytest.raises(KeyRefused) as refused:
        caller_of_key(directory(), text)
    assert refused.value.key_id is None


def test_revoked_wrong_and_unknown_keys_are_answered_alike() -> None:
    """Nobody learns which keys there are; we do."""
    wrong = write_key(UUID(int=7), bytes(32))
    told = []
    for held, text in ((directory(revoked=True), TEXT), (directory(), wrong), (Directory(), TEXT)):
        with pytest.raises(KeyRefused) as refused:
            caller_of_key(held, text)
        told.append((refused.value.detail, refused.value.key_id))
    assert len({detail for detail, _ in told}) == 1
    assert [key_id for _, key_id in told] == [UUID(int=7), UUID(int=7), None]


def test_a_refusal_is_written_at_once_and_then_once_a_minute_with_its_count() -> None:
    """Seen, and yet no way to fill the audit."""
    refusals = Refusals()
    written = [refusals.refused("lab", "not_permitted", NOW + timedelta(seconds=s)) for s in range(0, 130, 10)]
    assert written == [1, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 6]
    assert refusals.refused("ehr", "not_permitted", NOW) == 1
    assert refusals.total == 14
