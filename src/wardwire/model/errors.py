"""What can be answered instead of *stored*.

    WardwireError
    ├── Refused          the caller's matter: a stable code, nothing was kept, the same again helps nobody
    ├── Unknown          nobody can say whether it was kept: repeat with the same identity until told
    └── Unavailable      certainly not kept, the system's matter: repeat later

Every code is listed here, in one place, with its meaning; `docs/reference/errors.md` is made from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
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
    SECOND_FACTOR_NEEDED = "second_factor_needed"
    PASSWORD_WEAK = "password_weak"
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
    GROUP_CYCLE = "group_cycle"
    ROLE_VACANT = "role_vacant"
    PLACE_UNKNOWN = "place_unknown"
    POLICY_UNKNOWN = "policy_unknown"
    POLICY_INVALID = "policy_invalid"
    UNREACHABLE_END = "unreachable_end"
    NOT_SIMULATED = "not_simulated"
    APPROVAL_REQUIRED = "approval_required"
    CODE_RUNNING = "code_running"
    # On call
    ZONE_UNKNOWN = "zone_unknown"
    SCHEDULE_INVALID = "schedule_invalid"
    FALLBACK_REQUIRED = "fallback_required"
    CALENDAR_INVALID = "calendar_invalid"
    COVERAGE_LOOP = "coverage_loop"
    COVER_REQUIRED = "cover_required"
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
    CHANGED_SINCE = "changed_since"
    EXTERNAL_ID_TAKEN = "external_id_taken"
    ROSTER_INVALID = "roster_invalid"
    REMOVALS_UNCONFIRMED = "removals_unconfirmed"
    LAST_ADMINISTRATOR = "last_administrator"
    # HTTP
    METHOD_UNSUPPORTED = "method_unsupported"
    NOT_IMPLEMENTED = "not_implemented"
    MEDIA_UNSUPPORTED = "media_unsupported"
    TOO_SLOW = "too_slow"
    INTERNAL = "internal"


MEANING: Mapping[Code, str] = MappingProxyType(
    {
        Code.MALFORMED: "Not what it claims to be: broken JSON, invalid UTF-8, nested too deep, a field twice.",
        Code.INVALID: "A field is missing, unknown, of the wrong type or out of range; `pointer` says which.",
        Code.TOO_LARGE: "The frame or body has more bytes than this door takes.",
        Code.TOO_MANY: "The request names more things at once than are taken in one.",
        Code.VERSION_UNSUPPORTED: "The frame is of a protocol version that this server does not speak.",
        Code.ID_REUSED: "This identity was used for other content; a new message needs a new one.",
        Code.NOT_AUTHENTICATED: "No credential came with the request, or an unknown, expired or revoked one.",
        Code.NOT_PERMITTED: "The credential is good, but its owner may not do this.",
        Code.SECOND_FACTOR_NEEDED: "Sign in with the code of the authenticator app too, or a recovery code: `code`.",
        Code.PASSWORD_WEAK: "The password is too short, too common, or made of the names of who uses it.",
        Code.NOT_FOUND: "There is nothing of this name that the caller may see.",
        Code.PROOF_INVALID: "A signature or authentication code does not fit the bytes that came with it.",
        Code.SESSION_UNKNOWN: "The frame belongs to no session that is open here; say hello again.",
        Code.SESSION_REPLACED: "The same device said hello from another place, and that session holds now.",
        Code.DEVICE_REVOKED: "The device was revoked; it must be registered anew.",
        Code.CODE_EXPIRED: "The one-time code is too old, or was used before.",
        Code.RECIPIENT_UNKNOWN: "No person, group or role has this name.",
        Code.RECIPIENT_AMBIGUOUS: "Several have this name; `candidates` lists them.",
        Code.RECIPIENT_DISABLED: "This person was disabled and gets no messages.",
        Code.GROUP_EMPTY: "The group has no member who could get the message.",
        Code.GROUP_CYCLE: "A group would stand in itself; the chain is named. Take one of them out of the other.",
        Code.ROLE_VACANT: "Nobody holds the role now, and it has no fallback.",
        Code.PLACE_UNKNOWN: "No unit, room or bed has this name.",
        Code.POLICY_UNKNOWN: "No policy has this name, or it is disabled.",
        Code.POLICY_INVALID: "The policy is not fit to be used; `pointer` says which part of it.",
        Code.UNREACHABLE_END: "The last step of the policy reaches nobody; `desk` in it always reaches somebody.",
        Code.NOT_SIMULATED: "The draft was not simulated since it was last changed; nobody has seen what it does.",
        Code.APPROVAL_REQUIRED: "A second person must approve the draft as it is now; its author cannot.",
        Code.CODE_RUNNING: "The same call is running at this place; `message` names it. Join it, or say `force`.",
        Code.ZONE_UNKNOWN: "No time zone has this name; `America/Chicago` is one.",
        Code.SCHEDULE_INVALID: "The schedule is not fit to be used; `pointer` says which part of it.",
        Code.FALLBACK_REQUIRED: "A role must say who answers when nobody holds it: a person, a group, or `desk`.",
        Code.CALENDAR_INVALID: "The calendar cannot be taken in; `detail` names the line. Nothing of it was.",
        Code.COVERAGE_LOOP: "Whoever would cover is, in the end, covered by the same person; `chain` names them all.",
        Code.COVER_REQUIRED: "Nobody goes off without a cover: a person, a role, a number, or `hold`.",
        Code.TEXT_BLANK: "The text is empty, or has nothing in it that can be read.",
        Code.TEXT_TOO_LONG: "The text has more characters than its field takes.",
        Code.CHOICES_INVALID: "The offered choices are too many, too long, blank or not distinct.",
        Code.EXPIRY_NOT_ALLOWED: "Messages of `code` and `high` never expire unanswered.",
        Code.EXPIRY_PAST: "The expiry lies in the past.",
        Code.RESPONSE_NOT_OFFERED: "The message does not offer this response.",
        Code.ALREADY_ENDED: "The message was answered, cancelled, recalled or cleared before.",
        Code.TOO_LATE: "What this request wants to change has already happened.",
        Code.CURSOR_AHEAD: "The cursor is of the future or of another epoch; start from the beginning.",
        Code.RATE_LIMITED: "More requests than are allowed in this time; `retry_after_s` says when to go on.",
        Code.OVERLOADED: "The server has as much unfinished work as it may; nothing was kept, repeat later.",
        Code.DISK_LOW: "The disk is so full that only `code` and `high` are stored.",
        Code.NO_STANDBY: "No standby database confirms, and the site chose not to store without one.",
        Code.UNAVAILABLE: "The server cannot store now; nothing was kept, repeat later.",
        Code.COMMIT_UNKNOWN: "Nobody knows whether it was stored; repeat with the same identity until told.",
        Code.NAME_TAKEN: "Another person, group or role has this name.",
        Code.CONFLICT: "It was changed by somebody else in the meantime; read it again.",
        Code.CHANGED_SINCE: "It is no longer what `If-Match` names; read it again, and decide anew.",
        Code.EXTERNAL_ID_TAKEN: "Somebody else has this id in that source; an id names one person.",
        Code.ROSTER_INVALID: "The list cannot be taken in; `detail` names rows and columns. Nothing of it was.",
        Code.REMOVALS_UNCONFIRMED: "More than a tenth would be disabled. Look who; then say `confirm_removals`.",
        Code.LAST_ADMINISTRATOR: "Nobody who can sign in would be left to administer; make another one first.",
        Code.METHOD_UNSUPPORTED: "This address knows other methods; `Allow` lists them.",
        Code.NOT_IMPLEMENTED: "SCIM leaves it to a server to have this, and this one has it not.",
        Code.MEDIA_UNSUPPORTED: "The body must be application/json, UTF-8, and not compressed.",
        Code.TOO_SLOW: "The body did not come in its time.",
        Code.INTERNAL: "A fault of ours: it is in the log under `request_id`. Repeat with the same identity.",
    }
)
"""One sentence for each code, for people who meet it; `docs/reference/errors.md` is made from it."""


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
