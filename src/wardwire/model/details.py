"""What is known of a person beyond their name: other names, departments, languages, numbers, ids elsewhere.

None of it decides whom a message reaches; it is what people are found by, and what other systems know them by.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from wardwire.model.errors import Code, Refused
from wardwire.model.names import clean_line

MAX_MANY = 10
MAX_IDS = 20
MAX_ID = 200
MAX_PHOTO = 500

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_PHONE = re.compile(r"\+?[0-9*#][0-9*#() ./-]{0,38}")
_PHOTO = re.compile(r"https://[!-~]+|[A-Za-z0-9_-][A-Za-z0-9._/-]*")
_SOURCE = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What is known of a person beyond their name; what is not known is empty.

    Attributes:
        preferred: What colleagues call them, e.g. a nickname.
        spoken: How the name is said aloud.
        sort: Where they stand in a list; empty = by family name.
        location: Where they work, as people say it.
        languages: Tags of BCP 47, e.g. `de`, `pt-BR`.
        photo: Where their picture is: an https address, or a path below the site's pictures.
        phones: Extensions and numbers that they are found by; a message reaches them by endpoints alone.
        external_ids: (source, id), by source, one of each: who they are in another system.
    """

    given: str = ""
    family: str = ""
    preferred: str = ""
    spoken: str = ""
    sort: str = ""
    departments: tuple[str, ...] = ()
    location: str = ""
    languages: tuple[str, ...] = ()
    photo: str = ""
    phones: tuple[str, ...] = ()
    external_ids: tuple[tuple[str, str], ...] = ()

    @property
    def ids_by_source(self) -> dict[str, str]:
        """The ids elsewhere, by source."""
        return dict(self.external_ids)

    @property
    def other_names(self) -> tuple[str, ...]:
        """By which else they are called and found; some may be empty."""
        return self.given, self.family, self.preferred, self.spoken

    @property
    def sorted_by(self) -> str:
        """Where they stand in a list; empty when that is by their name."""
        return self.sort or f"{self.family} {self.given}".strip()


NO_DETAILS = Details()
LINES = ("given", "family", "preferred", "spoken", "sort", "location")
FIELDS = (*LINES, "departments", "languages", "photo", "phones", "external_ids")


def change_details(before: Details, changes: Mapping[str, Any]) -> Details:
    """Return details with some fields replaced, each in its normal form.

    Args:
        changes: By field. `external_ids` maps sources to ids: "" takes one away, a source that is not named stays.

    Raises:
        Refused: `INVALID`, `TEXT_TOO_LONG` or `TOO_MANY`, pointing at the field.
    """
    done: dict[str, Any] = {}
    for field, value in changes.items():
        at = f"/{field}"
        if field in LINES:
            done[field] = clean_line(value, at)
        elif field == "external_ids":
            done[field] = _ids({**before.ids_by_source, **value}, at)
        elif field == "photo":
            done[field] = _photo(value, at)
        else:
            done[field] = _many(value, _EACH[field], at)
    return replace(before, **done)


def _many(values: Iterable[str], clean: Callable[[str, str], str], at: str) -> tuple[str, ...]:
    cleaned = dict.fromkeys(clean(value, f"{at}/{nth}") for nth, value in enumerate(values))
    cleaned.pop("", None)
    if len(cleaned) > MAX_MANY:
        raise Refused(Code.TOO_MANY, f"at most {MAX_MANY}", pointer=at)
    return tuple(cleaned)


def _language(text: str, at: str) -> str:
    tag = clean_line(text, at)
    if tag and not _LANGUAGE.fullmatch(tag):
        raise Refused(Code.INVALID, "not a language tag such as de or pt-BR", pointer=at)
    return tag


def _phone(text: str, at: str) -> str:
    number = clean_line(text, at)
    if number and not _PHONE.fullmatch(number):
        raise Refused(Code.INVALID, "not a number or an extension, such as +49 30 1234 or 4711", pointer=at)
    return number


def _photo(text: str, at: str) -> str:
    photo = clean_line(text, at, MAX_PHOTO)
    if photo and (not _PHOTO.fullmatch(photo) or ".." in photo):
        raise Refused(Code.INVALID, "not an https address, nor a path without ..", pointer=at)
    return photo


def _ids(wanted: Mapping[str, str], at: str) -> tuple[tuple[str, str], ...]:
    found = []
    for source, text in sorted(wanted.items()):
        if not _SOURCE.fullmatch(source):
            raise Refused(Code.INVALID, "a source is 1 to 60 of a-z, 0-9, '.', '_', '-'", pointer=at)
        value = clean_line(text, f"{at}/{source}", MAX_ID)
        if value:
            found.append((source, value))
    if len(found) > MAX_IDS:
        raise Refused(Code.TOO_MANY, f"at most {MAX_IDS}", pointer=at)
    return tuple(found)


_EACH: Mapping[str, Callable[[str, str], str]] = {
    "departments": clean_line,
    "languages": _language,
    "phones": _phone,
}
