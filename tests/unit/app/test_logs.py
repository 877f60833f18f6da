"""A log that cannot be written stops nothing."""

from __future__ import annotations

import errno
import io

from wardwire.app.logs import _Unfailing


class Full(io.StringIO):
    """A stream on a disk without room."""

    full = True

    def write(self, text: str) -> int:
        """Fail while full."""
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(text)

    def flush(self) -> None:
        """Fail while full."""
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_under_the_log_raises_nothing_and_is_counted() -> None:
    """A writer of lanes logs while it gives up a connection: an error from there would end it for good."""
    disk = Full()
    stream = _Unfailing(disk)
    print("lost", file=stream, flush=True)
    disk.full = False
    print("kept", file=stream, flush=True)

    assert stream.lost > 0
    assert disk.getvalue() == "kept\n"
