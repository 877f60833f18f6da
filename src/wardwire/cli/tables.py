"""How commands print: one JSON object with --json, a table for people otherwise."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

import msgspec

_SHORT = frozenset({"id", "state", "stored", "priority", "kind", "status", "number"})


def print_json(told: object) -> None:
    """Print one JSON object on one line, with the version of its shape."""
    fields = msgspec.to_builtins(told)
    body = fields if isinstance(fields, dict) else {"data": fields}
    print(json.dumps({"schema_version": 1, **body}, ensure_ascii=False))


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
