"""What SCIM's bodies look like, for the description of the interface: what is kept here of RFC 7643 and 7644.

More may be said than is listed: what is not known is kept or passed over, as docs/reference/scim.md has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wardwire.model.scim.schema import GROUPS, USERS

Schema = Mapping[str, Any]
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
REFUSAL = "ScimError"

_TEXT: Schema = {"type": "string"}
_FLAG: Schema = {"type": "boolean"}


def _object(required: tuple[str, ...] = (), /, **properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required)}


def _list(items: Schema, **more: Any) -> Schema:
    return {"type": "array", "items": items, **more}


def _schemas(urn: str) -> Schema:
    return _list({"const": urn}, minItems=1)


def _more(urn: str) -> Schema:
    """The schemas of a resource: its own, and what extends it."""
    return _list(_TEXT, contains={"const": urn})


_NAMED = {"type": "string", "minLength": 1, "maxLength": 100, "pattern": "^[a-z0-9.@]+$"}
_NAME = _object(familyName=_TEXT, givenName=_TEXT, formatted=_TEXT)
_VALUE = _object(value=_TEXT, type=_TEXT, primary=_FLAG)
_MEMBER = _object(("value",), value=_TEXT, display=_TEXT, type=_TEXT)
_META = _object(("resourceType", "location"), resourceType=_TEXT, location=_TEXT, version=_TEXT, created=_TEXT)
_USER = {
    "externalId": _TEXT, "displayName": _TEXT, "nickName": _TEXT, "title": _TEXT, "active": _FLAG, "name": _NAME,
    "emails": _list(_VALUE), "phoneNumbers": _list(_VALUE),
}  # fmt: skip
_CHANGE = _object(("op",), op={"enum": ["add", "replace", "remove"]}, path=_TEXT, value={})
_GROUP = {"externalId": _TEXT, "members": _list(_MEMBER)}

# Whoever asks for some attributes alone is given the schemas, the id, and those.
SHAPES: Mapping[str, Schema] = {
    REFUSAL: {
        **_object(
            ("schemas", "status", "detail"),
            schemas=_schemas(ERROR),
            detail=_TEXT,
            scimType=_TEXT,
            status={"type": "string", "pattern": "^[45][0-9][0-9]$"},
        ),
        "additionalProperties": False,
        "description": "Why something was not done (RFC 7644 section 3.12).",
    },
    "ScimUserIn": _object(("schemas", "userName"), schemas=_schemas(USERS.urn), userName=_NAMED, **_USER),
    "ScimUser": _object(("schemas", "id"), schemas=_more(USERS.urn), id=_TEXT, userName=_TEXT, meta=_META, **_USER),
    "ScimGroupIn": _object(("schemas", "displayName"), schemas=_schemas(GROUPS.urn), displayName=_NAMED, **_GROUP),
    "ScimGroup": _object(
        ("schemas", "id"), schemas=_more(GROUPS.urn), id=_TEXT, displayName=_TEXT, meta=_META, **_GROUP
    ),
    "ScimPatch": _object(
        ("schemas", "Operations"), schemas=_schemas(PATCH), Operations=_list(_CHANGE, minItems=1, maxItems=20)
    ),
    "ScimSearch": _object(
        ("schemas",),
        schemas=_schemas(SEARCH),
        filter=_TEXT,
        attributes=_list(_TEXT),
        excludedAttributes=_list(_TEXT),
        startIndex={"type": "integer"},
        count={"type": "integer"},
    ),
    "ScimList": _object(
        ("schemas", "totalResults", "Resources"),
        schemas=_schemas(LIST),
        Resources=_list({"type": "object"}),
        totalResults={"type": "integer", "minimum": 0},
        startIndex={"type": "integer", "minimum": 1},
        itemsPerPage={"type": "integer", "minimum": 0},
    ),
    "ScimDescription": _object(
        ("schemas", "meta"), schemas=_list(_TEXT, minItems=1), meta=_object(("resourceType",), resourceType=_TEXT)
    ),
}
