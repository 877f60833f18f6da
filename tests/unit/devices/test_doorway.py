"""The doorway: what becomes of a frame, without any server; who may say what, and how each end is answered."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from tests.unit.devices.fakes import (
    ANNA,
    ANNAS,
    BEN,
    BENS,
    SEEDS,
    START,
    FakeConnection,
    FakeWriter,
    make_directory,
)
from wardwire.carrier.callout import LoginInfo
from wardwire.devices import frames, proof
from wardwire.devices.doorway import Doorway
from wardwire.devices.frames import Envelope, ErrorFrame, FoundFrame, Search, encode, read_down
from wardwire.devices.hello import agree
from wardwire.devices.logins import Logins, Place
from wardwire.directory.finder import Found
from wardwire.flow.answer import Heard, Say
from wardwire.flow.end import End
from wardwire.flow.nudge import Nudge
from wardwire.flow.ports import Rules
from wardwire.flow.statement import Statement, write_statement
from wardwire.flow.submit import Submit
from wardwire.flow.views import Stored
from wardwire.model.delivery import Delivery, State
from wardwire.model.errors import Code, Refused, Unavailable, Unknown
from wardwire.model.message import Offered
from wardwire.model.people import Person
from wardwire.model.priority import Kind, Lane, Priority
from wardwire.model.routing import Waits
from wardwire.store.sessions import SessionRow
from wardwire.testing.clock import FakeClock
from wardwire.testing.site import SITE_KEY

SESSION = UUID("0193a1b2-c3d4-75f6-8718-293a4b5c6d7e")
MESSAGE = f"msg_{99:032x}"
STORED = encode(
    Stored(message=MESSAGE, thread="thr_1", at=START, durability="degraded", recipient_count=1, recipients=[])
).decode()

DELIVERY = Delivery(
    message_id=UUID(int=99),
    person_id=ANNA,
    version=2,
    state=State.READ,
    stage=0,
    stages=(),
    kind=Kind.ALERT,
    priority=Priority.HIGH,
    sender_person=BEN,
    offered=Offered(),
)


def nothing(*_: Any) -> Any:
    """What is not needed here."""
    raise AssertionError("not needed here")


class Setting:
    """A doorway with Anna's phone in a session."""

    def __init__(self) -> None:
        self.connection = FakeConnection()
        self.writer = FakeWriter()
        self.clock = FakeClock(START)
        self.directory = make_directory()
        self.denied: list[tuple[UUID | None, Code]] = []
        self.logins = Logins(lambda: self.directory)
        self.doorway = Doorway(
            self.connection,  # type: ignore[arg-type]
            writer=self.writer,
            rules=lambda: Rules(self.directory, Waits(), ""),
            clock=self.clock,
            ledger=None,  # type: ignore[arg-type]
            acquire=nothing,
            site_key=SITE_KEY,
            logins=self.logins,
            kick=self._kick,
            epoch=lambda: 1,
            limited=set(),
            denied=lambda device, code: self.denied.append((device, code)),
            confirm_after_s=0,
            find=self._find,
        )
        self.kicked: list[Place] = []
        row = SessionRow(ANNAS, SESSION, b"n" * 16, START, "N", 1, 0, 0, False)
        self.session = agree(SITE_KEY, self.directory.devices[ANNAS], row)
        door = self.doorway._open(ANNAS.hex)
        assert door is not None
        door.session = self.session
        self.door = door

    def _find(self, query: str, limit: int, kind: str) -> list[Found]:
        return [Found(kind=kind or "person", id=f"per_{limit}", name=query)]

    async def _kick(self, server_id: str, client_id: int) -> bool:
        self.kicked.append(Place(server_id, client_id))
        return True

    def say(self, body: bytes, **changes: str) -> None:
        """Let Anna's phone say something, with the right proofs unless others are given."""
        fields = {
            "s": self.session.written,
            "mac": self.session.mac.write(body).decode(),
            "sig": proof.write_bytes(SEEDS[ANNAS].sign(proof.signed_bytes(ANNAS.hex, body))),
        } | changes
        self.raw(encode(Envelope(v=1, body=msgspec.Raw(body), **fields)))

    def raw(self, payload: bytes, device: UUID = ANNAS) -> None:
        """Let a device send bytes."""
        self.doorway.take(f"d.{device.hex}.up", payload)

    @property
    def answers(self) -> list[Any]:
        """What the device was told."""
        return [read_down(payload) for subject, payload, _ in self.connection.sent if subject == self.door.down]


@pytest.fixture
def setting() -> Setting:
    """A fresh one."""
    return Setting()


def send(text: str = "Bed 12.", priority: Priority = Priority.HIGH) -> bytes:
    """A send frame."""
    return write_statement(Statement(id="7", to=("Ben",), priority=priority, text=text))


async def test_a_send_becomes_a_submission_with_its_own_bytes_and_proof(setting: Setting) -> None:
    """It waits for no check of its signature; what is kept is what was signed."""
    body = b'{"t":"send", "to":["Ben"], "priority":"code","text":"Bed 12.","id":"7"}'
    setting.say(body)
    [act] = setting.writer.acts
    assert isinstance(act, Submit)
    submission = act._submission
    assert (submission.source, submission.external_id) == (f"dev_{ANNAS.hex}", "7")
    assert submission.content == body
    assert SEEDS[ANNAS].public == setting.directory.devices[ANNAS].nkey
    assert len(submission.proof) == 64
    assert act.lane is Lane.CODE


async def test_every_end_of_a_submission_has_its_answer(setting: Setting) -> None:
    """Stored, repeated, refused, unknown, not kept: each is another frame, and all carry the request's id."""
    for _ in range(5):
        setting.say(send())
    done = [act._done for act in setting.writer.acts if isinstance(act, Submit)]
    done[0](STORED, False)
    done[1](STORED, True)
    done[2](Refused(Code.TEXT_BLANK, "blank", pointer="/text", limit=3), False)
    done[3](Unknown("?"), False)
    done[4](Unavailable(Code.OVERLOADED, "later"), False)
    stored, again, refused, unknown, error = setting.answers
    assert [frame.id for frame in setting.answers] == ["7"] * 5
    assert (stored.message, stored.replayed, again.replayed) == (MESSAGE, False, True)
    assert (refused.code, refused.pointer, refused.fields) == ("text_blank", "/text", {"limit": 3})
    assert isinstance(unknown, frames.UnknownFrame)
    assert (type(error), error.code) == (frames.ErrorFrame, "overloaded")


async def test_receipts_go_to_the_lane_of_their_message(setting: Setting) -> None:
    """`delivered` and `read` are said of the delivery, `heard` of the own message."""
    for kind, priority in (("delivered", Priority.CODE), ("read", Priority.LOW), ("heard", Priority.MEDIUM)):
        setting.say(encode(frames.Receipt(message=MESSAGE, kind=kind, p=priority)), sig="")
    assert [type(act) for act in setting.writer.acts] == [Say, Say, Heard]
    assert [act.lane for act in setting.writer.acts] == [Lane.CODE, Lane.REST, Lane.REST]


async def test_receipts_are_confirmed_together(setting: Setting) -> None:
    """Several ids in one frame, soon; a receipt without an id is not confirmed."""
    for request in ("1", "", "2"):
        setting.say(encode(frames.Receipt(message=MESSAGE, kind="read", id=request)))
    for act in setting.writer.acts:
        assert isinstance(act, Say)
        act._done(DELIVERY)
    setting.doorway.answers.flush()
    assert setting.answers == [frames.Confirmed(ids=["1", "2"])]


async def test_a_response_needs_a_right_signature(setting: Setting) -> None:
    """It is checked before anything is done; so is that of a cancel. A send's only has to be one."""
    body = encode(frames.Response(id="1", message=MESSAGE, accept=True))
    setting.say(body, sig=proof.write_bytes(bytes(64)))
    setting.say(encode(frames.Cancel(id="2", message=MESSAGE)), sig="")
    setting.say(send(), sig="AAAA")
    assert [(frame.id, frame.code) for frame in setting.answers] == [(n, "proof_invalid") for n in ("1", "2", "7")]
    setting.say(body)
    setting.say(encode(frames.Cancel(id="2", message=MESSAGE, recall=True)))
    assert [type(act) for act in setting.writer.acts] == [Say, End]


@pytest.mark.parametrize(
    "fields",
    [{}, {"accept": True, "decline": True}, {"choice": "A", "text": "b"}, {"text": "\x00"}],
    ids=["none", "two", "choice and text", "NUL"],
)
async def test_a_response_is_exactly_one_answer(setting: Setting, fields: dict[str, Any]) -> None:
    """Otherwise it is refused, and nothing is done."""
    setting.say(encode(frames.Response(id="1", message=MESSAGE, **fields)))
    assert [frame.code for frame in setting.answers] == ["invalid"]
    assert setting.writer.acts == []


async def test_a_wrong_mac_is_a_session_unknown(setting: Setting) -> None:
    """Nothing of the frame is believed; the device is to say hello."""
    setting.say(send(), mac="A" * 22)
    [error] = setting.answers
    assert (error.code, error.id, error.session) == ("session_unknown", "7", setting.session.written)


async def test_a_late_frame_of_an_earlier_session_asks_no_database(setting: Setting) -> None:
    """Ids sort by time: it is answered at once."""
    setting.say(send(), s="0" * 32)
    assert [frame.code for frame in setting.answers] == ["session_unknown"]


async def test_a_frame_without_session_is_a_hello_or_nothing(setting: Setting) -> None:
    """Everything else asks for one."""
    setting.say(send(), s="")
    assert [frame.code for frame in setting.answers] == ["session_unknown"]


async def test_nobody_unregistered_gets_a_door(setting: Setting) -> None:
    """A device of nowhere, or a revoked one, is not answered, and memory does not grow by it."""
    for nth in range(100):
        setting.raw(b"{}", UUID(int=1_000 + nth))
    assert setting.answers == []
    assert len(setting.doorway._doors) == 1
    assert setting.denied == [(None, Code.NOT_AUTHENTICATED)]
    setting.doorway.take("d.zz.up", b"{}")


async def test_a_disabled_person_and_a_revoked_device_say_nothing_more(setting: Setting) -> None:
    """Each frame is judged by the directory as it is now."""
    setting.directory.people[ANNA] = Person(id=ANNA, name="Anna", disabled=True)
    setting.say(send())
    setting.directory.devices[ANNAS] = replace(setting.directory.devices[ANNAS], revoked=True)
    setting.say(send())
    assert [getattr(frame, "code", "") for frame in setting.answers] == ["not_permitted", "device_revoked", ""]
    assert setting.answers[-1] == frames.Bye(why="device_revoked")
    assert setting.writer.acts == []


async def test_a_flood_is_told_once_and_ends(setting: Setting) -> None:
    """500 at once, then 50 a second; the first that is dropped is answered, the others are not."""
    for _ in range(700):
        setting.say(encode(frames.Receipt(message=MESSAGE, kind="read")))
    assert len(setting.writer.acts) == 500
    assert [frame.code for frame in setting.answers] == ["rate_limited"]
    setting.clock.advance(timedelta(seconds=1))
    for _ in range(70):
        setting.say(encode(frames.Receipt(message=MESSAGE, kind="read")))
    assert len(setting.writer.acts) == 550
    assert [frame.code for frame in setting.answers] == ["rate_limited"] * 2


async def test_a_session_opened_elsewhere_ends_the_one_here(setting: Setting) -> None:
    """The other core says so; an older word changes nothing."""
    heard = setting.doorway._heard_session
    heard("", "", f"{ANNAS.hex}{'0' * 32}0".encode(), 0)
    assert setting.door.session is not None
    heard("", "", f"{ANNAS.hex}{'f' * 32}1".encode(), 0)
    assert setting.door.session is None
    assert setting.doorway._limited == {ANNAS}
    for nonsense in (b"", b"\xff" * 65, b"x" * 65):
        heard("", "", nonsense, 0)


async def test_a_revocation_closes_every_connection_that_is_known(setting: Setting) -> None:
    """Heard from another core, or seen in the directory."""
    for client in (7, 8):
        info = LoginInfo(server_id="N", server_name="edge", client_id=client, host="h", name="n", kind="nats")
        setting.logins.on_login(ANNAS.hex, info)
    setting.doorway._heard_revoked("", "", ANNAS.hex.encode(), 0)
    await setting.doorway.kicks.settled()
    assert setting.kicked == [Place("N", 7), Place("N", 8)]
    assert setting.answers == [frames.Bye(why="device_revoked")]
    setting.doorway._heard_revoked("", "", b"nonsense", 0)
    setting.directory.devices[ANNAS] = replace(setting.directory.devices[ANNAS], revoked=True)
    setting.doorway.directory_changed()
    await setting.doorway.kicks.settled()
    assert len(setting.kicked) == 4


async def test_only_registered_keys_of_people_who_may_are_let_in(setting: Setting) -> None:
    """Unknown key, revoked device, disabled person: refused."""
    info = LoginInfo(server_id="N", server_name="edge", client_id=1, host="h", name="n", kind="nats")
    grant = setting.logins.authorise(SEEDS[BENS].public, info)
    assert grant is not None
    assert grant.device == BENS.hex
    assert setting.logins.authorise("UNKNOWN", info) is None
    setting.directory.people[BEN] = Person(id=BEN, name="Ben", disabled=True)
    assert setting.logins.authorise(SEEDS[BENS].public, info) is None
    setting.directory.devices[ANNAS] = replace(setting.directory.devices[ANNAS], revoked=True)
    assert setting.logins.authorise(SEEDS[ANNAS].public, info) is None


async def test_a_device_searches_and_is_answered_by_its_own_id(setting: Setting) -> None:
    """By the same finder as every other door; whoever types faster than a finger can is slowed down."""
    setting.say(encode(Search(id="s1", q="chen", limit=5)))
    setting.say(encode(Search(id="s2", q="cardio", kind="role")))
    assert setting.answers == [
        FoundFrame(id="s1", data=[Found(kind="person", id="per_5", name="chen")]),
        FoundFrame(id="s2", data=[Found(kind="role", id="per_20", name="cardio")]),
    ]
    for nth in range(300):
        setting.say(encode(Search(id=f"x{nth}", q="chen")))
    assert isinstance(setting.answers[-1], ErrorFrame)
    assert sum(isinstance(answer, FoundFrame) for answer in setting.answers) < 300


async def test_a_message_is_rung_again_at_most_once_a_minute(setting: Setting) -> None:
    """H271: too soon is answered with nobody rung; what failed has rung nobody, and may be said again at once."""
    for request in ("1", "2"):
        setting.say(encode(frames.Nudge(id=request, message=MESSAGE)))
    [failed] = setting.writer.acts
    assert isinstance(failed, Nudge)
    failed.failed(Unavailable(Code.OVERLOADED, "later"))
    setting.say(encode(frames.Nudge(id="3", message=MESSAGE)))
    setting.clock.advance(timedelta(seconds=59))
    setting.say(encode(frames.Nudge(id="4", message=MESSAGE)))
    assert len(setting.writer.acts) == 2
    setting.clock.advance(timedelta(seconds=1))
    setting.say(encode(frames.Nudge(id="5", message=MESSAGE)))
    assert len(setting.writer.acts) == 3
    assert [(frame.id, getattr(frame, "count", None)) for frame in setting.answers] == [
        ("2", 0), ("1", None), ("4", 0),
    ]  # fmt: skip
