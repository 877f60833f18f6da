"""Ids sort by time, and are written and read in one way only."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wardwire.model import ids
from wardwire.model.errors import Code, Refused

INSTANTS = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))


@given(INSTANTS, INSTANTS)
def test_ids_sort_by_the_time_at_which_they_were_made(one: datetime, other: datetime) -> None:
    """As values and as written; within one millisecond they may stand either way."""
    first, second = ids.new_id(one), ids.new_id(other)
    if ids.instant_of(first) < ids.instant_of(second):
        assert first < second
        assert ids.write_id("msg", first) < ids.write_id("msg", second)


@given(INSTANTS)
def test_an_id_is_a_uuid_of_version_7_and_tells_its_millisecond(now: datetime) -> None:
    """RFC 9562 §5.7."""
    made = ids.new_id(now)

    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert timedelta(0) <= now - ids.instant_of(made) < timedelta(milliseconds=1)


@given(INSTANTS)
def test_the_first_id_of_an_instant_bounds_all_others(now: datetime) -> None:
    """A partition holds exactly the ids of its day."""
    begin = now.replace(microsecond=now.microsecond // 1000 * 1000)

    assert ids.first_id_of(begin) <= ids.new_id(begin) < ids.first_id_of(begin + timedelta(milliseconds=1))


def test_ids_of_one_millisecond_differ() -> None:
    """A burst of ten thousand has no two alike."""
    now = datetime(2026, 1, 1, tzinfo=UTC)

    assert len({ids.new_id(now) for _ in range(10_000)}) == 10_000


@given(st.uuids())
def test_what_is_written_is_read_back_the_same(value: UUID) -> None:
    """One prefix for each kind of thing, then 32 hex digits."""
    written = ids.write_id(ids.PERSON, value)

    assert (len(written), ids.read_id(ids.PERSON, written)) == (36, value)


@given(st.text(max_size=40) | st.text("0123456789abcdefABCDEF_-+ {}", min_size=32, max_size=32).map("msg_".__add__))
def test_only_hex_digits_behind_the_right_prefix_are_an_id(text: str) -> None:
    """No sign, space, underscore or foreign digit makes a second spelling of the same id."""
    if re.fullmatch("msg_[0-9a-fA-F]{32}", text):
        assert ids.write_id(ids.MESSAGE, ids.read_id(ids.MESSAGE, text)) == text.lower()
        return
    with pytest.raises(Refused) as refused:
        ids.read_id(ids.MESSAGE, text)
    assert refused.value.code is Code.INVALID


@pytest.mark.parametrize(
    "text",
    ["msg_+" + "0" * 31, "msg_" + "0_" * 16, "msg_ " + "0" * 31, "msg_" + "\u0660" * 32, "per_" + "0" * 32, ""],
)
def test_another_spelling_of_an_id_is_refused(text: str) -> None:
    """int() would have read each of these."""
    with pytest.raises(Refused):
        ids.read_id(ids.MESSAGE, text)
