"""The documents keep their word: each hazard has its story, each code its meaning, each setting its entry."""

from __future__ import annotations

import ast
import dataclasses
import re
import typing
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from docs import generate

from tests.house.tree import ROOT, parse, tests_of
from wardwire.model.errors import MEANING, Code
from wardwire.settings import Settings

ADR = ROOT / "docs" / "adr"
HAZARDS = ROOT / "docs" / "hazards.md"
SETTINGS = ROOT / "docs" / "reference" / "settings.md"
_ROW = re.compile(r"\| (?P<number>[^|]*) \| (?P<hazard>[^|]*) \| (?P<guard>[^|]*) \| (?P<story>[^|]*) \|$")
_ADR_ROW = re.compile(r"^\| \d{4} \| \[[^\]]*\]\(([^)]+)\) \| ([^|]*) \|$", re.MULTILINE)
_ADR_STATUS = re.compile(r"^- Status: (.+)$", re.MULTILINE)
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
    for field in dataclasses.fields(section):
        kind = hints[field.name]
        if isinstance(kind, type) and dataclasses.is_dataclass(kind):
            yield from setting_keys(kind, f"{prefix}{field.name}.")
        else:
            yield f"{prefix}{field.name}"


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


def untold_hazards(document: str, folder: Path, root: Path) -> list[str]:
    """Give each story whose docstring begins with a hazard's number, and which that hazard's row does not name."""
    named = {match["number"].strip(): match["story"] for match in map(_ROW.match, document.splitlines()) if match}
    untold = []
    for path in sorted(folder.glob("test_*.py")):
        for test in tests_of(parse(path)):
            number = re.match(r"H\d+(?=:)", (ast.get_docstring(test) or "").strip())
            story = f"{path.relative_to(root).as_posix()}::{test.name}"
            if number and f"`{story}`" not in named.get(number[0], ""):
                untold.append(f"{number[0]}: {story}")
    return untold


def test_every_story_of_a_hazard_stands_in_its_row() -> None:
    """A number in a story means the hazard of that number in docs/hazards.md, and none of its own."""
    assert untold_hazards(HAZARDS.read_text(encoding="utf-8"), ROOT / "tests" / "stories", ROOT) == []


def test_a_story_that_its_hazard_does_not_name_is_found(tmp_path: Path) -> None:
    """The check sees a number without a row, and a row that names other stories."""
    (tmp_path / "test_x.py").write_text(
        'def test_one_of_it():\n    """H1: told."""\n\n\ndef test_two_of_it():\n    """H2: untold."""\n'
    )
    document = "| H1 | lost | `a` | `test_x.py::test_one_of_it` |\n| H2 | late | `a` | `test_x.py::test_one_of_it` |"

    assert untold_hazards(document, tmp_path, tmp_path) == ["H2: test_x.py::test_two_of_it"]


def adr_faults(folder: Path) -> list[str]:
    """Give a line for each decision without a row in the index, and for each row that says something else."""
    rows = dict(_ADR_ROW.findall((folder / "README.md").read_text(encoding="utf-8")))
    faults = []
    for path in sorted(folder.glob("[0-9]*.md")):
        if path.name == "0000-template.md":
            continue
        status = _ADR_STATUS.search(path.read_text(encoding="utf-8"))
        if status is None:
            faults.append(f"{path.name}: has no line `- Status: …`")
        elif (told := rows.pop(path.name, None)) != status[1]:
            faults.append(f"{path.name}: is {status[1]!r}, the index says {told!r}")
    return faults + [f"{name}: in the index, but not in the folder" for name in rows]


def test_every_decision_stands_in_the_index() -> None:
    """Whoever opens the index of decisions sees all of them, and which ones still hold."""
    assert adr_faults(ADR) == []


def test_a_decision_that_the_index_forgot_is_found(tmp_path: Path) -> None:
    """The check sees a missing row, a row that says something else, and a row without its decision."""
    (tmp_path / "0001-clock.md").write_text("# 0001 One clock\n\n- Status: accepted\n")
    (tmp_path / "0002-ids.md").write_text("# 0002 Ids\n\n- Status: superseded by 0003\n")
    (tmp_path / "README.md").write_text(
        "| 0002 | [Ids](0002-ids.md) | accepted |\n| 0009 | [Gone](0009-gone.md) | accepted |\n"
    )

    assert adr_faults(tmp_path) == [
        "0001-clock.md: is 'accepted', the index says None",
        "0002-ids.md: is 'superseded by 0003', the index says 'accepted'",
        "0009-gone.md: in the index, but not in the folder",
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
    written = set(_QUOTED.findall(SETTINGS.read_text(encoding="utf-8")))

    assert [key for key in setting_keys(Settings) if key not in written] == []


def test_settings_are_found_in_their_sections() -> None:
    """The check walks into the sections."""

    @dataclasses.dataclass(frozen=True)
    class Waits:
        high_s: float = 10.0

    settings = dataclasses.make_dataclass("Settings", [("waits", Waits), ("name", str)], frozen=True)

    assert list(setting_keys(settings)) == ["waits.high_s", "name"]
