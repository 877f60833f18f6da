"""A person as a user of SCIM, and what a user of SCIM makes of a person.

What was said of a user is kept as it was said. What has a home in the directory (names, title, department, numbers,
whether they are disabled) is the directory's: shown as it is now, whoever has changed it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from wardwire.model.details import NO_DETAILS, Details, change_details
from wardwire.model.errors import Refused
from wardwire.model.names import clean_address, clean_line, clean_name
from wardwire.model.people import Endpoint, Person
from wardwire.model.scim.refusals import INVALID_VALUE, refuse
from wardwire.model.scim.schema import ENTERPRISE, Resource

# Which kind of endpoint a number becomes, by its type; without a country a mobile number gets no SMS.
_WAYS = {"work": ("phone",), "mobile": ("sms", "phone"), "pager": ("pager",)}
_FOUND_BY = frozenset({"work", "mobile", "pager"})
# What stands in a user, and is kept elsewhere than in what was said.
_ELSEWHERE = frozenset({"id", "meta", "schemas", "userName", "externalId", "active"})


class Wanted(NamedTuple):
    """What a user makes of a person.

    Attributes:
        numbers: By which they are found.
        ways: (kind, address) of the endpoints that they are to have, in order.
        unfit: Pointers to what was said and cannot be used: a number that is none, a picture that is nowhere.
    """

    name: str = ""
    title: str = ""
    given: str = ""
    family: str = ""
    preferred: str = ""
    department: str = ""
    language: str = ""
    photo: str = ""
    numbers: tuple[str, ...] = ()
    ways: tuple[tuple[str, str], ...] = ()
    unfit: tuple[str, ...] = ()


NOTHING = Wanted()


def user_name_of(user: Resource) -> str:
    """Return the name by which a user signs in elsewhere.

    Raises:
        Refused: `INVALID` with `invalidValue`.
    """
    name = clean_line(user.get("userName", ""), "/userName", 254)
    if not name:
        raise refuse(INVALID_VALUE, "userName must be there", pointer="/userName")
    return name


def said_of(user: Resource) -> Resource:
    """Return what is kept of a user as it was said."""
    return {name: value for name, value in user.items() if name not in _ELSEWHERE}


def wanted_of(said: Resource, user_name: str) -> Wanted:
    """Return what a user makes of a person.

    Raises:
        Refused: As names are (model/names.py). What only makes a way to reach somebody is passed over where it is
            unfit: a leaver is not kept because of a number.
    """
    name: Mapping[str, str] = said.get("name", {})
    unfit: list[str] = []
    numbers, ways = _reached(said, unfit)
    return Wanted(
        name=clean_name(_called(said, user_name), "/displayName"),
        title=clean_line(said.get("title", ""), "/title"),
        given=clean_line(name.get("givenName", ""), "/name/givenName"),
        family=clean_line(name.get("familyName", ""), "/name/familyName"),
        preferred=clean_line(said.get("nickName", ""), "/nickName"),
        department=clean_line(said.get(ENTERPRISE, {}).get("department", ""), f"/{ENTERPRISE}/department"),
        language=_fit("languages", _tag(said.get("preferredLanguage", "")), "/preferredLanguage", unfit),
        photo=_photo(said, unfit),
        numbers=tuple(dict.fromkeys(numbers)),
        ways=tuple(dict.fromkeys(ways)),
        unfit=tuple(unfit),
    )


def _called(said: Resource, user_name: str) -> str:
    """Return the best name that there is."""
    name: Mapping[str, str] = said.get("name", {})
    parts = " ".join(part for part in (name.get("givenName", ""), name.get("familyName", "")) if part)
    return unicodedata.normalize(
        "NFC", said.get("displayName") or name.get("formatted") or parts or user_name
    ).strip()


def _reached(said: Resource, unfit: list[str]) -> tuple[list[str], list[tuple[str, str]]]:
    numbers: list[str] = []
    ways: list[tuple[str, str]] = []
    for nth, one in enumerate(said.get("emails", ())):
        if one.get("type", "work").lower() == "work" and one.get("value"):
            _add_way(ways, ("email",), one["value"], f"/emails/{nth}", unfit)
    for nth, one in enumerate(said.get("phoneNumbers", ())):
        kind, at = one.get("type", "work").lower(), f"/phoneNumbers/{nth}"
        if kind not in _FOUND_BY or not one.get("value"):
            continue
        written = one["value"].strip().removeprefix("tel:").strip()
        if kind != "pager" and not _fit("phones", written, at, unfit):
            continue
        if kind != "pager" or _fit("phones", written, at, []):
            numbers.append(written)
        _add_way(ways, _WAYS[kind], written, at, unfit)
    return numbers, ways


def _add_way(ways: list[tuple[str, str]], kinds: Iterable[str], written: str, at: str, unfit: list[str]) -> None:
    for kind in kinds:
        try:
            ways.append((kind, clean_address(kind, written)))
            return
        except Refused:
            continue
    unfit.append(at)


def _photo(said: Resource, unfit: list[str]) -> str:
    first = next((one["value"] for one in said.get("photos", ()) if one.get("value")), "")
    return _fit("photo", first, "/photos", unfit)


def _fit(field: str, value: str, at: str, unfit: list[str]) -> str:
    try:
        change_details(NO_DETAILS, {field: value if field == "photo" else [value]})
    except Refused:
        unfit.append(at)
        return ""
    return value


def _tag(text: str) -> str:
    """Return the first tag of what may be a header of languages: `en_US`, `en-US,en;q=0.8`."""
    return text.partition(",")[0].partition(";")[0].strip().replace("_", "-")


def apply_to(person: Person, old: Wanted, new: Wanted, source: str, external_id: str) -> Person:
    """Return a person as a user makes them: of several values only those change that the user has said before.

    Raises:
        Refused: As model/details.py.
    """
    known = person.details
    changes: dict[str, Any] = {
        "given": new.given,
        "family": new.family,
        "preferred": new.preferred,
        "departments": _swap(known.departments, (old.department,), (new.department,)),
        "languages": _swap(known.languages, (old.language,), (new.language,)),
        "phones": _swap(known.phones, old.numbers, new.numbers),
        "external_ids": {source: external_id},
    }
    if new.photo or old.photo:
        changes["photo"] = new.photo
    return replace(person, name=new.name, title=new.title, details=change_details(known, changes))


def _swap(there: Iterable[str], old: Iterable[str], new: Iterable[str]) -> list[str]:
    wanted, gone = [one for one in new if one], frozenset(old)
    return [*wanted, *(one for one in there if one not in gone and one not in wanted)]


def show_user(
    person: Person, said: Resource | None, user_name: str, endpoints: Iterable[Endpoint], source: str
) -> Resource:
    """Show a person as a user; of whom nothing was said yet, as far as the directory knows them."""
    details = person.details
    user: Resource = dict(said) if said is not None else _of_directory(person, endpoints)
    user["userName"] = user_name
    user["active"] = not person.disabled
    _show(user, "externalId", details.ids_by_source.get(source, ""))
    _show(user, "title", person.title)
    _show(user, "nickName", details.preferred)
    name = dict(user.get("name", {}))
    _show(name, "givenName", details.given)
    _show(name, "familyName", details.family)
    _show(user, "name", name)
    if _called(user, user_name) != person.name:
        user["displayName"] = person.name
    extension = dict(user.get(ENTERPRISE, {}))
    if extension.get("department", "") not in details.departments:
        _show(extension, "department", next(iter(details.departments), ""))
    _show(user, ENTERPRISE, extension)
    if _tag(user.get("preferredLanguage", "")) not in details.languages:
        _show(user, "preferredLanguage", next(iter(details.languages), user.get("preferredLanguage", "")))
    return user


def _of_directory(person: Person, endpoints: Iterable[Endpoint]) -> Resource:
    user: Resource = {}
    there = [endpoint for endpoint in endpoints if not endpoint.disabled]
    types = {"phone": "work", "sms": "mobile", "pager": "pager"}
    _show(user, "emails", [{"value": one.address, "type": "work"} for one in there if one.kind == "email"])
    numbers = [{"value": one.address, "type": types[one.kind]} for one in there if one.kind in types]
    _show(user, "phoneNumbers", numbers)
    return user


def _show(holder: Resource, name: str, value: Any) -> None:
    if value:
        holder[name] = value
    else:
        holder.pop(name, None)


def tell_difference(before: Details, after: Details, fields: Iterable[str]) -> dict[str, object]:
    """Say for a fact what of somebody's details was changed."""
    return {field: getattr(after, field) for field in fields if getattr(after, field) != getattr(before, field)}
