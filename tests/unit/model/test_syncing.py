"""What of another directory's entries is taken, and when none of it is."""

from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as some

from wardwire.model.details import Details
from wardwire.model.people import Person
from wardwire.model.roster import Changes, Row, carry_over, compare, known_of
from wardwire.model.syncing import Found, Taken, refusal, take

MAPPED = {"name": ("display", "cn"), "title": ("title",), "phones": ("phone", "mobile"), "location": ("room",)}


def person(nth: int, name: str, **more: object) -> Person:
    """Somebody whom the source knows."""
    return Person(id=UUID(int=nth), name=name, details=Details(external_ids=(("ldap", f"{nth}"),), **more))  # type: ignore[arg-type]


def found(own: str, *, gone: bool = False, **values: str | bytes | list[str | bytes]) -> Found:
    """An entry."""
    told = {name: value if isinstance(value, list) else [value] for name, value in values.items()}
    return Found(f"cn={own}", own, told, gone)


def sync(entries: list[Found], people: list[Person], *, whole: bool = True) -> tuple[Taken, Changes]:
    """Read and compare."""
    taken = take(entries, MAPPED, known_of(people, "ldap"))
    return taken, compare(taken.rows, people, "ldap", whole=whole and taken.certain, kept=taken.kept)


def test_the_first_that_has_something_counts_and_of_several_all() -> None:
    """An attribute that is missing or empty lets the next one speak; what nobody has is empty."""
    taken, _ = sync([found("1", display="", cn=b"Anna", phone=["4711", "4711"], mobile="+49 170 1")], [])
    assert taken.rows == (Row("1", "Anna", "", {"phones": ("4711", "+49 170 1"), "location": ""}),)


def test_a_fault_leaves_its_person_as_they_are() -> None:
    """Neither changed nor taken for one who has left; without a name nobody is new."""
    taken, changes = sync(
        [found("1", cn="Anna", phone="ask her"), found("2", title="nurse"), found("3", cn=b"\xff")],
        [person(1, "Anna B."), person(4, "Ben")],
    )
    assert [(one.where, one.field.split()[0]) for one in taken.faults] == [
        ("cn=1", "phones"),
        ("cn=2", "name"),
        ("cn=3", "name"),
    ]
    assert (changes.add, changes.change, [one.name for one in changes.disable]) == ((), (), ["Ben"])
    assert "3 of 3 entries cannot be taken" in refusal(taken, changes, whole=True, removals=1)


def test_while_two_have_one_id_nobody_is_missing() -> None:
    """The one who seems to be missing may be the other of the two."""
    entries = [found("1", cn="Anna"), found("1", cn="Ben"), found("", cn="Eva")]
    taken, changes = sync(entries, [person(1, "Anna"), person(2, "Ben")])
    assert [one.detail for one in taken.faults] == [
        "2 entries have the id 1",
        "2 entries have the id 1",
        "it has none",
    ]
    assert changes.disable == ()


def test_who_has_left_by_their_own_word_is_disabled_and_never_added() -> None:
    """Also when only changes were read; who was disabled before stays so, and is no change."""
    entries = [found("1", gone=True), found("2", gone=True)]
    _, changes = sync(entries, [person(1, "Anna"), person(3, "Ben")], whole=False)
    assert (changes.add, [one.name for one in changes.disable], changes.same) == ((), ["Anna"], 1)


def test_nobody_at_all_is_never_obeyed_and_a_share_is_asked_about() -> None:
    """Whatever somebody has allowed, an empty answer changes nothing."""
    people = [person(nth, f"Nurse {nth}") for nth in range(1, 21)]
    taken, changes = sync([], people)
    assert "names nobody" in refusal(taken, changes, whole=True, removals=1)
    assert refusal(taken, sync([], people, whole=False)[1], whole=False) == ""
    taken, changes = sync([found(f"{nth}", cn=f"Nurse {nth}") for nth in range(1, 18)], people)
    assert "3 disable" in refusal(taken, changes, whole=True)
    assert refusal(taken, changes, whole=True, removals=0.15) == ""


def test_what_others_changed_meanwhile_stays() -> None:
    """Only what was to be changed is."""
    before, after = person(1, "Anna", location="C 1"), person(1, "Anna", location="C 2")
    now = person(1, "Anna Berg", location="C 1", spoken="AH-na")
    assert carry_over(before, after, now) == person(1, "Anna Berg", location="C 2", spoken="AH-na")


_names = some.text(some.characters(categories=["Lu", "Ll", "Zs", "Nd"]), min_size=1, max_size=8)
_entries = some.lists(
    some.builds(
        lambda own, cn, title, gone: found(f"{own}", cn=cn, title=title, gone=gone),
        some.integers(1, 12), _names, _names, some.booleans(),
    ),
    max_size=12,
)  # fmt: skip


@given(_entries, some.sets(some.integers(1, 12)))
def test_taken_in_twice_is_taken_in_once(entries: list[Found], known: set[int]) -> None:
    """What was done once leaves nothing to do; and nobody is in two of its lists."""
    people = {nth: person(nth, f"Nurse {nth}") for nth in known}
    _, changes = sync(entries, list(people.values()))
    lists = [row.id for row in changes.add] + [f"{one.id.int}" for _, one in changes.change]
    lists += [f"{one.id.int}" for one in changes.disable]
    assert len(lists) == len(set(lists))
    for row in changes.add:
        people[int(row.id)] = person(int(row.id), row.name, **row.fields)
        object.__setattr__(people[int(row.id)], "title", row.title or "")
    for _, after in changes.change:
        people[after.id.int] = after
    for one in changes.disable:
        people[one.id.int] = Person(id=one.id, name=one.name, details=one.details, disabled=True)
    _, again = sync(entries, list(people.values()))
    assert len(again) == 0
