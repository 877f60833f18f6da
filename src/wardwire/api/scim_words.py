"""What SCIM says around its resources: errors, lists, what this server can, what a user and a group are.

Sources: RFC 7644 §3.12 (errors), §3.4.2 (lists), §4 (discovery); RFC 7643 §5–§7.
"""

from __future__ import annotations

from typing import Any

import msgspec

from wardwire.api.operation import Answer, Speech
from wardwire.api.problems import STATUS, headers_of, problem_of
from wardwire.api.scim_shapes import ERROR, LIST, REFUSAL, SHAPES
from wardwire.model.errors import Code, Refused, WardwireError
from wardwire.model.scim.refusals import INVALID_SYNTAX, INVALID_VALUE, UNIQUENESS
from wardwire.model.scim.schema import COMMON, GROUPS, USERS, Kind, Resource

ROOT = "/scim/v2"
MEDIA = "application/scim+json"
# A group of ten thousand with a name beside each.
MAX_BODY = 2 * 1024 * 1024
MOST, USUAL = 500, 100
_CORE = "urn:ietf:params:scim:schemas:core:2.0"
_TYPES = {
    Code.MALFORMED: INVALID_SYNTAX,
    Code.NAME_TAKEN: UNIQUENESS,
    Code.EXTERNAL_ID_TAKEN: UNIQUENESS,
}
_ENCODE = msgspec.json.Encoder().encode


def is_under(path: str) -> bool:
    """Whether an address is of SCIM."""
    return path == ROOT or path.startswith(f"{ROOT}/")


def say(body: Resource, status: int = 200, **headers: str) -> Answer:
    """Answer with a resource, a list or a description."""
    return Answer(body=_ENCODE(body), status=status, headers=headers, media=MEDIA)


def refuse(error: WardwireError, request_id: str) -> Answer:
    """Say why something was not done. What our codes call unfit (422) is 400 here, with its `scimType`."""
    problem = problem_of(error, request_id)
    code = Code(problem.code)
    # Whom or what a body names and there is not, is a fault of the body and not of the address.
    named = code is Code.NOT_FOUND and isinstance(error, Refused) and bool(error.pointer)
    status = 400 if STATUS[code] == 422 or named else STATUS[code]
    told: Resource = {"schemas": [ERROR], "status": str(status)}
    kind = error.fields.get("scim_type") if isinstance(error, Refused) else None
    kind = kind or _TYPES.get(code) or (INVALID_VALUE if status == 400 else None)
    if kind:
        told["scimType"] = kind
    pointer = error.pointer if isinstance(error, Refused) else ""
    told["detail"] = f"{problem.detail} ({pointer})" if pointer else problem.detail
    return Answer(body=_ENCODE(told), status=status, headers=headers_of(problem), media=MEDIA)


SPEECH = Speech(
    media=frozenset({MEDIA, "application/json"}),
    says=MEDIA,
    most=MAX_BODY,
    refuse=refuse,
    shapes=SHAPES,
    refusal=REFUSAL,
)


def say_list(found: list[Resource], total: int, start: int) -> Answer:
    """Answer with a page of a list; nothing found is an empty one."""
    listed = {"schemas": [LIST], "totalResults": total, "startIndex": start, "itemsPerPage": len(found)}
    return say({**listed, "Resources": found})


def _meta(kind: str, at: str) -> Resource:
    return {"resourceType": kind, "location": f"{ROOT}/{at}"}


def provider_config() -> Resource:
    """Say what this server can (RFC 7643 §5)."""
    return {
        "schemas": [f"{_CORE}:ServiceProviderConfig"],
        "patch": {"supported": True},
        "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": True, "maxResults": MOST},
        "changePassword": {"supported": False},
        "sort": {"supported": False},
        "etag": {"supported": True},
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "API key",
                "description": "Authorization: Bearer with an API key that has the scope directory:sync",
                "primary": True,
            }
        ],
        "meta": _meta("ServiceProviderConfig", "ServiceProviderConfig"),
    }


def resource_type(kind: Kind) -> Resource:
    """Describe a kind of resource (RFC 7643 §6)."""
    return {
        "schemas": [f"{_CORE}:ResourceType"],
        "id": kind.name,
        "name": kind.name,
        "endpoint": kind.endpoint,
        "description": kind.about,
        "schema": kind.urn,
        "schemaExtensions": [{"schema": urn, "required": False} for urn in kind.extensions],
        "meta": _meta("ResourceType", f"ResourceTypes/{kind.name}"),
    }


def _schema(urn: str, name: str, about: str, attributes: Any) -> Resource:
    return {
        "schemas": [f"{_CORE}:Schema"],
        "id": urn,
        "name": name,
        "description": about,
        "attributes": [attribute.told() for attribute in attributes],
        "meta": _meta("Schema", f"Schemas/{urn}"),
    }


def schemas() -> dict[str, Resource]:
    """Describe what a user and a group are, by schema (RFC 7643 §7)."""
    known = {kind.urn: _schema(kind.urn, kind.name, kind.about, kind.core) for kind in (USERS, GROUPS)}
    for urn, attributes in USERS.extensions.items():
        known[urn] = _schema(urn, "EnterpriseUser", "What an enterprise knows of a person.", attributes)
    return known


RESOURCE_TYPES = {kind.name: resource_type(kind) for kind in (USERS, GROUPS)}
SCHEMAS = schemas()


def choose(resource: Resource, kind: Kind, only: str | None, without: str | None) -> Resource:
    """Return of a resource what was asked for (RFC 7644 §3.9); what is always returned stays."""
    if only:
        wanted = _names(only, kind)
        return _only(resource, kind, wanted)
    if without:
        return _without(resource, kind, _names(without, kind))
    return resource


def _names(text: str, kind: Kind) -> dict[tuple[str, str], frozenset[str]]:
    """Read names of attributes: (schema, attribute) -> its parts, none = all of it."""
    found: dict[tuple[str, str], frozenset[str]] = {}
    for written in text.split(","):
        urn, rest = kind.split(written.strip())
        name, _, part = rest.lower().partition(".")
        before = found.get((urn, name))
        parts = frozenset({part} if part else ())
        found[urn, name] = parts if before is None else (before | parts if before and parts else frozenset())
    return found


_ALWAYS = frozenset(attribute.name for attribute in COMMON if attribute.always)


def _only(resource: Resource, kind: Kind, wanted: dict[tuple[str, str], frozenset[str]]) -> Resource:
    kept: Resource = {}
    for name, value in resource.items():
        if name in kind.extensions:
            whole = (name, "") in wanted
            inner = value if whole else {k: v for k, v in value.items() if (name, k.lower()) in wanted}
            if inner:
                kept[name] = inner
        elif name in _ALWAYS:
            kept[name] = value
        elif ("", name.lower()) in wanted:
            parts = wanted["", name.lower()]
            kept[name] = _parts(value, lambda part, parts=parts: not parts or part in parts)
    return kept


def _without(resource: Resource, kind: Kind, unwanted: dict[tuple[str, str], frozenset[str]]) -> Resource:
    kept: Resource = {}
    for name, value in resource.items():
        if name in kind.extensions:
            if (name, "") in unwanted:
                continue
            kept[name] = {k: v for k, v in value.items() if (name, k.lower()) not in unwanted}
        elif name in _ALWAYS or ("", name.lower()) not in unwanted:
            kept[name] = value
        elif parts := unwanted["", name.lower()]:
            kept[name] = _parts(value, lambda part, parts=parts: part not in parts)
    return kept


def _parts(value: Any, keep: Any) -> Any:
    if isinstance(value, list):
        return [_parts(one, keep) for one in value]
    return {k: v for k, v in value.items() if keep(k.lower())} if isinstance(value, dict) else value
