"""Keeps where a device stands in a file beside its card, so that a restart shows nothing twice and misses nothing."""

from __future__ import annotations

import os
from collections import OrderedDict
from pathlib import Path

import msgspec

from wardwire.devices.frames import Cursor, Event

SHOWN_MAX = 1_000


class _Kept(msgspec.Struct):
    cursor: Cursor | None = None
    shown: list[str] = []


class Memory:
    """The cursor and the last thousand messages that were shown."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            kept = msgspec.json.decode(path.read_bytes(), type=_Kept)
        except (OSError, ValueError):
            kept = _Kept()  # the state as it is will be told; what is shown twice is better than what is not
        self.cursor = kept.cursor
        self._shown: OrderedDict[str, None] = OrderedDict.fromkeys(kept.shown)

    @property
    def shown(self) -> list[str]:
        """Messages that were shown."""
        return list(self._shown)

    def keep(self, event: Event) -> None:
        """Store what an event showed. On return it is on the disk: the device may say `delivered`."""
        self.cursor = Cursor(epoch=event.epoch, seq=event.seq)
        if event.message is not None:
            self._shown[event.id] = None
            while len(self._shown) > SHOWN_MAX:
                self._shown.popitem(last=False)
        self._write()

    def moved(self, cursor: Cursor | None) -> None:
        """Take the device's own cursor: it may stand further, behind a hole."""
        if cursor is not None and cursor != self.cursor:
            self.cursor = cursor
            self._write()

    def _write(self) -> None:
        beside = self._path.with_suffix(".new")
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(msgspec.json.encode(_Kept(self.cursor, list(self._shown))))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)
