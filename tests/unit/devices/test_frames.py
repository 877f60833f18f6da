"""What frames look like on the wire, and that nothing a device sends can break their reading."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wardwire.devices import frames
from wardwire.devices.frames import Envelope, encode, id_in, read_body, read_down, read_envelope
from wardwire.flow.statement import Responses, Statement, write_statement
from wardwire.flow.views import DeliveryView, Reach
from wardwire.model.errors import Code, Refused
from wardwire.model.priority import Priority

MESSAGE = "msg_0193a1b2c3d4e5f60718293a4b5c6d7e"
PERSON = "per_0193a1b2c3d4e5f60718293a4b5c6d7e"
DEVICE = "dev_0193a1b2c3d4e5f60718293a4b5c6d7e"
AT = datetime(2026, 3, 1, 2, 14, 7, 250000, tzinfo=UTC)

UP: dict[str, tuple[Any, str]] = {
    "hello": (
        frames.Hello(device=DEVICE, nonce="A" * 22, server_id="NABC", cid=7, clock_ms=1_772_331_247_250),
        '{"t":"hello","device":"' + DEVICE + '","nonce":"AAAAAAAAAAAAAAAAAAAAAA","server_id":"NABC","cid":7,'
        '"clock_ms":1772331247250}',
    ),
    "resume": (frames.Resume(epoch=1, seq=41), '{"t":"resume","epoch":1,"seq":41}'),
    "send": (
        Statement(
            id="7", to=(PERSON,), priority=Priority.HIGH, text="Bed 12.", responses=Responses(accept_decline=True)
        ),
        '{"t":"send","id":"7","to":["' + PERSON + '"],"priority":"high","text":"Bed 12.",'
        '"responses":{"accept_decline":true}}',
    ),
    "receipt": (
        frames.Receipt(message=MESSAGE, kind="delivered", p=Priority.CODE, id="9"),
        '{"t":"receipt","message":"' + MESSAGE + '","kind":"delivered","p":"code","id":"9"}',
    ),
    "response": (
        frames.Response(id="8", message=MESSAGE, choice="In 5 min"),
        '{"t":"response","id":"8","message":"' + MESSAGE + '","choice":"In 5 min"}',
    ),
    "cancel": (
        frames.Cancel(id="9", message=MESSAGE, recall=True),
        '{"t":"cancel","id":"9","message":"' + MESSAGE + '","recall":true}',
    ),
    "beat": (frames.Beat(epoch=1, seq=41), '{"t":"beat","epoch":1,"seq":41}'),
}  # fmt: skip

DOWN: dict[str, tuple[Any, str]] = {
    "event": (
        frames.Event(
            epoch=1,
            seq=42,
            event="read",
            id=MESSAGE,
            age_ms=120,
            deliveries=[DeliveryView(message=MESSAGE, person=PERSON, state="read", at=AT)],
        ),
        '{"t":"event","epoch":1,"seq":42,"event":"read","id":"' + MESSAGE + '","age_ms":120,"deliveries":[{'
        '"message":"' + MESSAGE + '","person":"' + PERSON + '","state":"read","at":"2026-03-01T02:14:07.250000Z"}]}',
    ),
    "condensed": (
        frames.Condensed(epoch=1, first=1, last=900, seqs=[7, 900]),
        '{"t":"condensed","epoch":1,"first":1,"last":900,"seqs":[7,900]}',
    ),
    "stored": (
        frames.StoredFrame(
            id="7",
            message=MESSAGE,
            thread="thr_1",
            at=AT,
            durability="degraded",
            recipient_count=1,
            recipients=[Reach(person=PERSON, name="Ben", why="named", reach="device", tries="app:10")],
        ),
        '{"t":"stored","id":"7","message":"' + MESSAGE + '","thread":"thr_1","at":"2026-03-01T02:14:07.250000Z",'
        '"durability":"degraded","recipient_count":1,"recipients":[{"person":"' + PERSON + '","name":"Ben",'
        '"why":"named","reach":"device","tries":"app:10"}]}',
    ),
    "refused": (
        frames.RefusedFrame(id="7", code="text_blank", detail="nothing to see", pointer="/text"),
        '{"t":"refused","id":"7","code":"text_blank","detail":"nothing to see","pointer":"/text"}',
    ),
    "beat": (
        frames.BeatBack(epoch=1, head=44, time=AT, again=True),
        '{"t":"beat","epoch":1,"head":44,"time":"2026-03-01T02:14:07.250000Z","again":true}',
    ),
    "login": (frames.Relogin(server_id="NBX", cid=7), '{"t":"login","server_id":"NBX","cid":7}'),
    "bye": (frames.Bye(why="device_revoked"), '{"t":"bye","why":"device_revoked"}'),
}  # fmt: skip


@pytest.mark.parametrize(("frame", "text"), UP.values(), ids=UP)
def test_a_frame_up_is_written_so(frame: Any, text: str) -> None:
    """Its wire form is fixed, and reads back as the same frame."""
    assert encode(frame).decode() == text
    assert read_body(text.encode()) == frame


@pytest.mark.parametrize(("frame", "text"), DOWN.values(), ids=DOWN)
def test_a_frame_down_is_written_so(frame: Any, text: str) -> None:
    """Its wire form is fixed, and reads back as the same frame."""
    assert encode(frame).decode() == text
    assert read_down(text.encode()) == frame


def test_the_body_of_an_envelope_is_kept_byte_for_byte() -> None:
    """Blanks, order and escapes included: the proofs are over these bytes."""
    body = b'{ "seq" : 1,"t":"beat", "epoch":1 }'
    envelope = read_envelope(b'{"v":1,"body":' + body + b',"s":"x"}')
    assert bytes(envelope.body) == body


def test_a_send_frame_is_the_statement_itself() -> None:
    """What was sent is what is kept, and reads as a statement without the frame around it."""
    statement = UP["send"][0]
    assert write_statement(statement) == encode(statement)
    assert isinstance(read_body(write_statement(statement)), Statement)


ENVELOPES = {
    "empty": (b"", Code.MALFORMED, ""),
    "no JSON": (b"hello", Code.MALFORMED, ""),
    "truncated": (b'{"v":1,"body":{"t":"beat"', Code.MALFORMED, ""),
    "two objects": (b'{"v":1,"body":{}}{}', Code.MALFORMED, ""),
    "not a number": (b'{"v":NaN,"body":{}}', Code.MALFORMED, ""),
    "deep body": (b'{"v":1,"body":' + b"[" * 60_000, Code.MALFORMED, ""),
    "deep and whole": (b'{"v":1,"body":' + b"[" * 30_000 + b"]" * 30_000 + b"}", Code.MALFORMED, ""),
    "a list": (b"[]", Code.INVALID, ""),
    "unknown field": (b'{"v":1,"body":{},"w":1}', Code.INVALID, ""),
    "version of text": (b'{"v":"1","body":{}}', Code.INVALID, "/v"),
    "too new": (b'{"v":2,"body":{}}', Code.VERSION_UNSUPPORTED, "/v"),
    "too new, with more": (b'{"v":2,"content":{}}', Code.VERSION_UNSUPPORTED, "/v"),
    "negative": (b'{"v":-1,"body":{}}', Code.VERSION_UNSUPPORTED, "/v"),
    "oversized": (b" " * 65_537, Code.TOO_LARGE, ""),
}


@pytest.mark.parametrize(("payload", "code", "pointer"), ENVELOPES.values(), ids=ENVELOPES)
def test_a_bad_envelope_has_a_stable_code(payload: bytes, code: Code, pointer: str) -> None:
    """Each fault has its code, and its place where it has one."""
    with pytest.raises(Refused) as refused:
        read_envelope(payload)
    assert (refused.value.code, refused.value.pointer) == (code, pointer)


BODIES = {
    "no tag": (b"{}", Code.INVALID, ""),
    "unknown tag": (b'{"t":"telegram"}', Code.INVALID, "/t"),
    "missing field": (b'{"t":"cancel","id":"1"}', Code.INVALID, ""),
    "unknown field": (b'{"t":"beat","epoch":1,"seq":1,"x":1}', Code.INVALID, ""),
    "unknown field below": (
        b'{"t":"send","id":"1","to":[],"priority":"low","responses":{"x":1}}', Code.INVALID, "/responses"),
    "wrong type in a list": (b'{"t":"send","id":"1","to":["a",2],"priority":"low"}', Code.INVALID, "/to/1"),
    "unknown priority": (b'{"t":"send","id":"1","to":[],"priority":"stat"}', Code.INVALID, "/priority"),
    "negative cursor": (b'{"t":"resume","epoch":1,"seq":-1}', Code.INVALID, "/seq"),
    "huge number": (b'{"t":"resume","epoch":1,"seq":99999999999999999999}', Code.INVALID, "/seq"),
    "unknown receipt": (b'{"t":"receipt","message":"m","kind":"eaten"}', Code.INVALID, "/kind"),
    "invalid UTF-8": (b'{"t":"send","id":"1","to":[],"priority":"low","text":"\xff"}', Code.MALFORMED, ""),
    "half a surrogate pair": (b'{"t":"send","id":"1","to":[],"priority":"low","text":"\\ud800"}', Code.MALFORMED, ""),
    "deep": (b'{"id":"1","t":' + b"[" * 60_000, Code.MALFORMED, ""),
}  # fmt: skip


@pytest.mark.parametrize(("body", "code", "pointer"), BODIES.values(), ids=BODIES)
def test_a_bad_body_has_a_stable_code(body: bytes, code: Code, pointer: str) -> None:
    """Each fault has its code, and its place where it has one."""
    with pytest.raises(Refused) as refused:
        read_body(body)
    assert (refused.value.code, refused.value.pointer) == (code, pointer)


def test_a_refusal_repeats_nothing_that_was_sent() -> None:
    """What stands in a bad frame may be a patient's: the detail says only what kind of fault it is."""
    for body in (b'{"t":"beat","epoch":1,"seq":1,"Smith":1}', b'{"t":"send","id":"1","to":[],"priority":"Smith"}'):
        with pytest.raises(Refused) as refused:
            read_body(body)
        assert "Smith" not in refused.value.detail + refused.value.pointer


def test_the_id_of_an_unreadable_request_is_found_if_it_can_be() -> None:
    """So that its sender, who waits, is answered."""
    assert id_in(b'{"t":"send","id":"7","to":7}') == "7"
    assert id_in(b'{"t":"send","id":7}') == ""
    assert id_in(b"[" * 60_000) == ""


TWICE = {
    "a word": b'{"t":"cancel","id":"1","message":"m","recall":false,"recall":true}',
    "the same value": b'{"t":"beat","epoch":1,"epoch":1,"seq":1}',
    "the tag": b'{"t":"beat","t":"beat","epoch":1,"seq":1}',
    "a default": b'{"t":"receipt","message":"m","kind":"read","id":"","id":""}',
    "below": b'{"t":"send","id":"1","to":["a"],"priority":"low","responses":{"free_text":true,"free_text":false}}',
    "written otherwise": b'{"t":"cancel","id":"1","message":"m","id":"2", "recall":true}',
    "beside a short instant": b'{"t":"send","id":"1","id":"","to":["a"],"priority":"low",'
    b'"expires_at":"2026-03-01T02:14:07.1+0100"}',
}


@pytest.mark.parametrize("body", TWICE.values(), ids=TWICE)
def test_a_field_that_stands_twice_is_refused(body: bytes) -> None:
    """What a person has signed must read the same to everybody: one reader takes the first, another the last."""
    with pytest.raises(Refused) as refused:
        read_body(body)
    assert (refused.value.code, refused.value.detail) == (Code.MALFORMED, "a field stands twice in one object")


@pytest.mark.parametrize(
    "payload",
    [b'{"v":1,"body":{},"body":{}}', b'{"v":1,"v":1,"body":{}}', b'{"v":1,"s":"","s":"","body":{}}'],
    ids=["body", "version", "nothing"],
)
def test_a_field_that_stands_twice_in_an_envelope_is_refused(payload: bytes) -> None:
    """The proofs would hold for one body, and somebody on the way may have read the other."""
    assert refusal(read_envelope, payload) is Code.MALFORMED


escapes = st.text(st.sampled_from('aé/"\\\b\n\x01\x7f\u2028\U0001f691'), max_size=6)
instants = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=1))]))
sends = st.builds(
    lambda text, choices, at, free: Statement(
        id="1", to=("per_1",), priority=Priority.LOW, text=text, expires_at=at,
        responses=Responses(choices=tuple(choices), free_text=free),
    ),
    escapes, st.lists(escapes, max_size=2), st.none() | instants, st.booleans(),
)  # fmt: skip
receipts = st.builds(
    lambda id, p: frames.Receipt(message="msg_1", kind="read", p=p, id=id), escapes, st.sampled_from(Priority)
)
answers = st.builds(
    lambda text, id: frames.Response(id=id, message="msg_1", text=text), escapes, escapes.filter(bool)
)


@given(sends | receipts | answers, st.booleans(), st.booleans(), st.data())
def test_no_field_can_hide_that_it_stands_twice(frame: Any, ascii: bool, blanks: bool, data: st.DataObject) -> None:
    """However the frame is written, with whatever it says: read as the last word says, were it read."""
    fields = json.loads(encode(frame))
    comma, colon = (", ", ": ") if blanks else (",", ":")

    def word(value: Any) -> str:
        return json.dumps(value, ensure_ascii=ascii, separators=(comma, colon))

    def write(pairs: list[tuple[str, Any]]) -> bytes:
        return ("{" + comma.join(word(name) + colon + word(value) for name, value in pairs) + "}").encode()

    pairs = data.draw(st.permutations(list(fields.items())))
    assert read_body(write(pairs)) == frame
    name = data.draw(st.sampled_from(sorted(fields)))
    assert refusal(read_body, write([(name, fields[name]), *pairs])) is Code.MALFORMED
    other: Any = data.draw(st.sampled_from(["", "low", "read", [], False, True, None]))
    assert refusal(read_body, write([(name, other), *pairs])) is not None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
WORDS = sorted(
    {"v", "s", "mac", "sig", "body", "t", "id", "to", "priority", "text", "message", "kind", "epoch", "seq", "recall"}
    | {"choice", "accept", "responses", "choices", "device", "nonce", "cid", "resume", "p", "expires_at"}
)
TAGS = ["hello", "resume", "send", "receipt", "response", "cancel", "beat", "zip"]
near_frames = st.builds(
    lambda tag, fields: {**fields, "t": tag},
    st.sampled_from(TAGS) | json_values,
    st.dictionaries(st.sampled_from(WORDS), json_values | st.sampled_from(["high", "msg_1", MESSAGE]), max_size=6),
)


def mutate(data: bytes, at: int, byte: int, cut: int) -> bytes:
    """Change one byte and cut something away."""
    at %= len(data) + 1
    changed = data[:at] + bytes([byte]) + data[at + 1 :]
    return changed[: len(changed) - cut % (len(changed) + 1)]


def refusal(read: Callable[[Any], object], payload: object) -> Code | None:
    """Read something; nothing but `Refused` may come of it."""
    try:
        read(payload)
    except Refused as refused:
        return refused.code
    return None


def read_all(payload: bytes) -> None:
    """Read a payload in every way."""
    code = refusal(read_envelope, payload)
    assert code in (None, Code.MALFORMED, Code.INVALID, Code.VERSION_UNSUPPORTED, Code.TOO_LARGE)
    body = payload if code else read_envelope(payload).body
    assert {refusal(read_body, body), refusal(read_down, body)} <= {None, Code.MALFORMED, Code.INVALID}
    assert len(id_in(body)) <= 200


# Each example is tried as it is, as a body, and in a hundred mutations: 10^5 frames in all.
@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(near_frames, st.randoms(use_true_random=False), st.integers(-1, 3))
def test_no_frame_can_crash_the_reading(body: dict[str, Any], chance: Any, version: int) -> None:
    """Whatever is sent is read or refused with a code: a hundred thousand frames, whole, bent and broken."""
    inner = json.dumps(body).encode()
    whole = encode(Envelope(v=version, body=msgspec.Raw(inner), s="ab" * 16, mac="x" * 22))
    read_all(inner)
    for _ in range(100):
        source = whole if chance.random() < 0.5 else inner
        read_all(mutate(source, chance.randrange(4096), chance.randrange(256), chance.choice((0, 0, 0, 1, 7))))
        read_all(source[chance.randrange(len(source)) :] + source[: chance.randrange(len(source))])


@settings(max_examples=1_000, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_can_crash_the_reading(payload: bytes) -> None:
    """Bytes without any sense are refused."""
    read_all(payload)
