"""What a source of people offers: a reading of it, whole or what has changed. It decides and writes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from wardwire.model.syncing import Mapped, Reading

Progress = Callable[[int], None]
"""Told how many entries have been read."""


class SourceFailed(Exception):
    """A source could not be read to its end: nothing of what was read may be used.

    Attributes:
        remedy: What the reader can do now.
    """

    def __init__(self, sentence: str, remedy: str = "Look at the other directory and its settings.") -> None:
        super().__init__(sentence)
        self.remedy = remedy


def read_password(file: Path | None) -> str | None:
    """Read a password from its file, when it is used: it may have been changed. Raises OSError, ValueError."""
    return (file.read_text(encoding="utf-8").strip() or None) if file else None


class Source(Protocol):
    """One other directory."""

    @property
    def mapped(self) -> Mapped:
        """Which of its fields are ours."""

    async def read(self, mark: str, progress: Progress, *, who: str = "") -> Reading:
        """Read it.

        Args:
            mark: Of an earlier reading: what has changed since, if it can tell; "" = all of it.
            progress: Called now and then, perhaps from another thread.
            who: Only those who bear this very name.

        Raises:
            SourceFailed: It went away, refused, or took too long.
        """
