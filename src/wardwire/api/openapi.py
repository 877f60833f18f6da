"""The description of the HTTP interface (OpenAPI 3.1), made from the same operations as the routes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, get_origin

import msgspec

from wardwire.api.identity import HEADER
from wardwire.api.operation import Identity, Operation, Query
from wardwire.api.problems import MEDIA_TYPE, STATUS, Problem
from wardwire.model.errors import MEANING, Code
from wardwire.model.matrix import MATRIX
from wardwire.model.message import MAX_EXTERNAL_ID

_PATH = re.compile(r"\{(\w+)\}")
# What every operation may answer, and what those with a body may besides.
_ALWAYS = (Code.MALFORMED, Code.INVALID, Code.TOO_SLOW, Code.UNAVAILABLE, Code.INTERNAL)
_WITH_KEY = (Code.NOT_AUTHENTICATED, Code.NOT_PERMITTED)
_WITH_BODY = (Code.TOO_LARGE, Code.MEDIA_UNSUPPORTED)
_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "The `ETag` that you decided on: if it was changed since, nothing is done.",
    "schema": {"type": "string"},
    "example": '"17"',
}
JSON = "application/json"
_REF = "#/components/schemas/{name}"


def describe(operations: Iterable[Operation], version: str) -> dict[str, Any]:
    """Make the document."""
    operations = list(operations)
    shapes = _shapes(operations)
    _, components = msgspec.json.schema_components(shapes, ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        described = _operation(operation)
        if links := _links(operation, operations):
            described["responses"]["201"]["links"] = links
        paths.setdefault(operation.path, {})[operation.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Wardwire",
            "version": version,
            "summary": "Clinical messages: stored for good, delivered, answered, retold.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "tags": [{"name": tag} for tag in dict.fromkeys(operation.tag for operation in operations)],
        "paths": paths,
        "components": {
            "schemas": {name: _plain(schema) for name, schema in (components | _foreign(operations)).items()},
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "An API key: `ww_live_…`."}
            },
        },
    }


def _shapes(operations: Iterable[Operation]) -> list[Any]:
    shapes: list[Any] = [Problem]
    for operation in operations:
        shapes += [shape for shape in (operation.body, *operation.answers.values()) if shape is not None]
    return list(dict.fromkeys(shapes))


def _foreign(operations: Iterable[Operation]) -> dict[str, Any]:
    """Return the shapes of protocols of others."""
    speeches = [operation.speech for operation in operations if operation.speech is not None]
    return {name: shape for speech in speeches for name, shape in speech.shapes.items()}


def _plain(schema: Any) -> Any:
    """Make JSON of what msgspec leaves as Python: tuples and structs among the defaults."""
    return msgspec.to_builtins(schema)


def _operation(operation: Operation) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PATH.findall(operation.path)
    ]
    parameters += [_query(query) for query in operation.query]
    if operation.identity is not Identity.NONE:
        parameters.append(_identity(required=operation.identity is Identity.REQUIRED))
    if operation.guarded:
        parameters.append(_IF_MATCH)
    told: dict[str, Any] = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.about.partition(".")[0] + ".",
        "description": operation.about + _rights(operation),
        "responses": _responses(operation),
    }
    if parameters:
        told["parameters"] = parameters
    if operation.open:
        told["security"] = []
    if operation.body is not None:
        media: dict[str, Any] = {"schema": _ref(operation.body, operation.takes)}
        if operation.example is not None:
            media["example"] = operation.example
        types = sorted(operation.speech.media) if operation.speech else (JSON,)
        told["requestBody"] = {"required": True, "content": dict.fromkeys(types, media)}
    return told


def _rights(operation: Operation) -> str:
    if operation.action is None:
        return ""
    scope = MATRIX[operation.action].scope
    words = "; ".join(word for word in (scope, operation.scope) if word)
    return f"\n\nAction: {operation.action}." + (f" Scope: {words}." if words else "")


def _query(query: Query) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": query.kind}
    if query.least is not None:
        schema["minimum"] = query.least
    if query.most is not None:
        schema["maximum"] = query.most
    if query.default is not None:
        schema["default"] = query.default
    return {"name": query.name, "in": "query", "required": False, "description": query.about, "schema": schema}


def _identity(*, required: bool) -> dict[str, Any]:
    about = (
        "Your own id of this request. The same key with the same content gives the first answer again; with other "
        "content it is refused. Kept for 90 days."
    )
    return {
        "name": HEADER,
        "in": "header",
        "required": required,
        "description": about
        + (" Not needed with `dry_run`." if required else " Without one a repeat makes another."),
        "schema": {"type": "string", "minLength": 1, "maxLength": MAX_EXTERNAL_ID, "pattern": "^[!-~]+$"},
        "example": "lab-2026-000123",
    }


def _responses(operation: Operation) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, shape in operation.answers.items():
        told: dict[str, Any] = {"description": _said(shape)}
        if shape is not None:
            says = operation.speech.says if operation.speech else operation.says
            told["content"] = {says: {"schema": _ref(shape, operation.gives)}}
        responses[str(status)] = told
    codes = [*_ALWAYS, *operation.refuses]
    codes += [] if operation.open else _WITH_KEY
    codes += [Code.CHANGED_SINCE] if operation.guarded else []
    codes += _WITH_BODY if operation.body is not None else ()
    by_status: dict[int, list[Code]] = {}
    for code in dict.fromkeys(codes):
        # What is unfit is 400 where others have laid down what an answer is (api/scim_words.py).
        status = 400 if operation.speech and STATUS[code] == 422 else STATUS[code]
        by_status.setdefault(status, []).append(code)
    speech = operation.speech
    refusal = {speech.says: {"schema": _ref(dict[str, Any], speech.refusal)}} if speech else None
    for status, there in sorted(by_status.items()):
        responses[str(status)] = {
            "description": "\n\n".join(f"`{code}`: {MEANING[code]}" for code in there),
            "content": refusal or {MEDIA_TYPE: {"schema": _ref(Problem)}},
        }
    return responses


def _links(operation: Operation, operations: Iterable[Operation]) -> dict[str, Any]:
    """Say what can be done with what was made, by its id: `POST /v1/people` leads to `GET /v1/people/{person_id}`."""
    shape = operation.answers.get(201)
    if shape is None:
        return {}
    fields = {"id"} if _is_foreign(shape) else {field.encode_name for field in msgspec.structs.fields(shape)}
    links: dict[str, Any] = {}
    for other in operations:
        names = _PATH.findall(other.path)
        if len(names) != 1:
            continue
        thing = names[0].removesuffix("_id")
        within = other.path.startswith(f"{operation.path}/{{") or operation.path.endswith(f"/{thing}s")
        field = "id" if "id" in fields else thing
        if within and field in fields:
            where = {f"path.{names[0]}": f"$response.body#/{field}"}
            links[other.id] = {"operationId": other.id, "parameters": where}
    return links


def _said(shape: Any) -> str:
    if _is_foreign(shape):
        return "A resource, a list or a description."
    return (shape.__doc__ or "").strip().partition("\n")[0] if shape is not None else "Done."


def _is_foreign(shape: Any) -> bool:
    """Whether a shape is an object of somebody else's description, such as RFC 7643."""
    return get_origin(shape) is dict


def _ref(shape: Any, foreign: str = "") -> dict[str, str]:
    if _is_foreign(shape):
        return {"$ref": _REF.format(name=foreign)} if foreign else {"type": "object"}
    return {"$ref": _REF.format(name=shape.__name__)}
