"""How tests are written: a sentence for a name, a docstring that says the behaviour, and none skipped."""

from __future__ import annotations

import ast

from tests.house.tree import ROOT, TESTS, names_used, parse, python_files, tests_of

SKIPS = (
    "pytest.importorskip",
    "pytest.mark.skip",
    "pytest.mark.skipif",
    "pytest.mark.xfail",
    "pytest.skip",
    "pytest.xfail",
    "unittest.skip",
)


def test_every_test_says_what_it_shows() -> None:
    """Each test is a sentence: three words or more in its name, and a docstring."""
    wordless = []
    for path in python_files(TESTS):
        for test in tests_of(parse(path)):
            if ast.get_docstring(test) is None or len(test.name.split("_")) < 4:
                wordless.append(f"{path.relative_to(ROOT)}::{test.name}")

    assert wordless == []


def test_no_test_is_skipped_or_expected_to_fail() -> None:
    """A need of the machine is a marker from tests/machine.py; everything else runs."""
    skipped = []
    for path in python_files(TESTS):
        for name, node in names_used(parse(path)):
            if name.startswith(SKIPS):
                skipped.append(f"{path.relative_to(ROOT)}:{node.lineno}: {name}")

    assert skipped == []
