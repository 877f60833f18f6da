"""The tree as the house tests read it: its files, parsed, and the full names that an expression means."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "wardwire"
TESTS = ROOT / "tests"


def python_files(folder: Path) -> list[Path]:
    """List the Python files below a folder, in a fixed order."""
    return sorted(folder.rglob("*.py"))


def parse(path: Path) -> ast.Module:
    """Parse a file of ours."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def names_used(module: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Give every dotted name that is used, in full: `from time import sleep as s; s()` gives `time.sleep`."""
    known = dict(_imports(module))
    for node in ast.walk(module):
        if isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Load):
            dotted = _dotted(node)
            if dotted is not None:
                head, _, rest = dotted.partition(".")
                full = known.get(head, head)
                yield (f"{full}.{rest}" if rest else full), node


def tests_of(module: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Give every test of a file, those in classes included."""
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield node


def _imports(module: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield (alias.asname, alias.name) if alias.asname else (alias.name.split(".")[0],) * 2
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _dotted(node: ast.expr) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = _dotted(node.value)
        return base and f"{base}.{node.attr}"
    return None
