"""A list of people from another system: read whole, or refused with the row and the column of each fault."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.model.samples import person
from wardwire.model.details import Details
from wardwire.model.people import Person
from wardwire.model.roster import Changes, Row, Unfit, compare, details_of, read_roster

GOOD = "id,name,title,phones,departments\n17,Dr. Liu,cardiologist,4711;+49 30 12,Heart\n18,Anna,day nurse,,\n"


def faults(data: bytes | str, encoding: str = "") -> list[str]:
    """What is wrong with a file."""
    with pytest.raises(Unfit) as unfit:
        read_roster(data.encode() if isinstance(data, str) else data, encoding)
    return [str(problem) for problem in unfit.value.problems]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_file_is_read_however_it_was_saved(encoding: str, delimiter: str) -> None:
    """With a byte order mark or without, with commas, semicolons or tabs, with either line end."""
    text = GOOD.replace("4711;+49 30 12", "4711").replace(",", delimiter).replace("\n", "\r\n").replace("Liu", "Lüß")
    first, second = read_roster(text.encode(encoding))
    assert first == Row("17", "Dr. Lüß", "cardiologist", {"phones": ("4711",), "departments": ("Heart",)})
    assert second.fields == {"phones": (), "departments": ()}


def test_a_cell_holds_several_with_a_semicolon_between() -> None:
    """And a number may begin with its country."""
    assert read_roster(GOOD.encode())[0].fields["phones"] == ("4711", "+49 30 12")


def test_a_wrong_encoding_names_the_row_and_the_column() -> None:
    """And the way out; with its name the file is read."""
    data = "id,name,title\n17,Liu,doctor\n18,Anna,Ärztin\n".encode("cp1252")
    (told,) = faults(data)
    assert told.startswith("row 3, column title: this is not utf-8")
    assert read_roster(data, "cp1252")[1].title == "Ärztin"
    assert faults(data, "no-such")[0].startswith("the file: there is no encoding")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the file: it is empty"),
        ("\n\n", "the file: it is empty"),
        ("id,name\n", "the file: it names nobody"),
        ("id,nmae\n1,A\n", "row 1, column nmae: there is no such column"),
        ("id,title\n1,A\n", "row 1, column name: this column must be there"),
        ("id,name,id\n1,A,2\n", "row 1, column id: this column stands twice"),
        ("id,name\n1,Anna\n2\n", "row 3: it has 1 cells, and the first row has 2"),
        ("id,name\n1,Anna\n1,Ben\n", "row 3, column id: it stands in row 2 too"),
        ("id,name\n,Anna\n", "row 2, column id: it is empty"),
        ("id,name\n1,\n", "row 2, column name: a name needs"),
        ("id,name\n1,role:x\n", "row 2, column name: this beginning is kept"),
        ("id,name,title\n1,Anna,=1+1\n", "row 2, column title: it begins like a formula"),
        ("id,name,title\n1,Anna,@SUM(A1)\n", "row 2, column title: it begins like a formula"),
        ("id,name\n-1,Anna\n", "row 2, column id: it begins like a formula"),
        ("id,name,phones\n1,Anna,=4711\n", "row 2, column phones: it begins like a formula"),
        ("id,name,languages\n1,Anna,german language\n", "row 2, column languages: not a language tag"),
        ('id,name\n1,"Anna\n', "the file: it is no CSV"),
        ("id,name\n1,Anna\x00\n", "row 2, column name: a control character"),
    ],
)
def test_what_is_wrong_is_named_by_row_and_column(text: str, told: str) -> None:
    """The first of the faults."""
    assert faults(text)[0].startswith(told)


def test_all_faults_are_named_at_once_up_to_twenty() -> None:
    """So that a file is mended in one go."""
    assert len(faults("id,name\n" + "".join(f"{nth},\n" for nth in range(30)))) == 20
    assert [told[:5] for told in faults("id,name\n1,\n2,Anna\n2,Ben\n")] == ["row 2", "row 4"]


def known(nth: int, name: str, own: str, **fields: object) -> Person:
    """Somebody whom the source knows."""
    return person(UUID(int=nth), name=name, details=Details(external_ids=(("hr", own),)), **fields)


def test_a_file_is_compared_with_whom_its_source_knows() -> None:
    """Others are not touched; a column that is not there leaves what is; who comes back is enabled."""
    liu, anna, ben = known(1, "Liu", "17", title="surgeon"), known(2, "Anna", "18"), known(3, "Ben", "19")
    back, dora = known(4, "Eva", "20", disabled=True), person(UUID(int=5), name="Dora")
    rows = read_roster(b"id,name\n17,Dr. Liu\n18,Anna\n20,Eva\n21,Chen\n")
    found = compare(rows, [liu, anna, ben, back, dora], "hr")

    assert [row.name for row in found.add] == ["Chen"]
    assert found.change == ((liu, replace(liu, name="Dr. Liu")), (back, replace(back, disabled=False)))
    assert (found.disable, found.same) == ((ben,), 1)
    assert str(found) == "1 add, 2 change, 1 disable, 1 stay"
    assert found.many_leave


@pytest.mark.parametrize(("gone", "many"), [(0, False), (1, False), (2, True), (10, True)])
def test_more_than_a_tenth_must_be_confirmed(gone: int, many: bool) -> None:
    """Of ten, one may leave unasked."""
    people = tuple(known(nth, "A", str(nth)) for nth in range(10))
    assert Changes((), (), people[:gone], 10 - gone).many_leave is many


WORDS = st.text(st.characters(categories=["L", "Nd"]), min_size=1, max_size=8)
Staff = dict[str, tuple[str, str]]
STAFF = st.dictionaries(WORDS, st.tuples(WORDS, WORDS | st.just("")), max_size=8)


@settings(deadline=None)
@given(STAFF, STAFF)
def test_what_was_taken_in_is_what_the_file_says(
    before: dict[str, tuple[str, str]], after: dict[str, tuple[str, str]]
) -> None:
    """Whatever stood there: those in the file are as it says and enabled, the others are disabled, and a second look
    at the same file finds nothing to do.
    """
    people: dict[UUID, Person] = {}
    for staff in (before, after):
        text = io.StringIO()
        csv.writer(text).writerows([["id", "name", "title"], *([own, *told] for own, told in staff.items())])
        if not staff:
            with pytest.raises(Unfit):
                read_roster(text.getvalue().encode())
            return
        rows = read_roster(text.getvalue().encode())
        found = compare(rows, people.values(), "hr")
        for row in found.add:
            made = UUID(int=len(people) + 1)
            people[made] = person(made, name=row.name, title=row.title, details=details_of(row, "hr"))
        for _, changed in found.change:
            people[changed.id] = changed
        for gone in found.disable:
            people[gone.id] = replace(gone, disabled=True)
        again = compare(rows, people.values(), "hr")
        assert (again.add, again.change, again.disable) == ((), (), ())
    living = {one.details.ids_by_source["hr"]: one for one in people.values() if not one.disabled}
    assert {own: (one.name, one.title) for own, one in living.items()} == {
        row.id: (row.name, row.title) for row in rows
    }


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_do_more_than_be_refused(data: bytes) -> None:
    """Whatever is in a file."""
    try:
        read_roster(b"id,name\n" + data)
    except Unfit as unfit:
        assert unfit.problems
