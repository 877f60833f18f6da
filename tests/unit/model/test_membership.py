"""Rules by which a group is made of people: read, refused at their place, and held to as people mean them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.model.samples import ANNA, person
from wardwire.model.details import Details
from wardwire.model.errors import Code, Refused
from wardwire.model.membership import FIELDS, Either, Every, Not, Rule, Term, read_rule

ROSA = person(
    ANNA,
    name="Rosa Intern",
    title="RN, Charge Nurse",
    details=Details(departments=("Cardiology", "ICU"), languages=("de",)),
)


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ('department = "cardiology"', True),
        ('department = "cardio"', False),
        ('department begins "Cardio"', False),
        ('title contains "RN"', True),
        ('name contains "RN"', False),  # not in the middle of a word
        ('title contains "charge nurse"', True),
        ('title contains "nurse charge"', False),
        ('title begins "rn"', True),
        ('department = "ICU" and title contains "RN"', True),
        ('department = "ER" or department = "ICU" and title contains "MD"', False),
        ('(department = "ER" or department = "ICU") and not title contains "MD"', True),
        ('language = "fr" or not (language = "en")', True),
        ('location = ""', True),
    ],
)
def test_a_rule_means_what_people_mean(rule: str, holds: bool) -> None:
    """Capitals do not count, words are whole, `and` binds more than `or`."""
    assert read_rule(rule).holds(ROSA) is holds


@pytest.mark.parametrize(
    ("rule", "at"),
    [
        ("", 1),
        ('age = "7"', 1),
        ('title "RN"', 7),
        ("title = RN", 9),
        ('title contains "--"', 16),
        ('title = "RN" title = "RN"', 14),
        ('(title = "RN"', 14),
        ("title = 'RN'", 8),
        ('title = "RN', 8),
        ('title = "RN" and', 17),
        ('__import__("os").system("x")', 1),
        ("not " * 40 + 'title = "RN"', 69),
    ],
)
def test_what_is_no_rule_is_refused_at_its_place(rule: str, at: int) -> None:
    """And nothing is ever run."""
    with pytest.raises(Refused) as refused:
        read_rule(rule)
    assert (refused.value.code, refused.value.pointer) == (Code.INVALID, "/rule")
    assert f"at character {at} " in refused.value.detail


TERMS = st.builds(Term, st.sampled_from(list(FIELDS)), st.sampled_from(["=", "contains", "begins"]), st.just("a b"))
RULES: st.SearchStrategy[Rule] = st.recursive(
    TERMS,
    lambda inner: (
        st.builds(Not, inner)
        | st.lists(inner, min_size=2, max_size=3).map(lambda parts: Every(tuple(parts)))
        | st.lists(inner, min_size=2, max_size=3).map(lambda parts: Either(tuple(parts)))
    ),
    max_leaves=6,
)


def written(rule: Any) -> str:
    """A rule as text, with more brackets than it needs."""
    if isinstance(rule, Term):
        return f'{rule.field} {rule.how} "{rule.text}"'
    if isinstance(rule, Not):
        return f"not ({written(rule.part)})"
    word = " and " if isinstance(rule, Every) else " or "
    return word.join(f"({written(part)})" for part in rule.parts)


@settings(deadline=None)
@given(RULES)
def test_what_is_written_is_read_again(rule: Rule) -> None:
    """The tree is the text's."""
    assert read_rule(written(rule)) == rule


@settings(deadline=None)
@given(st.text(max_size=60))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    """Whatever is typed."""
    try:
        read_rule(text)
    except Refused as refused:
        assert refused.code is Code.INVALID
