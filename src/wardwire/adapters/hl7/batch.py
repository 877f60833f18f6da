"""Several messages in one frame: a batch (FHS BHS … BTS FTS, HL7 v2.6 §2.10.3), or messages one after the other.

Each is a message of its own, with a commit and an answer of its own: what of a batch was not taken is known by that.
"""

from __future__ import annotations

import re

_BEGINS = re.compile(rb"(?:(?<=[\r\n])|\A)(?=MSH[^A-Za-z0-9\s])")
_WRAPPERS = re.compile(rb"(?:(?<=[\r\n])|\A)(?:FHS|BHS|BTS|FTS)[^A-Za-z0-9\s][^\r\n]*[\r\n]*")


def split_frame(data: bytes) -> list[bytes]:
    """Return the messages of a frame; one that is whole stays byte for byte as it is, also when it is none."""
    if data.startswith(b"MSH") and data.count(b"MSH") == 1:
        return [data]
    bare = data.lstrip(b"\xef\xbb\xbf \t\r\n")
    if bare[:3] not in (b"MSH", b"FHS", b"BHS"):
        return [data]
    pieces = [piece for piece in _BEGINS.split(_WRAPPERS.sub(b"", bare)) if piece.startswith(b"MSH")]
    return pieces if len(pieces) > 1 or bare[:3] != b"MSH" else [data]
