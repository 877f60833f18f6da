"""What can be answered instead of *stored*.

    WardwireError
    ├── Refused          the caller's matter: a stable code, nothing was kept, the same again helps nobody
    ├── Unknown          nobody can say whether it was kept: repeat with the same identity until told
    └── Unavailable      certainly not kept, the system's matter: repeat later

Every code is listed here, in one place; `docs/reference/errors.md` is made from it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any


class Code(StrEnum):
    """Stable codes of refusals; a code never changes its meaning and is never used again for another."""

    # Form
    MALFORMED = "malformed"
    INVALID = "invalid"
    TOO_LARGE = "too_large"
    TOO_MANY = "too_many"
    VERSION_UNSUPPORTED = "version_unsupported"
    # Identity
    ID_REUSED = "id_reused"
    # Who may
    NOT_AUTHENTICATED = "not_authenticated"
    NOT_PERMITTED = "not_permitted"
    NOT_FOUND = "not_found"
    PROOF_INVALID = "proof_invalid"
    SESSION_UNKNOWN = "session_unknown"
    SESSION_REPLACED = "session_replaced"
    DEVICE_REVOKED = "device_revoked"
    CODE_EXPIRED = "code_expired"
    # Recipients
    RECIPIENT_UNKNOWN = "recipient_unknown"
    RECIPIENT_AMBIGUOUS = "recipient_ambiguous"
    RECIPIENT_DISABLED = "recipient_disabled"
    GROUP_EMPTY = "group_empty"
    ROLE_VACANT = "role_vacant"
    # Content
    TEXT_BLANK = "text_blank"
    TEXT_TOO_LONG = "text_too_long"
    CHOICES_INVALID = "choices_invalid"
    EXPIRY_NOT_ALLOWED = "expiry_not_allowed"
    EXPIRY_PAST = "expiry_past"
    # Responses
    RESPONSE_NOT_OFFERED = "response_not_offered"
    ALREADY_ENDED = "already_ended"
    TOO_LATE = "too_late"
    # Cursors
    CURSOR_AHEAD = "cursor_ahead"
    # Rates and state of the system
    RATE_LIMITED = "rate_limited"
    OVERLOADED = "overloaded"
    DISK_LOW = "disk_low"
    NO_STANDBY = "no_standby"
    UNAVAILABLE = "unavailable"
    COMMIT_UNKNOWN = "commit_unknown"
    # Directory
    NAME_TAKEN = "name_taken"
    CONFLICT = "conflict"


class WardwireError(Exception):
    """What every error of ours is."""


class Refused(WardwireError):
    """A request was refused as a whole and nothing was kept.

    Attributes:
        code: Stable; for programs.
        detail: One plain sentence for people; never patient content.
        pointer: JSON Pointer (RFC 6901) into the request where the fault lies, or "".
        fields: Further facts for the answer, e.g. the candidates of an ambiguous name.
    """

    def __init__(self, code: Code, detail: str = "", *, pointer: str = "", **fields: Any) -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail
        self.pointer = pointer
        self.fields = fields


class Unknown(WardwireError):
    """A commit was begun and its end is not known; repeating with the same identity will tell."""


class Unavailable(WardwireError):
    """Certainly not kept, and not the caller's fault: worth a repeat."""

    def __init__(self, code: Code, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail
