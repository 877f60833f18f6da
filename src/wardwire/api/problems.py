"""What is answered over HTTP instead of a result: problem documents (RFC 9457). The one table code -> status."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from wardwire.model.errors import MEANING, Code, Refused, Unavailable, Unknown, WardwireError

MEDIA_TYPE = "application/problem+json"

STATUS: Mapping[Code, int] = MappingProxyType(
    {
        Code.MALFORMED: 400,
        Code.INVALID: 422,
        Code.TOO_LARGE: 413,
        Code.TOO_MANY: 422,
        Code.VERSION_UNSUPPORTED: 400,
        Code.ID_REUSED: 409,
        Code.NOT_AUTHENTICATED: 401,
        Code.NOT_PERMITTED: 403,
        Code.SECOND_FACTOR_NEEDED: 401,
        Code.PASSWORD_WEAK: 422,
        Code.NOT_FOUND: 404,
        Code.PROOF_INVALID: 403,
        Code.SESSION_UNKNOWN: 409,
        Code.SESSION_REPLACED: 409,
        Code.DEVICE_REVOKED: 403,
        Code.CODE_EXPIRED: 410,
        Code.RECIPIENT_UNKNOWN: 422,
        Code.RECIPIENT_AMBIGUOUS: 422,
        Code.RECIPIENT_DISABLED: 422,
        Code.GROUP_EMPTY: 422,
        Code.GROUP_CYCLE: 422,
        Code.ROLE_VACANT: 422,
        Code.PLACE_UNKNOWN: 422,
        Code.POLICY_UNKNOWN: 422,
        Code.POLICY_INVALID: 422,
        Code.UNREACHABLE_END: 422,
        Code.NOT_SIMULATED: 409,
        Code.APPROVAL_REQUIRED: 409,
        Code.CODE_RUNNING: 409,
        Code.ZONE_UNKNOWN: 422,
        Code.SCHEDULE_INVALID: 422,
        Code.FALLBACK_REQUIRED: 422,
        Code.CALENDAR_INVALID: 422,
        Code.COVERAGE_LOOP: 422,
        Code.COVER_REQUIRED: 422,
        Code.TEXT_BLANK: 422,
        Code.TEXT_TOO_LONG: 422,
        Code.CHOICES_INVALID: 422,
        Code.EXPIRY_NOT_ALLOWED: 422,
        Code.EXPIRY_PAST: 422,
        Code.RESPONSE_NOT_OFFERED: 422,
        Code.ALREADY_ENDED: 409,
        Code.TOO_LATE: 409,
        Code.CURSOR_AHEAD: 409,
        Code.RATE_LIMITED: 429,
        Code.OVERLOADED: 503,
        Code.DISK_LOW: 503,
        Code.NO_STANDBY: 503,
        Code.UNAVAILABLE: 503,
        Code.COMMIT_UNKNOWN: 503,
        Code.NAME_TAKEN: 409,
        Code.CONFLICT: 409,
        Code.CHANGED_SINCE: 412,
        Code.EXTERNAL_ID_TAKEN: 409,
        Code.ROSTER_INVALID: 422,
        Code.REMOVALS_UNCONFIRMED: 409,
        Code.LAST_ADMINISTRATOR: 409,
        Code.METHOD_UNSUPPORTED: 405,
        Code.NOT_IMPLEMENTED: 501,
        Code.MEDIA_UNSUPPORTED: 415,
        Code.TOO_SLOW: 408,
        Code.INTERNAL: 500,
    }
)

# Seconds after which a repeat may help.
RETRY_AFTER: Mapping[Code, int] = MappingProxyType(
    {
        Code.RATE_LIMITED: 1,
        Code.OVERLOADED: 1,
        Code.DISK_LOW: 60,
        Code.NO_STANDBY: 5,
        Code.UNAVAILABLE: 1,
        Code.COMMIT_UNKNOWN: 1,
        Code.TOO_SLOW: 1,
    }
)


class Fault(msgspec.Struct, frozen=True, omit_defaults=True):
    """One fault of a request. `pointer` is a JSON Pointer into its body; `parameter` a query field or header."""

    code: str
    detail: str
    pointer: str = ""
    parameter: str = ""


class Suggestion(msgspec.Struct, frozen=True):
    """What could be meant instead."""

    to: str


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a request was not done. Programs go by `code`; `type` is a page that says what it means.

    `errors` names each fault with its place. `candidates` and `suggested` help where a name was ambiguous; `message`
    names the call that is running already.
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[Fault] = []
    candidates: list[str] = []
    suggested: list[Suggestion] = []
    scope: str = ""
    limit: int | None = None
    message: str = ""
    retry_after_s: int | None = None


def problem_of(error: WardwireError, request_id: str) -> Problem:
    """Say an error as a problem. What is not ours to explain becomes `internal`, without a word of its cause."""
    code, detail = _code_of(error)
    fields: dict[str, Any] = error.fields if isinstance(error, Refused) else {}
    pointer = error.pointer if isinstance(error, Refused) else ""
    parameter = str(fields.get("parameter", ""))
    faults = [Fault(code, detail, pointer, parameter)] if pointer or parameter else []
    candidates = [str(candidate) for candidate in fields.get("candidates", ())]
    limit = fields.get("limit")
    return Problem(
        type=f"/errors/{code}",
        title=code.replace("_", " ").capitalize(),
        status=STATUS[code],
        detail=detail or MEANING[code],
        code=code,
        request_id=request_id,
        errors=faults,
        candidates=candidates,
        suggested=[Suggestion(candidate) for candidate in candidates],
        scope=str(fields.get("scope", "")),
        limit=limit if isinstance(limit, int) else None,
        message=str(fields.get("message", "")),
        retry_after_s=math.ceil(fields["retry_after_s"]) if "retry_after_s" in fields else None,
    )


def headers_of(problem: Problem) -> dict[str, str]:
    """Return the headers that belong to a problem."""
    headers = {}
    if problem.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="wardwire"'
    seconds = problem.retry_after_s or RETRY_AFTER.get(Code(problem.code))
    if seconds is not None:
        headers["Retry-After"] = str(seconds)
    return headers


def _code_of(error: WardwireError) -> tuple[Code, str]:
    if isinstance(error, Refused | Unavailable):
        return error.code, error.detail
    if isinstance(error, Unknown):
        return Code.COMMIT_UNKNOWN, "it is not known whether this was stored; repeat it with the same identity"
    return Code.INTERNAL, ""
