"""MLLP frames: `0x0B` message `0x1C 0x0D`, cut out of a stream of bytes. Pure and bounded.

Source: HL7 Minimal Lower Layer Protocol, release 1.
"""

from __future__ import annotations

START = 0x0B
END = b"\x1c\r"
FRAME_MAX = 1024 * 1024


class FrameTooLarge(Exception):
    """More than a frame may hold came without its end: the connection is of no use any more."""


class Deframer:
    """Takes bytes as they come and gives the messages that are complete. How they are cut changes nothing.

    Attributes:
        junk: Bytes that stood outside of any frame.
        restarted: Frames that were begun anew before they had ended.
    """

    __slots__ = ("_inside", "_kept", "frame_max", "junk", "restarted")

    def __init__(self, *, frame_max: int = FRAME_MAX) -> None:
        self.frame_max = frame_max
        self._inside = False
        self._kept = bytearray()
        self.junk = 0
        self.restarted = 0

    @property
    def inside(self) -> bool:
        """Whether a frame has begun and not ended: then its end is due soon."""
        return self._inside

    def feed(self, data: bytes) -> list[bytes]:
        """Return the messages that are complete with these bytes.

        Raises:
            FrameTooLarge: Nothing more can be read from this stream; messages of the same call are lost with it.
        """
        messages: list[bytes] = []
        at = 0
        while at < len(data):
            if not self._inside:
                begin = data.find(START, at)
                self.junk += (len(data) if begin < 0 else begin) - at
                if begin < 0:
                    break
                self._inside, at = True, begin + 1
                continue
            at = self._read(data, at, messages)
        return messages

    def _read(self, data: bytes, at: int, messages: list[bytes]) -> int:
        """Go on with a frame; return where to go on in the data."""
        kept = self._kept
        if kept and kept[-1] == END[0] and data[at] == END[1]:  # the end was cut in two
            del kept[-1]
            self._take(messages)
            return at + 1
        end = data.find(END, at)
        begin = data.rfind(START, at, len(data) if end < 0 else end)
        if begin >= 0:  # it begins anew: what came before is of no frame
            self.restarted += 1
            self.junk += len(kept) + begin - at
            kept.clear()
            at = begin + 1
        kept += data[at : len(data) if end < 0 else end]
        if len(kept) > self.frame_max:
            raise FrameTooLarge
        if end < 0:
            return len(data)
        self._take(messages)
        return end + len(END)

    def _take(self, messages: list[bytes]) -> None:
        messages.append(bytes(self._kept))
        self._kept.clear()
        self._inside = False


def render_frame(message: bytes) -> bytes:
    """Put a message into a frame."""
    return bytes((START,)) + message + END
