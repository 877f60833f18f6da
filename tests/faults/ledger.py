"""What was run: one line a scenario and seed, appended when it has ended, and the table made of them.

A line counts only for the build that it was run on: a digest over the package and the fault tests. So a campaign
that was interrupted goes on where it stopped, and one on changed code begins anew.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from tests.faults.scenarios import Figures, Scenario

ROOT = Path(__file__).parents[2]
_BEGIN = "<!-- ledger: written by `make faults`, do not edit -->"
_END = "<!-- end of the ledger -->"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One run. `fault` is None when it came to what it must; `late`: all that is wrong is that something was late."""

    build: str
    scenario: str
    seed: int
    seconds: float
    fault: str | None
    figures: Figures
    late: bool = False


class Ledger:
    """The file of entries, of one build or of several."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)

    def entries(self, build: str) -> list[Entry]:
        """Give the last entry of each scenario and seed on one build."""
        last: dict[tuple[str, int], Entry] = {}
        if self.path.exists():
            for line in self.path.read_bytes().splitlines():
                entry = msgspec.json.decode(line, type=Entry)
                if entry.build == build:
                    last[entry.scenario, entry.seed] = entry
        return list(last.values())

    def add(self, entry: Entry) -> None:
        with self.path.open("ab") as file:
            file.write(msgspec.json.encode(entry) + b"\n")


def build_digest() -> str:
    """Name the code that a run is evidence for: 12 hex digits over the package and the fault tests."""
    digest = hashlib.sha256()
    files = [
        p for top in ("src/wardwire", "tests/faults") for p in (ROOT / top).rglob("*") if p.suffix in (".py", ".sql")
    ]
    for path in sorted(files):
        digest.update(f"{path.relative_to(ROOT)}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def render(scenarios: Sequence[Scenario], entries: Iterable[Entry], build: str) -> str:
    """Make the Markdown table: a row a scenario, its runs summed."""
    runs: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        runs[entry.scenario].append(entry)
    lines = [
        f"Build `{build}`. A row of a mutant must lose: it shows that the checker sees.",
        "",
        "| scenario | seeds | as it must be | acknowledged | unknown | lost | longest gap, s |",
        "|---|---|---|---|---|---|---|",
    ]
    for each in scenarios:
        done = runs[each.name]
        if not done:
            continue
        good = sum(1 for entry in done if entry.fault is None)
        gaps = [float(entry.figures.get("gap_s", 0)) for entry in done]
        cells = [each.name, str(len(done)), f"{good} of {len(done)}"]
        cells += [_sum(done, name) for name in ("acknowledged", "unknown", "lost")]
        lines.append("| " + " | ".join([*cells, f"{max(gaps):.2f}"]) + " |")
    return "\n".join(lines)


def write_table(document: Path, table: str) -> None:
    """Put the table between its marks in the document; the marks are added at the end when they are not there."""
    text = document.read_text(encoding="utf-8") if document.exists() else "# Reliability\n"
    if _BEGIN not in text:
        text = f"{text.rstrip()}\n\n## Ledger of the fault campaign\n\n{_BEGIN}\n{_END}\n"
    head, rest = text.split(_BEGIN, 1)
    tail = rest.split(_END, 1)[1]
    document.write_text(f"{head}{_BEGIN}\n\n{table}\n\n{_END}{tail}", encoding="utf-8")


def _sum(entries: Iterable[Entry], name: str) -> str:
    return f"{sum(int(entry.figures.get(name, 0)) for entry in entries):,}"
