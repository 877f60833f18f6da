"""What may be a name or an address: one place, for every door through which somebody is named."""

from __future__ import annotations

import re
import unicodedata

from wardwire.model.errors import Code, Refused

MAX_NAME = 120
MAX_ADDRESS = 254

# So written, a target says what it names (model/routing.py): a name that begins like that could never be meant.
_RESERVED = re.compile(
    r"(person|group|role|site|building|unit|room|bed|policy)\s*:"
    r"|(per|grp|rol|dev|key|msg|plc|asg|pol|drf|rem)_[0-9a-f]{32}$",
    re.IGNORECASE,
)
# A plain mailbox in ASCII; what RFC 5321 allows beyond it (quotes, comments, routes) is refused on purpose.
_MAILBOX = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")
_NUMBER = re.compile(r"\+?[0-9*#][0-9*#() ./-]{0,38}")
# The number of a pager, by the protocol of its carrier, and where that is asked unless the site says it.
_PAGER = re.compile(r"(wctp|snpp|tap):[A-Za-z0-9._-]{1,40}(@[A-Za-z0-9.-]{1,200}(:[0-9]{1,5})?)?")
_ADDRESSES = {
    "email": (_MAILBOX, "an e-mail address"),
    "pager": (_PAGER, "a pager such as wctp:8812 or snpp:8812@paging.example:444"),
    "phone": (_NUMBER, "a number or an extension, such as +49 30 1234 or 4711"),
    "sms": (re.compile(r"\+[0-9][0-9 ./()-]{4,38}"), "a number with its country, such as +49 170 1234567"),
    "voice": (_NUMBER, "a number or an extension, such as +49 30 1234 or 4711"),
}
_SOURCE = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")


def clean_name(text: str, pointer: str = "/name") -> str:
    """Return a name in its normal form (NFC, no space around it).

    Raises:
        Refused: `TEXT_BLANK`, `TEXT_TOO_LONG`, or `INVALID` for control characters and reserved beginnings.
    """
    name = clean_line(text, pointer)
    if not any(unicodedata.category(char)[0] in "LN" for char in name):
        raise Refused(Code.TEXT_BLANK, "a name needs a letter or a digit", pointer=pointer)
    if _RESERVED.match(name):
        raise Refused(
            Code.INVALID, "this beginning is kept for ids and for words like person:, group:, bed:", pointer=pointer
        )
    return name


def fold_name(text: str) -> str:
    """Return a name as it is looked up: however it was typed, composed or not, capitals or not."""
    if text.isascii():
        return text.strip().lower()
    return unicodedata.normalize("NFC", text).strip().casefold()


def clean_line(text: str, pointer: str, limit: int = MAX_NAME) -> str:
    """Return one line in its normal form; it may be empty.

    Raises:
        Refused: `TEXT_TOO_LONG`, or `INVALID` for a control character.
    """
    line = unicodedata.normalize("NFC", text).strip()
    if len(line) > limit:
        raise Refused(Code.TEXT_TOO_LONG, f"longer than {limit} characters", pointer=pointer, limit=limit)
    if any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in line):
        raise Refused(Code.INVALID, "a control character stands in a field of one line", pointer=pointer)
    return line


def clean_address(kind: str, text: str, pointer: str = "/address") -> str:
    """Return an endpoint's address as it is used.

    Raises:
        Refused: `INVALID`.
    """
    address = text.strip()
    if kind not in _ADDRESSES:
        raise Refused(Code.INVALID, f"an endpoint added so is of the kind {', '.join(_ADDRESSES)}", pointer="/kind")
    form, what = _ADDRESSES[kind]
    if len(address) > MAX_ADDRESS or not form.fullmatch(address) or ".." in address:
        raise Refused(Code.INVALID, f"not {what}", pointer=pointer)
    return address


def clean_source(text: str, pointer: str = "/source") -> str:
    """Return the name of an integration: the space of its identities, so never to be confused with another.

    Raises:
        Refused: `INVALID`.
    """
    if not _SOURCE.fullmatch(text) or text.startswith("dev_") or text == "wardwire":
        raise Refused(
            Code.INVALID, "a source is 1 to 60 of a-z, 0-9, '.', '_', '-', and not one of our own", pointer=pointer
        )
    return text
