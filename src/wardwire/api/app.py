"""The HTTP interface as an ASGI application. Everything that it stands on is given, so that it runs in a test.

Litestar finds the route; what comes in is read here, once, the same way for every operation, and whatever goes
wrong becomes a problem document.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import msgspec
import structlog
from litestar import HttpMethod, Litestar, Request, Response
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.response import Stream

from wardwire.access.break_glass import note_look
from wardwire.access.callers import CredentialRefused, caller_of_key
from wardwire.access.door import NotPermitted, admit, decide, passed
from wardwire.api import (
    accounts,
    alarms,
    audit,
    break_glass,
    device_register,
    device_settings,
    devices,
    drafts,
    drills,
    endpoint_tests,
    entries,
    escalations,
    events,
    figures,
    groups,
    handovers,
    integrations,
    keys,
    lost,
    meanings,
    messages,
    oidc,
    oncall,
    oncall_timeline,
    paper,
    passkeys,
    people,
    places,
    preferences,
    reminders,
    roles,
    rosters,
    scim,
    search,
    sent,
    sessions,
    shared_devices,
    site,
    sources,
    ties,
    traces,
    unit_roles,
    who,
)
from wardwire.api.openapi import describe
from wardwire.api.operation import Answer, Call, Deps, Found, Operation, Query, Speech
from wardwire.api.problems import MEDIA_TYPE, Problem, headers_of, problem_of
from wardwire.api.reading import read_json
from wardwire.flow.deny import Denied
from wardwire.model.credentials import TOKEN
from wardwire.model.errors import MEANING, Code, Refused, WardwireError
from wardwire.model.matrix import BREAKABLE, Reach, reaches
from wardwire.model.rights import Caller

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

# Where a request's scope holds what its answer stands on.
DEPS = "wardwire.deps"
MAX_BODY = 48 * 1024
BODY_PATIENCE_S = 10.0
_NOBODY = Caller(source="", scopes=frozenset())
_JSON = frozenset({"application/json"})
_ENCODE = msgspec.json.Encoder().encode

SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Strict-Transport-Security": "max-age=31536000",
}

log = structlog.get_logger("wardwire.api")

OPERATIONS: tuple[Operation, ...] = (
    *messages.OPERATIONS,
    *events.OPERATIONS,
    *traces.OPERATIONS,
    *sent.OPERATIONS,
    *escalations.OPERATIONS,
    *drills.OPERATIONS,
    *devices.OPERATIONS,
    *device_register.OPERATIONS,
    *device_settings.OPERATIONS,
    *shared_devices.OPERATIONS,
    *lost.OPERATIONS,
    *people.OPERATIONS,
    *groups.OPERATIONS,
    *roles.OPERATIONS,
    *keys.OPERATIONS,
    *ties.OPERATIONS,
    *rosters.OPERATIONS,
    *sources.OPERATIONS,
    *endpoint_tests.OPERATIONS,
    *oncall.OPERATIONS,
    *oncall_timeline.OPERATIONS,
    *places.OPERATIONS,
    *search.OPERATIONS,
    *entries.OPERATIONS,
    *drafts.OPERATIONS,
    *unit_roles.OPERATIONS,
    *preferences.OPERATIONS,
    *meanings.OPERATIONS,
    *reminders.OPERATIONS,
    *alarms.OPERATIONS,
    *handovers.OPERATIONS,
    *paper.OPERATIONS,
    *audit.OPERATIONS,
    *figures.OPERATIONS,
    *site.OPERATIONS,
    *integrations.OPERATIONS,
    *accounts.OPERATIONS,
    *who.OPERATIONS,
    *passkeys.OPERATIONS,
    *sessions.OPERATIONS,
    *break_glass.OPERATIONS,
    *oidc.OPERATIONS,
    *scim.OPERATIONS,
)


# What the paths here begin with; whatever else shares the port has other ones.
ROOTS = frozenset(operation.path.split("/")[1] for operation in OPERATIONS) | {"errors", "openapi.json"}


def make_api(deps: Deps, operations: Sequence[Operation] = OPERATIONS) -> Asgi:
    """Make the application."""
    routes = _routes(deps.version) if operations is OPERATIONS else make_routes(deps.version, operations)

    async def api(scope: Scope, receive: Receive, send: Send) -> None:
        scope[DEPS] = deps
        await routes(scope, receive, send)  # type: ignore[arg-type]

    return api


def make_routes(version: str, operations: Sequence[Operation] = OPERATIONS) -> Litestar:
    """Make what finds the operation of a request; what its answer stands on comes with it, in its scope's `DEPS`."""
    document = _ENCODE(describe(operations, version))
    # First, because Litestar otherwise makes its own of the first method that it sees of a path.
    handlers = _options(operations)
    handlers += [_route(operation) for operation in operations]
    handlers.append(_fixed("/openapi.json", document, "application/json"))
    handlers.append(_meaning())
    return Litestar(
        route_handlers=handlers,
        openapi_config=None,
        request_max_body_size=MAX_BODY,
        exception_handlers={HTTPException: _on_http, Exception: _on_fault},
        response_headers=[],
        logging_config=None,
    )


# Hundreds of routes take half a second to make, and are the same for everybody.
_routes = lru_cache(maxsize=1)(make_routes)


def _route(operation: Operation) -> HTTPRouteHandler:
    async def handle(request: Request[Any, Any, Any]) -> Response[Any]:
        deps: Deps = request.scope[DEPS]  # type: ignore[literal-required]
        request_id = _new_request_id()
        bound = {"request": request_id, "operation": operation.id}
        if "message_id" in request.path_params:
            bound["message"] = str(request.path_params["message_id"])[:40]
        structlog.contextvars.bind_contextvars(**bound)
        caller, reach = _NOBODY, Reach.NO
        try:
            if not operation.open:
                caller = await _caller(request, deps)
                reach = admit(caller, operation.action)
            call = await _read(operation, deps, request, caller, request_id)
            if not operation.open:
                call = await _pass(operation, call, reach)
            return _answer(await operation.handler(call), request_id)
        except WardwireError as error:
            _note(error, caller, operation, deps)
            return _refuse(error, request_id, operation.speech)
        except HTTPException:
            raise
        except Exception:
            log.exception("request_failed")
            return _refuse(WardwireError(), request_id, operation.speech)
        finally:
            structlog.contextvars.unbind_contextvars(*bound)

    path = operation.path.replace("}", ":str}")
    return HTTPRouteHandler(
        path,
        http_method=HttpMethod(operation.method),
        name=operation.id,
        status_code=200,
        include_in_schema=False,
        request_max_body_size=operation.speech.most if operation.speech else operation.most or MAX_BODY,
    )(handle)


async def _read(
    operation: Operation, deps: Deps, request: Request[Any, Any, Any], caller: Caller, request_id: str
) -> Call:
    headers = {name.lower(): value for name, value in request.headers.items()}
    speech = operation.speech
    query = _read_query(operation.query, request.query_params.multi_items(), others=speech is not None)
    raw = b""
    body: Any = None
    if operation.body is not None:
        _check_media(headers, speech.media if speech else _JSON)
        try:
            async with asyncio.timeout(BODY_PATIENCE_S):
                raw = await request.body()
        except TimeoutError:
            raise Refused(Code.TOO_SLOW, f"the body did not come within {BODY_PATIENCE_S:g} s") from None
        if len(raw) > MAX_BODY:
            body = await asyncio.to_thread(read_json, raw, operation.body)
        else:
            body = read_json(raw, operation.body)
    path = {name: str(value) for name, value in request.path_params.items()}
    return Call(
        deps=deps,
        caller=caller,
        operation=operation.id,
        request_id=request_id,
        path=path,
        query=query,
        headers=headers,
        cookies=request.cookies,
        body=body,
        raw=raw,
        address=request.client.host if request.client else "",
    )


async def _pass(operation: Operation, call: Call, reach: Reach) -> Call:
    """Let a caller through whose reach goes as far as what they ask for."""
    assert operation.action is not None
    found = Found(()) if operation.find is None else await operation.find(call)
    if reach is not Reach.ANY and not operation.narrows:
        decide(call.caller, operation.action, found.owners)
    if call.caller.broken is not None:
        await _note_look(operation, call, found)
    return replace(call, caller=passed(call.caller, operation.action), thing=found.thing)


async def _note_look(operation: Operation, call: Call, found: Found) -> None:
    """Write down what is seen by break-glass access alone, before it is seen."""
    assert operation.action is not None
    without = replace(call.caller, broken=None)
    if operation.action in BREAKABLE and not reaches(without, operation.action, found.owners):
        message_id = getattr(found.thing, "id", None)
        await note_look(sessions.accounts_of(call.deps), call.caller, operation.action, message_id)


async def _caller(request: Request[Any, Any, Any], deps: Deps) -> Caller:
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    credential = credential.strip() if scheme.lower() == "bearer" else ""
    if not credential:
        credential = sessions.token_of(request.method, request.headers, request.cookies)
    if not credential:
        detail = "this needs Authorization: Bearer, with an API key (ww_live_…) or the token of a session (ww_ses_…)"
        raise Refused(Code.NOT_AUTHENTICATED, detail)
    if deps.signed_in is not None or credential.startswith(TOKEN):
        return await (deps.signed_in or sessions.caller_of)(deps, credential)
    return caller_of_key(deps.rules().directory, credential)


def _check_media(headers: Mapping[str, str], known: frozenset[str]) -> None:
    kind, _, parameters = headers.get("content-type", "").partition(";")
    charset = parameters.strip().lower().replace(" ", "").replace('"', "")
    if kind.strip().lower() not in known or charset not in ("", "charset=utf-8"):
        raise Refused(Code.MEDIA_UNSUPPORTED, "the body must be application/json in UTF-8")
    if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise Refused(Code.MEDIA_UNSUPPORTED, "the body must not be compressed")


def _read_query(known: Iterable[Query], given: Iterable[tuple[str, Any]], *, others: bool) -> dict[str, Any]:
    """Read the query. With `others`, fields that are not known are passed over."""
    fields = {query.name: query for query in known}
    values: dict[str, Any] = {name: query.default for name, query in fields.items()}
    seen: set[str] = set()
    for name, text in given:
        query = fields.get(name)
        if query is None and others:
            continue
        if query is None or name in seen:
            detail = "there is no such query field" if query is None else "this query field stands twice"
            raise Refused(Code.INVALID, detail, parameter=name[:60])
        seen.add(name)
        values[name] = _read_field(query, str(text))
    return values


def _read_field(query: Query, text: str) -> Any:
    if query.kind == "boolean":
        if text in ("true", "false"):
            return text == "true"
        raise Refused(Code.INVALID, "true or false", parameter=query.name)
    if query.kind == "integer":
        if text.isascii() and text.isdigit() and len(text) < 10:
            number = int(text)
            if (query.least is None or number >= query.least) and (query.most is None or number <= query.most):
                return number
        raise Refused(Code.INVALID, f"a number from {query.least} to {query.most}", parameter=query.name)
    if len(text) > query.longest or not text.isprintable():
        raise Refused(Code.INVALID, f"at most {query.longest} printable characters", parameter=query.name)
    return text


def _note(error: WardwireError, caller: Caller, operation: Operation, deps: Deps) -> None:
    """Count a refused credential or right; of those who are known, write it down, not too often."""
    hidden = isinstance(error, NotPermitted)
    if not isinstance(error, Refused) or not (hidden or error.code in (Code.NOT_AUTHENTICATED, Code.NOT_PERMITTED)):
        return
    code = Code.NOT_PERMITTED if hidden else error.code
    deps.denied(code)
    who = caller.source
    if isinstance(error, CredentialRefused):
        who = error.who
    if not who:
        return
    count = deps.refusals.refused(who, code, deps.clock.now())
    if count:
        action = operation.action or ""
        deps.writer.put(Denied(who=who, code=code, door=f"api:{operation.id}", action=action, count=count))


def _answer(answer: Answer, request_id: str) -> Response[Any]:
    headers = {**SECURITY_HEADERS, "X-Request-Id": request_id, **answer.headers}
    if isinstance(answer.body, AsyncIterator):
        return Stream(answer.body, status_code=answer.status, headers=headers, media_type=answer.media)
    body = b"" if answer.body is None else answer.body if isinstance(answer.body, bytes) else _ENCODE(answer.body)
    return Response(body, status_code=answer.status, headers=headers, media_type=answer.media)


def _refuse(error: WardwireError, request_id: str, speech: Speech | None = None) -> Response[Any]:
    if speech is not None:
        return _answer(speech.refuse(error, request_id), request_id)
    return _tell(problem_of(error, request_id), {})


def _tell(problem: Problem, headers: Mapping[str, str]) -> Response[bytes]:
    told = {**SECURITY_HEADERS, "X-Request-Id": problem.request_id, **headers_of(problem), **headers}
    return Response(_ENCODE(problem), status_code=problem.status, headers=told, media_type=MEDIA_TYPE)


def _on_http(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """What Litestar itself refuses: no such route, no such method, a body that is too large."""
    code = {
        404: Code.NOT_FOUND,
        405: Code.METHOD_UNSUPPORTED,
        413: Code.TOO_LARGE,
        400: Code.MALFORMED,
    }.get(error.status_code, Code.INTERNAL)
    detail = {
        Code.NOT_FOUND: "there is no such address",
        Code.TOO_LARGE: "the body is larger than this address takes",
    }.get(code, "")
    if code is Code.INTERNAL:
        log.error("request_failed", status=error.status_code)
    kept = {k: v for k, v in (error.headers or {}).items() if k.lower() == "allow"}
    if scim.is_under(request.url.path):
        refused = scim.refuse(Refused(code, detail), "")
        return _answer(replace(refused, headers={**refused.headers, **kept}), _new_request_id())
    return _tell(problem_of(Refused(code, detail), _new_request_id()), kept)


def _on_fault(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    log.error("request_failed", exc_info=error)
    return _refuse(WardwireError(), _new_request_id())


def _options(operations: Sequence[Operation]) -> list[HTTPRouteHandler]:
    """Make the answers to OPTIONS: the methods of each path."""
    methods: dict[str, list[str]] = {}
    for operation in operations:
        methods.setdefault(operation.path, []).append(operation.method)
    return [_allow(path, ", ".join([*there, "OPTIONS"])) for path, there in methods.items()]


def _allow(path: str, methods: str) -> HTTPRouteHandler:
    async def handle() -> Response[bytes]:
        return Response(b"", status_code=204, headers={**SECURITY_HEADERS, "Allow": methods})

    return HTTPRouteHandler(
        path.replace("}", ":str}"), http_method=HttpMethod.OPTIONS, status_code=200, include_in_schema=False
    )(handle)


def _fixed(path: str, body: bytes, media_type: str) -> HTTPRouteHandler:
    async def handle() -> Response[bytes]:
        return Response(body, headers=SECURITY_HEADERS, media_type=media_type)

    return HTTPRouteHandler(path, http_method=HttpMethod.GET, status_code=200, include_in_schema=False)(handle)


def _meaning() -> HTTPRouteHandler:
    """Serve the page that `type` of a problem names."""

    async def handle(request: Request[Any, Any, Any]) -> Response[bytes]:
        code = str(request.path_params["code"])
        if code not in MEANING:
            return _refuse(Refused(Code.NOT_FOUND, "there is no such code"), _new_request_id())
        text = f"{code}\n\n{MEANING[Code(code)]}\n"
        kind = "text/plain; charset=utf-8"
        return Response(text.encode(), headers=SECURITY_HEADERS, media_type=kind)

    return HTTPRouteHandler(
        "/errors/{code:str}", http_method=HttpMethod.GET, status_code=200, include_in_schema=False
    )(handle)


def _new_request_id() -> str:
    return f"req_{secrets.token_hex(8)}"
