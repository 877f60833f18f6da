"""Who covers for whom, along the chain; and what a status means."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.model.samples import ANNA, BEN, CHEN, DORA, EVA, OKAFOR, T0, device, directory, person, role, shift
from wardwire.model import ids
from wardwire.model.coverage import MEANINGS, check_cover, covering, held, say_cover
from wardwire.model.errors import Code, Refused
from wardwire.model.people import Directory, Person, Status
from wardwire.model.priority import Priority

HOUR = timedelta(hours=1)
PEOPLE = (ANNA, BEN, CHEN, OKAFOR, DORA, EVA)


def per(person_id: UUID) -> str:
    """An id as a cover has it."""
    return ids.write_id(ids.PERSON, person_id)


def away(person_id: UUID, cover: str, status: Status = Status.IN_PROCEDURE) -> Person:
    """Somebody who is away for an hour."""
    return person(person_id, status=status, status_until=T0 + HOUR, cover=cover)


def ward(*changed: Person) -> Directory:
    """Everybody, some of them away; Ben holds the role."""
    people = {one: person(one) for one in PEOPLE} | {one.id: one for one in changed}
    roles = [role(40, "Cardiology 2nd", shift(1, 40, BEN, T0, T0 + 2 * HOUR))]
    devices = [device(100 + nth, one) for nth, one in enumerate(PEOPLE)]
    return directory(people.values(), devices=devices, roles=roles)


def who(there: Directory, of: UUID = CHEN, priority: Priority = Priority.HIGH) -> tuple[UUID, ...]:
    """Who gets an alert in somebody's stead."""
    return covering(of, there, priority, T0, "person:Dora").people


def test_a_chain_is_followed_to_its_end() -> None:
    """Chen, covered by Okafor, who is away too and covered by whoever holds a role."""
    rol = ids.write_id(ids.ROLE, UUID(int=40))
    assert who(ward(away(CHEN, per(OKAFOR)))) == (OKAFOR,)
    assert who(ward(away(CHEN, per(OKAFOR)), away(OKAFOR, rol))) == (BEN,)
    assert who(ward(away(CHEN, "number:+1 555 0100"))) == (DORA,)
    assert covering(CHEN, ward(away(CHEN, rol)), Priority.HIGH, T0, "").turns == (T0 + HOUR, T0 + 2 * HOUR)


def test_a_cover_ends_with_the_status() -> None:
    """At the instant, by itself."""
    there = ward(away(CHEN, per(OKAFOR)))
    assert covering(CHEN, there, Priority.HIGH, T0 + HOUR, "").people == ()


@pytest.mark.parametrize(
    "changed",
    [
        (away(CHEN, per(CHEN)),),
        (away(CHEN, per(OKAFOR)), away(OKAFOR, per(CHEN))),
        (away(CHEN, per(OKAFOR)), person(OKAFOR, disabled=True)),
        (away(CHEN, "hold"),),
        (away(CHEN, ""),),
    ],
    ids=["oneself", "a loop", "disabled", "held", "nobody"],
)
def test_what_covers_nothing_leaves_it_with_whom_it_was_for(changed: tuple[Person, ...]) -> None:
    """Nobody is a black hole, whatever was agreed."""
    assert who(ward(*changed)) == ()


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from(PEOPLE), st.sampled_from(Status)), max_size=8))
def test_any_tangle_of_covers_ends(tangle: list[tuple[UUID, UUID, Status]]) -> None:
    """And whoever is found is somebody else who does not pass it on."""
    there = ward(*(away(one, per(other), status) for one, other, status in tangle))
    for one in PEOPLE:
        found = who(there, one)
        assert one not in found
        assert all(who(there, other) == () for other in found)


def test_a_cover_that_comes_back_is_refused_with_its_chain() -> None:
    """Okafor names Chen, whom she covers."""
    there = ward(away(CHEN, per(OKAFOR)))
    with pytest.raises(Refused) as refused:
        check_cover(there, OKAFOR, Status.BUSY, per(CHEN), T0, "")
    assert refused.value.code is Code.COVERAGE_LOOP
    assert refused.value.fields["chain"] == ["Dr. Okafor", "Dr. Chen", "Dr. Okafor"]


@pytest.mark.parametrize(
    ("status", "cover", "code"),
    [
        (Status.OFF, "", Code.COVER_REQUIRED),
        (Status.BUSY, "Dr. Okafor", Code.INVALID),
        (Status.BUSY, "number:call me", Code.INVALID),
        (Status.BUSY, f"per_{99:032x}", Code.NOT_FOUND),
        (Status.BUSY, "per_1", Code.INVALID),
    ],
)
def test_what_can_cover_nothing_is_refused(status: Status, cover: str, code: Code) -> None:
    """Said when it is set, not when somebody calls."""
    with pytest.raises(Refused) as refused:
        check_cover(ward(), CHEN, status, cover, T0, "")
    assert refused.value.code is code


@pytest.mark.parametrize("status", Status)
def test_what_is_urgent_rings_or_is_covered_whatever_the_status(status: Status) -> None:
    """A status never silences `code` and `high`; nobody keeps them."""
    assert {Priority.CODE, Priority.HIGH} <= MEANINGS[status].rings
    assert not held(Directory(), status, "hold", Priority.CODE)
    assert not held(Directory(), status, "hold", Priority.HIGH)


def test_a_cover_is_said_in_words() -> None:
    """As the sender reads it before they send."""
    there = ward()
    rol = ids.write_id(ids.ROLE, UUID(int=40))
    said = [say_cover(there, cover) for cover in (per(OKAFOR), rol, "number:555 0100", "hold", "")]
    assert said == ["Dr. Okafor", "the role Cardiology 2nd", "555 0100, through the desk", "kept", ""]
    assert replace(person(CHEN), cover="hold").cover_at(T0) == ""
