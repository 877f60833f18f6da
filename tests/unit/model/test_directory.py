"""Changes merged one after the other give what reading everything at once gives."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from tests.unit.model.samples import ANNA, BEN, CHEN, T0, device, directory, email, group, person, role, shift
from wardwire.model import directory as merge
from wardwire.model import ids

HOUR = timedelta(hours=1)


def test_a_changed_person_replaces_their_former_self() -> None:
    """And is found by the new name alone."""
    ward = directory([person(ANNA)])
    merge.merge_people(ward, [person(ANNA, name="Anna B.")])

    assert ward.people[ANNA].name == "Anna B."
    assert dict(ward.names) == {"anna b.": ((ids.PERSON, ANNA),)}


def test_who_is_disabled_is_not_found_by_name() -> None:
    """So that a successor of the same name is not ambiguous."""
    ward = directory([person(ANNA, disabled=True), person(BEN, name="Anna")])

    assert ward.names["anna"] == ((ids.PERSON, BEN),)


def test_all_who_bear_one_name_are_kept() -> None:
    """A person, a group and a role may share a name; whoever is meant must be said."""
    ward = directory(
        [person(CHEN, name="Cardiology")], groups=[group(11, "CARDIOLOGY")], roles=[role(12, "cardiology")]
    )

    assert {kind for kind, _ in ward.names["cardiology"]} == {ids.PERSON, ids.GROUP, ids.ROLE}


def test_a_name_is_found_composed_or_not() -> None:
    """One keyboard writes ü as one character, another as two."""
    ward = directory([person(ANNA, name="Dr. M\u00fcller")])

    assert list(ward.names) == ["dr. m\u00fcller"]


def test_a_revoked_device_is_known_but_nobodys() -> None:
    """Its key stays known, so that its logins are refused by name."""
    ward = directory(devices=[device(21, ANNA), device(22, ANNA)])
    merge.merge_devices(ward, [device(21, ANNA, revoked=True)])

    assert ward.devices_of[ANNA] == (UUID(int=22),)
    assert ward.devices[UUID(int=21)].revoked
    assert ward.devices_by_nkey["U21"] == UUID(int=21)


def test_a_device_that_comes_twice_counts_once() -> None:
    """A change of its name makes no second device."""
    ward = directory(devices=[device(21, ANNA)])
    merge.merge_devices(ward, [device(21, ANNA)])

    assert ward.devices_of[ANNA] == (UUID(int=21),)


def test_an_endpoint_replaces_its_former_self_only() -> None:
    """The other mailbox stays."""
    ward = directory(endpoints=[email(31, ANNA), email(32, ANNA)])
    merge.merge_endpoints(ward, [email(31, ANNA, disabled=True)])

    assert sorted((endpoint.id.int, endpoint.disabled) for endpoint in ward.endpoints_of[ANNA]) == [
        (31, True),
        (32, False),
    ]


def test_a_renamed_role_keeps_its_shifts() -> None:
    """The change of a role says nothing of who holds it."""
    held = shift(1, 12, CHEN, T0, T0 + HOUR)
    ward = directory(roles=[role(12, "Cardiology", held)])
    merge.merge_roles(ward, [role(12, "Cardiology 1st")], (), ())

    assert (ward.roles[UUID(int=12)].name, ward.roles[UUID(int=12)].shifts) == ("Cardiology 1st", (held,))


def test_a_shift_is_added_changed_and_cancelled() -> None:
    """Each by its id; what is cancelled is gone, even when it was never seen."""
    ward = directory(roles=[role(12, "Cardiology", shift(1, 12, CHEN, T0, T0 + HOUR))])
    changed, added = shift(1, 12, BEN, T0, T0 + HOUR, 2), shift(2, 12, CHEN, T0, T0 + HOUR, 2)
    merge.merge_roles(ward, (), [changed, added], [shift(3, 12, ANNA, T0, T0 + HOUR, 3)])
    assert set(ward.roles[UUID(int=12)].shifts) == {changed, added}
    merge.merge_roles(ward, (), (), [changed])

    assert ward.roles[UUID(int=12)].shifts == (added,)


def test_a_new_role_may_come_with_its_shifts() -> None:
    """One change of the directory may bring both."""
    ward = directory()
    held = shift(1, 12, CHEN, T0, T0 + HOUR)
    merge.merge_roles(ward, [role(12, "Cardiology")], [held], ())

    assert ward.roles[UUID(int=12)].shifts == (held,)
