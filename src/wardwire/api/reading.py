"""Reads a request's body: JSON in UTF-8, nothing twice, nothing unknown, nothing too deep.

`msgspec` decides what fits the shape; what it does not see (a key that stands twice, the depth) is looked at first.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import msgspec

from wardwire.model.errors import Code, Refused
from wardwire.model.strict_json import refuse_twice

MAX_DEPTH = 32
_AT = re.compile(r"^(?P<what>.*?)(?: - at `(?P<path>[^`]*)`)?$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_FIELD = re.compile(r"(?:unknown|required) field `([^`]*)`")
_QUOTED = re.compile(r"'[^']*'")


def read_json(body: bytes, shape: Any) -> Any:
    """Read a body as a shape.

    Raises:
        Refused: `MALFORMED` when it is not JSON; `INVALID` with a pointer when it does not fit.
    """
    _look(body)
    try:
        return _decoder(shape).decode(body)
    except msgspec.ValidationError as error:
        raise _invalid(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Refused(Code.MALFORMED, "the body is not JSON in UTF-8") from None
    except RecursionError:
        raise Refused(Code.MALFORMED, f"nested deeper than {MAX_DEPTH}") from None


@lru_cache(maxsize=128)
def _decoder(shape: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(shape)


def _look(body: bytes) -> None:
    if not body:
        raise Refused(Code.MALFORMED, "there is no body")
    if _depth(body) > MAX_DEPTH:
        raise Refused(Code.MALFORMED, f"nested deeper than {MAX_DEPTH}")
    refuse_twice(body, malformed="the body is not JSON in UTF-8")


def _depth(body: bytes) -> int:
    """Return a bound for the depth: brackets inside of strings count too, and no body of ours has many."""
    deepest = depth = 0
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return 0
    for byte in re.sub(rb'"(?:[^"\\]|\\.)*"', b"", body):
        if byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest


def _invalid(message: str) -> Refused:
    """Turn msgspec's sentence into ours: with a JSON Pointer, and without the value that was found."""
    found = _AT.match(message)
    assert found is not None
    what, path = found["what"], found["path"] or "$"
    pointer = "".join(
        "/" + (step[1] or step[2]).replace("~", "~0").replace("/", "~1") for step in _STEP.finditer(path)
    )
    field = _FIELD.search(what)
    if field:
        pointer += "/" + field[1].replace("~", "~0").replace("/", "~1")
        what = "there is no such field" if "unknown" in what else "this field is required"
    return Refused(Code.INVALID, _QUOTED.sub("", what).replace("  ", " "), pointer=pointer)
