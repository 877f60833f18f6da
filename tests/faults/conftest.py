"""What fault tests share."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def engine_folder() -> Iterator[Path]:
    """A folder that the user of the engines can reach, whoever runs the tests (pytest's own is private)."""
    folder = Path(tempfile.mkdtemp(prefix="wardwire-faults-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
