"""The frames between a device and a core, as JSON; docs/reference/device-protocol.md describes each of them.

Up (device to core) a frame is an envelope: version, session, proofs, and the body, whose exact bytes the proofs
are over. Down it is one plain object. Unknown fields are refused on the way up and ignored on the way down, so
that a core may be newer than its devices. Nothing here knows a session or a clock.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from wardwire.devices.own_frames import (
    AskCodes,
    AskDevices,
    AskQuiet,
    CodesFrame,
    DevicesFrame,
    EndPush,
    KeepPush,
    QuietFrame,
    RemoveDevice,
    ReportLost,
    RungFrame,
    SetQuiet,
    TryQuiet,
)
from wardwire.directory.finder import MOST, Found
from wardwire.flow.board import BoardRow
from wardwire.flow.statement import MessageView, Statement
from wardwire.flow.views import DeliveryView, Part, PromiseLine, Reach
from wardwire.model.errors import Code, Refused
from wardwire.model.priority import Priority
from wardwire.model.search import MAX_QUERY
from wardwire.model.strict_json import refuse_twice

PROTOCOL = 1
# A device that speaks an older one still gets `code`, and nothing else.
MINIMUM = 1
OLDEST = 0

FRAME_MAX = 65_536
BEAT_S = 15
# A device that is further behind is given the last event of each message.
BEHIND_MAX = 500

# Words that a core of this version knows, and a former one does not.
HEARS = ("about", "codes", "nudge", "own", "quiet", "watch")

# A device asks how so many messages stand at a time.
ASKED_MAX = 100

RequestId = Annotated[str, Meta(max_length=200)]
WrittenId = Annotated[str, Meta(max_length=36)]
Count = Annotated[int, Meta(ge=0, le=2**53)]
Milliseconds = Annotated[int, Meta(ge=-(2**53), le=2**53)]


class Envelope(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What a device sends. `body` is kept byte for byte."""

    v: int
    body: msgspec.Raw
    s: str = ""
    mac: str = ""
    sig: str = ""


# Up --------------------------------------------------------------------------------------------------------------


class _Up(Struct, tag_field="t", forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    pass


class Cursor(Struct, forbid_unknown_fields=True, frozen=True):
    """The last event that a device has applied, and of which epoch."""

    epoch: Count
    seq: Count


class Hello(_Up, frozen=True, tag="hello"):
    """Open a session on this connection.

    Attributes:
        nonce: 16 to 32 bytes, base64url; never used before by this device.
        server_id, cid: The connection, as the server's INFO named it.
        clock_ms: The device's clock, Unix milliseconds: to be shown, never to be trusted.
        resume: Absent when the device has nothing yet.
        turn: Of a shared device: whose it is, as it was told; it has cleared itself of whoever had it before.
    """

    device: WrittenId
    nonce: Annotated[str, Meta(min_length=22, max_length=43)]
    server_id: Annotated[str, Meta(min_length=1, max_length=64)]
    cid: Count
    clock_ms: Milliseconds
    app: Annotated[str, Meta(max_length=64)] = ""
    resume: Cursor | None = None
    turn: Count = 0


class Resume(_Up, frozen=True, tag="resume"):
    """Ask for everything after a cursor."""

    epoch: Count
    seq: Count


class Receipt(_Up, frozen=True, tag="receipt"):
    """Say that this device has stored or shown a message (`delivered`, `read`), or shown that one failed (`heard`).

    `p` is the message's priority: it chooses the lane and nothing else. With an `id` it is confirmed.
    """

    message: WrittenId
    kind: Annotated[str, Meta(pattern="^(delivered|read|heard)$")]
    p: Priority = Priority.HIGH
    id: RequestId = ""


class Response(_Up, frozen=True, tag="response"):
    """Answer a message: exactly one of the seven. `keep` and `done` are words of whoever has an alert."""

    id: Annotated[str, Meta(min_length=1, max_length=200)]
    message: WrittenId
    accept: bool = False
    decline: bool = False
    hand_back: bool = False
    keep: bool = False
    done: bool = False
    choice: Annotated[str, Meta(max_length=60)] = ""
    text: Annotated[str, Meta(max_length=1000)] = ""
    p: Priority = Priority.HIGH


class Cancel(_Up, frozen=True, tag="cancel"):
    """Take one's own message back; `recall` also says so to those who have read it.

    `all_clear`: what it called for is over. That may also be said by whoever has the alert.
    """

    id: Annotated[str, Meta(min_length=1, max_length=200)]
    message: WrittenId
    recall: bool = False
    all_clear: bool = False
    p: Priority = Priority.HIGH


class Nudge(_Up, frozen=True, tag="nudge"):
    """Ring those again who have not read one's own message, or owe an answer to it; at most once a minute."""

    id: Annotated[str, Meta(min_length=1, max_length=200)]
    message: WrittenId
    p: Priority = Priority.HIGH


class Escalate(_Up, frozen=True, tag="escalate"):
    """Make an alert of a message: a new one in its thread, with its words. Answered as a send is."""

    id: Annotated[str, Meta(min_length=1, max_length=200)]
    message: WrittenId
    priority: Priority
    to: Annotated[tuple[str, ...], Meta(max_length=100)] = ()
    policy: Annotated[str, Meta(max_length=130)] = ""
    place: Annotated[str, Meta(max_length=130)] = ""


class Test(_Up, frozen=True, tag="test"):
    """Try how one is reached, by a message that is marked as a test. Answered as a send is, and told on as one.

    Attributes:
        endpoint: `app` for one's devices, or one of one's other endpoints (`ept_…`).
    """

    id: Annotated[str, Meta(min_length=1, max_length=200)]
    endpoint: Annotated[str, Meta(pattern="^(app|ept_[0-9a-f]{32})$")] = "app"


class Beat(_Up, frozen=True, tag="beat"):
    """I am here, and this is the last event that I have."""

    epoch: Count
    seq: Count


class Ask(_Up, frozen=True, tag="ask"):
    """How do these messages stand? Answered by `status` and `team`: what was said live may have been lost."""

    messages: Annotated[tuple[WrittenId, ...], Meta(min_length=1, max_length=ASKED_MAX)]


class Obeyed(_Up, frozen=True, tag="obeyed"):
    """A lost device has done what it was ordered. Signed, outside of a session: it gets none any more."""

    device: WrittenId
    what: Annotated[str, Meta(pattern="^(lock|wipe)$")]
    at: datetime


class Badge(_Up, frozen=True, tag="badge"):
    """A badge was held to a shared device; without one it is given back. Signed, outside of a session.

    Answered by `holder`, or `refused`.

    Attributes:
        turn: Whose the device is, as it was last told.
        sealed: The badge's number, sealed for the cores (devices/badges.py).
    """

    id: Annotated[str, Meta(min_length=1, max_length=60)]
    device: WrittenId
    turn: Count
    sealed: Annotated[str, Meta(max_length=400)] = ""


class Search(_Up, frozen=True, tag="search"):
    """Whom or what does somebody mean who types this? Answered by `found`, with the same id.

    `kind`: `person`, `role`, `group` or `place`; "" = all of them.
    """

    id: Annotated[str, Meta(min_length=1, max_length=200)]
    q: Annotated[str, Meta(min_length=1, max_length=MAX_QUERY)]
    limit: Annotated[int, Meta(ge=1, le=MOST)] = 20
    kind: Annotated[str, Meta(pattern="^(|person|role|group|place)$")] = ""


class SetStatus(_Up, frozen=True, tag="availability"):
    """Say what one is, until when, and who covers. Answered by `done` with the status, or `refused`."""

    id: Annotated[str, Meta(min_length=1, max_length=200)]
    status: Annotated[str, Meta(pattern="^(available|busy|in_procedure|do_not_disturb|off)$")]
    until: Annotated[datetime, Meta(tz=True)] | None = None
    cover: Annotated[str, Meta(max_length=60)] = ""


class OfferSwap(_Up, frozen=True, tag="swap_offer"):
    """Offer a shift of one's own, or a part of it, to somebody. Answered by `done` with the swap, or `refused`.

    Attributes:
        shift: `shf_…`, or a layer's name with the number of a turn (`weeks/12`).
    """

    id: Annotated[str, Meta(min_length=1, max_length=190)]
    role: WrittenId
    shift: Annotated[str, Meta(min_length=1, max_length=120)]
    taker: WrittenId
    starts_at: datetime | None = None
    ends_at: datetime | None = None


class AnswerSwap(_Up, frozen=True, tag="swap_answer"):
    """Say yes or no to a swap that one is asked about. Answered as an offer is."""

    id: Annotated[str, Meta(min_length=1, max_length=190)]
    swap: WrittenId
    accept: bool


class WithdrawSwap(_Up, frozen=True, tag="swap_withdraw"):
    """Take one's offer back, before it is accepted. Answered as an offer is."""

    id: Annotated[str, Meta(min_length=1, max_length=190)]
    swap: WrittenId


class AboutFrame(_Up, frozen=True, tag="about"):
    """What this device is, and how it stands: only to a core whose welcome `hears` it. To be shown, never trusted.

    Attributes:
        kind: `phone`, `tablet`, `watch`, `computer`, `terminal` …
        platform: `android`, `ios`, `web`, `linux` …
        carrier: Its mobile network; "" = none, or not known.
        battery: In percent. charging: Whether it is at the mains.
    """

    kind: Annotated[str, Meta(max_length=20)] = ""
    platform: Annotated[str, Meta(max_length=20)] = ""
    model: Annotated[str, Meta(max_length=64)] = ""
    os: Annotated[str, Meta(max_length=64)] = ""
    app: Annotated[str, Meta(max_length=64)] = ""
    carrier: Annotated[str, Meta(max_length=40)] = ""
    battery: Annotated[int, Meta(ge=0, le=100)] | None = None
    charging: bool | None = None


class Watch(_Up, frozen=True, tag="watch"):
    """Show me live which alerts run: answered by `rows`, until `unwatch`. Only to a core that `hears` it.

    Attributes:
        id: A new one each time that it is said: it names the view. A device has one; the last one said counts.
        place: A unit, a building or a site, as a place is written elsewhere; "" = the whole house.
    """

    id: Annotated[str, Meta(min_length=1, max_length=60)]
    place: Annotated[str, Meta(max_length=130)] = ""


class Watched(_Up, frozen=True, tag="watched"):
    """I have shown what came up to this frame of the view: more may come."""

    id: Annotated[str, Meta(min_length=1, max_length=60)]
    n: Count


class Unwatch(_Up, frozen=True, tag="unwatch"):
    """Show me this view no longer. Nothing answers."""

    id: Annotated[str, Meta(min_length=1, max_length=60)]


Up = (
    Hello | Resume | Statement | Receipt | Response | Cancel | Escalate | Test | Beat | Ask | Obeyed | Search
    | SetStatus | AboutFrame | Badge | OfferSwap | AnswerSwap | WithdrawSwap | Watch | Watched | Unwatch
    | Nudge | AskDevices | ReportLost | RemoveDevice | AskQuiet | SetQuiet | TryQuiet
    | KeepPush | EndPush | AskCodes
)  # fmt: skip


# Down ------------------------------------------------------------------------------------------------------------


class _Down(Struct, tag_field="t", frozen=True, omit_defaults=True, kw_only=True):
    pass


class Welcome(_Down, frozen=True, tag="welcome"):
    """The session is open: this is what *connected* means.

    Attributes:
        v: The version that is spoken from here on.
        nonce: Of the hello that is answered: another connection's welcome is not ours.
        head: The last event there is; those after the device's cursor follow.
        offset_ms: The device's clock minus the site's.
        limited: The device is too old: it gets `code` and nothing else.
        hears: Words that this core knows beyond those of the version; others it would refuse.
        may: Rights of the person that change what an app offers: `messages:code`. They are asked again at each use.
        push: The site's public key for Web Push (VAPID, RFC 8292), base64url; "" = this core has none.
    """

    v: int
    nonce: str
    session: str
    epoch: int
    head: int
    time: datetime
    offset_ms: int
    person: str
    name: str
    beat_s: int = BEAT_S
    minimum: int = MINIMUM
    limited: bool = False
    hears: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    push: str = ""


class Event(_Down, frozen=True, tag="event"):
    """One numbered event of a person's inbox. Ages are the server's.

    Attributes:
        event: `new`, or what became of a message: `read`, `answered`, `handed_back`, `cancelled`, `expired`,
            `all_clear`, `unreachable`; to its sender `changed`: somebody has answered, or handed back.
        message: With `new`, and with every event that comes condensed.
        deliveries: How the deliveries that the event is about stand.
        rings: With `new`: whether the device makes itself heard.
    """

    epoch: int
    seq: int
    event: str
    id: str
    age_ms: int = 0
    rings: bool = False
    message: MessageView | None = None
    deliveries: list[DeliveryView] = []


class Condensed(_Down, frozen=True, tag="condensed"):
    """The events `first..last` come as the last one of each message only: those numbered `seqs`, in this order.

    `reset`: what the device has is not of this history; it begins anew from what follows, provided that its cursor
    is still the one that it `asked` with (a frame may come late or twice).
    """

    epoch: int
    first: int
    last: int
    seqs: list[int]
    reset: bool = False
    asked: Cursor | None = None
    why: str = ""


class StoredFrame(_Down, frozen=True, tag="stored"):
    """A submission is committed. `replayed`: it was before, and this is the first answer again.

    `promise` says who is called by when if nobody answers.
    """

    id: str
    message: str
    thread: str
    at: datetime
    durability: str
    recipient_count: int
    recipients: list[Reach]
    promise: list[PromiseLine] = []
    replayed: bool = False


class Done(_Down, frozen=True, tag="done"):
    """A response or a cancel is committed. `count`: how many deliveries a cancel ended. `swap`: of which one."""

    id: str
    message: str
    state: str = ""
    count: int = 0
    swap: str = ""


class Confirmed(_Down, frozen=True, tag="confirmed"):
    """Receipts are committed; several are gathered for half a second."""

    ids: list[str]


class RefusedFrame(_Down, frozen=True, tag="refused"):
    """A request was refused as a whole; the same again helps nobody."""

    id: str
    code: str
    detail: str
    pointer: str = ""
    fields: dict[str, Any] = {}


class UnknownFrame(_Down, frozen=True, tag="unknown"):
    """Nobody can say whether a request was kept: send the same id again until told."""

    id: str
    detail: str


class ErrorFrame(_Down, frozen=True, tag="error"):
    """Certainly not kept, and worth another try: later, or after a new hello (`session_unknown`, of that session)."""

    code: str
    detail: str
    id: str = ""
    session: str = ""


class StatusFrame(_Down, frozen=True, tag="status"):
    """How one of the sender's messages stands with one person. Live, and when it is asked for; never numbered."""

    message: str
    person: str
    state: str
    at: datetime
    response: str = ""
    device: str = ""
    name: str = ""


class TeamFrame(_Down, frozen=True, tag="team"):
    """Which parts of a running team call are there: live, at each hello, and when it is asked for; to everybody of
    the team and to the sender."""

    message: str
    parts: tuple[Part, ...]


class FoundFrame(_Down, frozen=True, tag="found"):
    """What was found, the likeliest first; of an older id than the last one asked it is too late."""

    id: str
    data: list[Found]


class Gone(Struct, frozen=True, omit_defaults=True):
    """An alert that runs no longer, and why: `answered`, `done`, `cancelled` …; "" = nobody knows, or it is old."""

    message: str
    why: str = ""


class Rows(_Down, frozen=True, tag="rows"):
    """What a view shows: these rows are now so, these are gone. What was told of a row before is over.

    Attributes:
        id: Of the `watch`; of another one it is too late.
        n: Counts the frames of this view from 1; after a hole the device says `watch` anew.
        time: The site's, when this was written: ages are counted by it.
        whole: From here on the device has all there is; before, rows come page by page, the worst first.
        more: So many alerts run beyond those that are shown.
        ack: Answer with `watched`: nothing more comes before that.
        desk: Another text after each change of what the operators' desk is to see to, technical alarms and hand-overs
            (`GET /v1/alarms`, `/v1/handovers`): for whoever sees the whole house and may see alarms; else "".
    """

    id: str
    n: int
    time: datetime
    rows: list[BoardRow] = []
    gone: list[Gone] = []
    whole: bool = False
    more: int = 0
    ack: bool = False
    desk: str = ""


class BeatBack(_Down, frozen=True, tag="beat"):
    """The server is here too.

    `again`: a core, or the way to it, was away: what is unanswered may be lost, say it again.
    """

    epoch: int
    head: int
    time: datetime
    again: bool = False


class Relogin(_Down, frozen=True, tag="login"):
    """Log in anew, if this is still your connection: its login ends some time, and the site is well now."""

    server_id: str
    cid: int


class SettingsFrame(_Down, frozen=True, tag="settings"):
    """How the device is to behave, all of it. `locked`: what its person may not change."""

    values: dict[str, str | int]
    locked: list[str] = []


class OrderFrame(_Down, frozen=True, tag="order"):
    """The device is lost: it locks or wipes itself (`what`), and says `obeyed` with the same `at`."""

    what: str
    at: datetime


class HolderFrame(_Down, frozen=True, tag="holder"):
    """Who has this shared device now; `person` is "" while nobody has.

    With another `turn` than the device knows it clears itself of everything of whoever had it before, and says hello
    with the new one. `id`: of the badge that is answered.
    """

    turn: int
    person: str = ""
    name: str = ""
    until: datetime | None = None
    id: str = ""


class Bye(_Down, frozen=True, tag="bye"):
    """The connection is about to be closed for good: `session_replaced` (of that session) or `device_revoked`."""

    why: str
    session: str = ""


Down = (
    Welcome | Event | Condensed | StoredFrame | Done | Confirmed | RefusedFrame | UnknownFrame | ErrorFrame
    | StatusFrame | TeamFrame | FoundFrame | BeatBack | Relogin | SettingsFrame | OrderFrame | HolderFrame | Bye
    | Rows | DevicesFrame | QuietFrame | RungFrame | CodesFrame
)  # fmt: skip


# Reading and writing ---------------------------------------------------------------------------------------------

encode = msgspec.json.Encoder().encode
"""Write a frame of either way, or the body of an envelope."""

_read_envelope = msgspec.json.Decoder(Envelope).decode
_read_up = msgspec.json.Decoder(Up).decode
_read_down = msgspec.json.Decoder(Down).decode


class _JustVersion(Struct):
    v: int


class _JustId(Struct):
    id: str = ""


_read_version = msgspec.json.Decoder(_JustVersion).decode
_read_id = msgspec.json.Decoder(_JustId).decode
_AT = re.compile(r" - at `(?:key in )?\$([^`]*)`$")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")


def read_envelope(payload: bytes) -> Envelope:
    """Read what a device sent; the body is only known to be JSON-like.

    Raises:
        Refused: `TOO_LARGE`, `MALFORMED` (also for a field that stands twice), `INVALID` with a pointer, or
            `VERSION_UNSUPPORTED`.
    """
    if len(payload) > FRAME_MAX:
        raise Refused(Code.TOO_LARGE, f"a frame has at most {FRAME_MAX} bytes", limit=FRAME_MAX)
    try:
        envelope = _read_envelope(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        _check_version(_version_of(payload))
        raise refusal(error) from None
    if envelope.v != PROTOCOL:
        _check_version(envelope.v)
    if _may_repeat(envelope, payload):
        refuse_twice(payload)
    return envelope


def read_body(body: msgspec.Raw | bytes) -> Up:
    """Read the body of an envelope.

    Raises:
        Refused: `MALFORMED` (also for a field that stands twice), or `INVALID` with a pointer.
    """
    try:
        frame: Up = _read_up(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise refusal(error) from None
    if _may_repeat(frame, body):
        refuse_twice(bytes(body))
    return frame


def _may_repeat(read: Envelope | Up, text: msgspec.Raw | bytes) -> bool:
    """
    Say whether a field may stand twice in the text that was read as this: False is certain, and costs 0.1 µs.

    Nobody can write what was read shorter than we do: without blanks, defaults and needless escapes. Whoever needs
    exactly as many bytes has no room for a field that was read over. Only an instant can be written shorter than
    ours, by 6 bytes at most (`.1+0100`), and the shortest field needs 8 (`"id":"",`). Others are looked at by
    `refuse_twice`, which costs 3 µs.
    """
    return len(encode(read)) != len(text)


def id_in(body: msgspec.Raw | bytes) -> str:
    """Return the id of a body that could not be read, if that much can: its sender waits for an answer."""
    try:
        return _read_id(body).id[:200]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


def read_down(payload: bytes) -> Down:
    """Read a frame on the device's side.

    Raises:
        Refused: `MALFORMED` or `INVALID`; a device passes over it, a newer core may know more words.
    """
    try:
        frame: Down = _read_down(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise refusal(error) from None
    return frame


def _check_version(version: int) -> None:
    if not OLDEST <= version <= PROTOCOL:
        raise Refused(
            Code.VERSION_UNSUPPORTED,
            f"this protocol version is not spoken here; {MINIMUM} to {PROTOCOL} are",
            pointer="/v",
            minimum=MINIMUM,
            maximum=PROTOCOL,
        )


def _version_of(payload: bytes) -> int:
    try:
        return _read_version(payload).v
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return PROTOCOL


def refusal(error: Exception) -> Refused:
    """Say what is wrong without repeating anything that was sent: it may be a patient's."""
    if isinstance(error, RecursionError):
        return Refused(Code.MALFORMED, "nested too deeply")
    if not isinstance(error, msgspec.ValidationError):
        return Refused(Code.MALFORMED, "not JSON in UTF-8")
    text = str(error)
    at = _AT.search(text)
    path = at.group(1) if at else ""
    pointer = "".join(f"/{name or nth}" for name, nth in _STEP.findall(path))
    said = text[: at.start()] if at else text
    if said.startswith("Object contains unknown field"):
        said = "an unknown field"
    elif not said.startswith(("Expected `", "Object missing required field")):
        said = "a value that is not allowed"
    return Refused(Code.INVALID, said, pointer=pointer)
