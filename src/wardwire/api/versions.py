"""ETags of what can be changed, and If-Match (RFC 9110 §13.1.1): nobody overwrites what they have not seen."""

from __future__ import annotations

import re

from wardwire.api.operation import Call
from wardwire.model.errors import Code, Refused

_TAG = re.compile(r'"(\d{1,18})"')


def etag(version: int) -> dict[str, str]:
    """Return the header that names a version."""
    return {"ETag": f'"{version}"'}


def expected_version(call: Call) -> int | None:
    """Return the version that a change was decided on; None = any.

    Raises:
        Refused: `INVALID` for what is no ETag of ours.
    """
    text = call.headers.get("if-match", "*").strip()
    if text == "*":
        return None
    found = _TAG.fullmatch(text)
    if found is None:
        raise Refused(Code.INVALID, "not an ETag as it was given, nor *", parameter="If-Match")
    return int(found[1])
