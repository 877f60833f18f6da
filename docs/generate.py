"""Write those parts of the documents that the code already knows.

    python -m docs.generate           write them
    python -m docs.generate --check   change nothing; say what is out of date, and exit 1

A part is a function that renders Markdown and the place where it belongs: between `<!-- generated: NAME -->`
and `<!-- end -->` in a document that a person wrote. A new part is one line in `PARTS`.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from wardwire.model.errors import MEANING, Code
from wardwire.settings_sources import render_reference

DOCS = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Part:
    """One generated passage: its document (relative to docs/), its name in the marks, and what renders it."""

    document: str
    name: str
    render: Callable[[], str]


def render_codes() -> str:
    """Render the table of codes, with the HTTP status of each as soon as the API has chosen them."""
    status = _http_status()
    if status is None:
        head = ["| code | meaning |", "|---|---|"]
        rows = [f"| `{code}` | {MEANING[code]} |" for code in Code]
    else:
        head = ["| code | HTTP | meaning |", "|---|---|---|"]
        rows = [f"| `{code}` | {status[code]} | {MEANING[code]} |" for code in Code]
    return "\n".join([*head, *rows])


def _http_status() -> Mapping[Code, int] | None:
    if importlib.util.find_spec("wardwire.api.problems") is None:
        return None
    status: Mapping[Code, int] = importlib.import_module("wardwire.api.problems").STATUS
    return status


PARTS = (
    Part("reference/errors.md", "codes", render_codes),
    Part("reference/settings.md", "settings", render_reference),
)


def put(document: str, name: str, text: str) -> str:
    """Put a rendered text between its marks.

    Raises:
        ValueError: The document has not exactly one such pair of marks.
    """
    begin = f"<!-- generated: {name} -->"
    pattern = re.compile(re.escape(begin) + r"\n.*?(?=<!-- end -->)", re.DOTALL)
    if len(pattern.findall(document)) != 1:
        raise ValueError(f"needs exactly one {begin} … <!-- end -->")
    return pattern.sub(lambda _: f"{begin}\n{text}\n", document)


def outdated(docs: Path = DOCS, parts: tuple[Part, ...] = PARTS) -> dict[Path, str]:
    """Give each document that should read otherwise, with its new text."""
    fresh: dict[Path, str] = {}
    for part in parts:
        path = docs / part.document
        before = fresh.get(path) or path.read_text(encoding="utf-8")
        fresh[path] = put(before, part.name, part.render())
    return {path: text for path, text in fresh.items() if path.read_text(encoding="utf-8") != text}


def main(arguments: list[str]) -> int:
    """Write, or with `--check` only compare."""
    stale = outdated()
    if "--check" in arguments:
        for path in stale:
            print(f"docs/{path.relative_to(DOCS)} is out of date; run: make docs")
        return 1 if stale else 0
    for path, text in stale.items():
        path.write_text(text, encoding="utf-8")
        print(f"wrote docs/{path.relative_to(DOCS)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
