"""The documents keep their word: each hazard has its story, each code its meaning, each setting its entry."""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import re
import typing
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from docs import generate

from tests.house.tree import ROOT, parse, tests_of
from wardwire.model.errors import MEANING, Code

HAZARDS = ROOT / "docs" / "hazards.md"
SETTINGS = ROOT / "docs" / "reference" / "settings.md"
_ROW = re.compile(r"\| (?P<number>[^|]*) \| (?P<hazard>[^|]*) \| (?P<guard>[^|]*) \| (?P<story>[^|]*) \|$")
_QUOTED = re.compile(r"`([^`]+)`")


def hazard_faults(document: str, root: Path) -> list[str]:
    """Give a line for each row of the table that does not keep its word."""
    head = "| no. | hazard | guard | story |"
    if head not in document:
        return [f"no table with the head {head}"]
    rows = document.split(head, 1)[1].split("\n\n", 1)[0].strip().splitlines()[1:]
    faults = []
    numbers: Counter[str] = Counter()
    for row in rows:
        match = _ROW.match(row)
        if match is None:
            faults.append(f"not a row of four cells: {row}")
            continue
        number = match["number"].strip()
        numbers[number] += 1
        faults += [f"{number}: {fault}" for fault in _faults_of(match, root)]
    faults += [f"{number}: used {count} times" for number, count in numbers.items() if count > 1]
    return faults


def _faults_of(row: re.Match[str], root: Path) -> Iterator[str]:
    if not re.fullmatch(r"H\d+", row["number"].strip()):
        yield "a number looks like H1"
    if not row["hazard"].strip():
        yield "names no hazard"
    guards, stories = _QUOTED.findall(row["guard"]), _QUOTED.findall(row["story"])
    if not guards:
        yield "names no guard"
    if not stories:
        yield "names no story"
    for guard in guards:
        if not (root / guard).exists():
            yield f"no such guard: {guard}"
    for story in stories:
        file, _, name = story.partition("::")
        path = root / file
        if not file.startswith("tests/") or not path.is_file():
            yield f"no such file: {file}"
        elif name not in {test.name for test in tests_of(parse(path))}:
            yield f"no such test: {story}"


def setting_keys(section: type, prefix: str = "") -> Iterator[str]:
    """Give the dotted key of every setting of a frozen settings class, its sections included."""
    hints = typing.get_type_hints(section)
    for field in getattr(section, "__struct_fields__", None) or [f.name for f in dataclasses.fields(section)]:
        kind = hints[field]
        if isinstance(kind, type) and (dataclasses.is_dataclass(kind) or hasattr(kind, "__struct_fields__")):
            yield from setting_keys(kind, f"{prefix}{field}.")
        else:
            yield f"{prefix}{field}"


def test_every_hazard_names_a_guard_and_a_story_that_exist() -> None:
    """A row of docs/hazards.md stands only as long as its guard and its story do."""
    assert hazard_faults(HAZARDS.read_text(encoding="utf-8"), ROOT) == []


def test_a_hazard_without_its_story_is_found() -> None:
    """The check sees a missing test, a missing file, a missing guard, and a number used twice."""
    here = "tests/house/test_documents.py"
    document = "\n".join(
        [
            "| no. | hazard | guard | story |",
            "|---|---|---|---|",
            f"| H1 | lost | `Makefile` | `{here}::test_a_hazard_without_its_story_is_found` |",
            f"| H2 | late | `Makefile` | `{here}::test_that_nobody_wrote` |",
            "| H2 | wrong person | `src/nowhere.py` | `tests/stories/nowhere.py::test_it` |",
            "| H3 | silent | none | none |",
            "| H4 | too few cells |",
        ]
    )

    assert hazard_faults(document + "\n\nMore text.\n", ROOT) == [
        f"H2: no such test: {here}::test_that_nobody_wrote",
        "H2: no such guard: src/nowhere.py",
        "H2: no such file: tests/stories/nowhere.py",
        "H3: names no guard",
        "H3: names no story",
        "not a row of four cells: | H4 | too few cells |",
        "H2: used 2 times",
    ]


def test_every_code_has_one_sentence_of_meaning() -> None:
    """Whoever meets a code finds what it means: one sentence, in the reference and in the code."""
    assert set(MEANING) == set(Code)
    assert [text for text in MEANING.values() if not text.endswith(".") or "\n" in text or "|" in text] == []


def test_generated_documents_are_up_to_date() -> None:
    """What the code knows and the documents say is the same; `make docs` writes it."""
    assert [str(path) for path in generate.outdated()] == []


def test_an_outdated_document_is_found(tmp_path: Path) -> None:
    """The check sees a document that does not say what the code says."""
    (tmp_path / "page.md").write_text("before\n<!-- generated: x -->\nold\n<!-- end -->\nafter\n")
    part = generate.Part("page.md", "x", lambda: "new")

    assert generate.outdated(tmp_path, (part,)) == {
        tmp_path / "page.md": "before\n<!-- generated: x -->\nnew\n<!-- end -->\nafter\n"
    }


def test_every_setting_has_an_entry_in_the_reference() -> None:
    """Whoever runs Wardwire finds each setting, by its full key, in docs/reference/settings.md."""
    if importlib.util.find_spec("wardwire.settings") is None:
        return
    settings = importlib.import_module("wardwire.settings").Settings
    written = set(_QUOTED.findall(SETTINGS.read_text(encoding="utf-8")))

    assert [key for key in setting_keys(settings) if key not in written] == []


def test_a_setting_is_found_in_every_section() -> None:
    """The check walks into sections, however the settings are declared."""

    @dataclasses.dataclass(frozen=True)
    class Waits:
        high_s: float = 10.0

    settings = dataclasses.make_dataclass("Settings", [("waits", Waits), ("name", str)], frozen=True)

    assert list(setting_keys(settings)) == ["waits.high_s", "name"]
