"""Reads the named queries of a .sql file: each begins with `-- name: word`, then a line of purpose, then SQL."""

from __future__ import annotations

import re
from importlib.resources import files

_NAME = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)


def load(noun: str) -> dict[str, str]:
    """Return the queries of `store/<noun>.sql` by name."""
    text = files(__package__).joinpath(f"{noun}.sql").read_text(encoding="utf-8")
    parts = _NAME.split(text)
    return dict(zip(parts[1::2], (body.strip() for body in parts[2::2]), strict=True))
