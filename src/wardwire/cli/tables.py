"""How commands print: one JSON object with --json, a table for people otherwise."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

# With these a cell begins that a spreadsheet runs (OWASP, CSV injection).
_FORMULA = tuple("=+-@\t\r")
_SHORT = frozenset({"id", "state", "stored", "priority", "kind", "status", "number"})


def print_json(told: object) -> None:
    """Print one JSON object on one line, with the version of its shape."""
    fields = msgspec.to_builtins(told)
    body = fields if isinstance(fields, dict) else {"data": fields}
    print(json.dumps({"schema_version": 1, **body}, ensure_ascii=False))


def print_csv(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print rows as CSV (RFC 4180, UTF-8), times in ISO 8601. What a spreadsheet would run is quoted."""
    out = csv.writer(sys.stdout, lineterminator="\r\n")
    out.writerow(columns)
    for row in rows:
        out.writerow([_cell(value) for value in row])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Any]], *, empty: str) -> None:
    """Print rows; without any, say so."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    if not rows:
        print(empty)
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column in _SHORT)
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    # Into a pipe or a file nothing is folded: there is no edge.
    Console(width=None if sys.stdout.isatty() else 200).print(table)
