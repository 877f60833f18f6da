"""The way in: takes what devices say from `d.*.up`, makes acts of it, and lets them be answered.

A plain callback straight from the socket: no task and no wait per frame. Only what must read the database (a
hello, a cursor, a session that another core has opened) is handed to natural batches of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg
import structlog
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from wardwire.carrier.connection import Connection, Subscription
from wardwire.devices.answers import Answers, Denied, Received, Submitted
from wardwire.devices.availability import Availability
from wardwire.devices.catchup import Acquire, CatchUp
from wardwire.devices.codes import codes_of
from wardwire.devices.frames import (
    AboutFrame,
    AnswerSwap,
    Ask,
    Badge,
    Beat,
    Bye,
    Cancel,
    Cursor,
    Done,
    Envelope,
    Escalate,
    FoundFrame,
    Hello,
    Nudge,
    Obeyed,
    OfferSwap,
    Receipt,
    Response,
    Resume,
    Search,
    SetStatus,
    Test,
    Unwatch,
    Up,
    Watch,
    Watched,
    WithdrawSwap,
    encode,
    id_in,
    read_body,
    read_envelope,
)
from wardwire.devices.gather import Gather
from wardwire.devices.hello import Greeter, agree
from wardwire.devices.kicks import LAST_WORD_S, Kick, Kicks
from wardwire.devices.logins import Logins
from wardwire.devices.nudging import Nudging
from wardwire.devices.orders import Orders
from wardwire.devices.own import OwnDevices, OwnFrame
from wardwire.devices.own_frames import (
    AskCodes,
    AskDevices,
    AskQuiet,
    EndPush,
    KeepPush,
    RemoveDevice,
    ReportLost,
    SetQuiet,
    TryQuiet,
)
from wardwire.devices.precedence import Precedence
from wardwire.devices.presence import Presence
from wardwire.devices.pushing import Pushing
from wardwire.devices.quieting import Quieting, QuietWord
from wardwire.devices.rate import Bucket
from wardwire.devices.said import happened_of, received
from wardwire.devices.session import Door, Session, read_frame, read_signature
from wardwire.devices.settings import DeviceSettings
from wardwire.devices.shared import SharedDevices
from wardwire.devices.standing import Standing
from wardwire.devices.swapping import SwapFrame, Swapping
from wardwire.devices.watching import FORWARD, Watching
from wardwire.directory.desk import DirectoryDesk
from wardwire.directory.finder import Found
from wardwire.flow.answer import Heard, Say, Signed
from wardwire.flow.by_hand import ByHand, EscalateByHand
from wardwire.flow.end import ALL_CLEAR, End, why_ended
from wardwire.flow.ports import Rules, Writer
from wardwire.flow.statement import Statement, submission_of
from wardwire.flow.submit import Submit
from wardwire.flow.try_endpoint import TryEndpoint
from wardwire.model import ids
from wardwire.model.canary import ROBOTS
from wardwire.model.clock import Clock
from wardwire.model.delivery import Delivery, Event
from wardwire.model.device_register import About
from wardwire.model.errors import Code, Refused, Unavailable, WardwireError
from wardwire.model.names import clean_line
from wardwire.model.people import Device, Directory
from wardwire.model.priority import lane_of
from wardwire.store.ledger import Ledger
from wardwire.store.sessions import SessionRow, list_limited, load_sessions

SUBJECT = "d.*.up"
QUEUE = "core"
# Among cores: a session was opened (32 hex of the device, 32 of the session, 1 where limited); a device was revoked
# (32 hex of it; with + behind it is lost, and will come back for its order).
SESSIONS = "core.session"
REVOKED = "core.revoked"
# The directory has changed (hint).
DIRECTORY = "core.directory"

MOST_WAITING_EACH = 200
LOAD_COST = 5.0
RESUME_COST = 5.0
SEARCH_COST = 2.0

log = structlog.get_logger("wardwire.devices")


class Doorway:
    """The devices' side of a core.

    Args:
        connection: Into the account CORE.
        writer: Where acts go (engine/lanes.py).
        rules: The directory and the site's choices, as of now.
        ledger: Commits sessions with their facts; a connection of its own.
        acquire: Lends a connection for reading.
        site_key: The site's X25519 key, the same in all cores.
        push_key: The site's public key for Web Push, base64url; "" = there is none.
        kick: Closes a connection (`carrier.kick.SystemAccount.kick`).
        epoch: The database's epoch; 0 = not known now.
        denied: Hears of refused access (device or None, code), at most once a minute for each pair.
        limited: Devices that get `code` only: the hub's set, kept up to date here.
        held: Whether frames that are not urgent wait now.
        find: Finds whom and what is typed: at most so many, of one kind or ("") of all.
        frames_per_s, frames_burst: What one device may send.
        confirm_after_s: Receipts with an id are confirmed together after this long.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        writer: Writer,
        rules: Callable[[], Rules],
        clock: Clock,
        ledger: Ledger,
        acquire: Acquire,
        site_key: X25519PrivateKey,
        logins: Logins,
        kick: Kick,
        epoch: Callable[[], int],
        limited: set[UUID],
        denied: Denied = lambda device_id, code: None,
        held: Callable[[], bool] = lambda: False,
        find: Callable[[str, int, str], list[Found]] = lambda query, limit, kind: [],
        push_key: str = "",
        frames_per_s: float = 50,
        frames_burst: float = 500,
        confirm_after_s: float = 0.5,
    ) -> None:
        self._connection = connection
        self._writer = writer
        self._rules = rules
        self._clock = clock
        self._acquire = acquire
        self._find = find
        self._site_key = site_key
        self._logins = logins
        self._limited = limited
        self._per_s, self._burst = frames_per_s, frames_burst
        self._doors: dict[str, Door] = {}
        self._subscriptions: list[Subscription] = []
        self._loads: Gather[str] = Gather("sessions", self._load, largest=500, most_waiting=20_000)
        self.answers = Answers(publish=self._publish, clock=clock, denied=denied, confirm_after_s=confirm_after_s)
        self.kicks = Kicks(kick)
        self.catchup = CatchUp(
            acquire=acquire, publish=self._publish, directory=self._directory, clock=clock, epoch=epoch
        )
        self.standing = Standing(acquire=acquire, publish=self._publish, rules=rules, clock=clock)
        self.watching = Watching(
            acquire=acquire, publish=self._publish, rules=rules, clock=clock, fail=self._fail, door=self._doors.get
        )
        self.settings = DeviceSettings(directory=self._directory, doors=self._doors.values, publish=self._publish)
        self.presence = Presence(doors=self._doors.values, acquire=acquire, clock=clock)
        self.orders = Orders(
            ledger=ledger,
            directory=self._directory,
            clock=clock,
            logins=logins,
            kicks=self.kicks,
            publish=self._publish,
        )
        self.shared = SharedDevices(
            ledger=ledger,
            directory=self._directory,
            clock=clock,
            site_key=site_key,
            logins=logins,
            kicks=self.kicks,
            publish=self._publish,
            announce=self.announce_hand_over,
            changed=self.hint_directory,
            failed=self._fail,
        )
        desk = DirectoryDesk(ledger, clock)
        self.availability = Availability(desk, directory=self._directory, answers=self.answers)
        self.swapping = Swapping(desk, directory=self._directory, answers=self.answers)
        self.own = OwnDevices(
            ledger=ledger,
            acquire=acquire,
            directory=self._directory,
            clock=clock,
            kick=kick,
            answers=self.answers,
            announce=lambda device_id, how: self._publish(REVOKED, f"{device_id.hex}{how}".encode()),
            changed=self.hint_directory,
            failed=self._fail,
        )
        self.quieting = Quieting(desk, rules=rules, answers=self.answers, changed=self.hint_directory)
        self.pushing = Pushing(ledger, directory=self._directory, clock=clock, answers=self.answers)
        self.nudging = Nudging(writer, rules=rules, directory=self._directory, answers=self.answers, clock=clock)
        self.greeter = Greeter(
            ledger=ledger,
            site_key=site_key,
            directory=self._directory,
            clock=clock,
            logins=logins,
            kicks=self.kicks,
            catchup=self.catchup,
            publish=self._publish,
            failed=self._fail,
            opened=self._opened,
            push_key=push_key,
        )
        self._handlers: dict[type, Callable[[Door, Session, Envelope, Any], None]] = {
            Statement: self._send,
            Receipt: self._receipt,
            Response: self._respond,
            Cancel: self._cancel,
            Escalate: self._escalate,
            Nudge: self.nudging.put,
            Test: self._test,
            Beat: self._beat,
            Resume: self._resume,
            Ask: self._ask,
            Search: self._search,
            SetStatus: self._availability,
            OfferSwap: self._swap,
            AnswerSwap: self._swap,
            WithdrawSwap: self._swap,
            AboutFrame: self._about,
            Watch: self._watch,
            Watched: self._watched,
            Unwatch: self._watched,
            AskDevices: self._own,
            ReportLost: self._own,
            RemoveDevice: self._own,
            AskQuiet: self._quiet,
            SetQuiet: self._quiet,
            TryQuiet: self._quiet,
            KeepPush: self._push,
            EndPush: self._push,
            AskCodes: self._codes,
        }
        self._precedence = Precedence(self.take, self._refuse, held)
        self.frames = 0
        self.unsent = 0

    # Life ------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to take frames; repeating does nothing."""
        if self._subscriptions:
            return
        self._loads.put("")
        subscribe = self._connection.subscribe
        self._subscriptions = [
            subscribe(SUBJECT, self._precedence.put, queue=QUEUE),
            subscribe(SESSIONS, self._heard_session),
            subscribe(REVOKED, self._heard_revoked),
            subscribe(FORWARD, self.watching.heard),
        ]

    async def stop(self) -> None:
        """Take no more frames, and answer what can be answered at once."""
        for subscription in self._subscriptions:
            subscription.unsubscribe()
        self._subscriptions = []
        self._precedence.stop()
        self.answers.flush()
        for part in (
            self._loads,
            self.greeter,
            self.catchup,
            self.standing,
            self.watching,
            self.settings,
            self.orders,
            self.shared,
            self.availability,
            self.swapping,
            self.own,
            self.quieting,
            self.pushing,
            self.kicks,
        ):
            await part.stop()

    @property
    def sessions(self) -> int:
        """How many devices of people have a session that this core knows."""
        sessions = [door.session for door in self._doors.values() if door.session is not None]
        return sum(session.device.person_id not in ROBOTS for session in sessions)

    def directory_changed(self) -> None:
        """Close the connections of devices that are not welcome any more. Call after each change."""
        self.settings.directory_changed()
        for device_id, place in self._logins.unwelcome():
            self._leave(device_id)
            self.kicks.put(place, after_s=LAST_WORD_S)

    def announce_hand_over(self, device_id: UUID) -> None:
        """Let all cores drop what they have of a device, and close it; it comes back."""
        self._publish(REVOKED, f"{device_id.hex}+".encode())

    def hint_directory(self) -> None:
        """Let all cores look at the directory now."""
        self._publish(DIRECTORY, b"")

    # Frames ----------------------------------------------------------------------------------------------------

    def take(self, subject: str, payload: bytes) -> None:
        """Take one frame. Never waits and never raises for what a device sent."""
        self.frames += 1
        door = self._doors.get(subject[2:-3]) or self._open(subject[2:-3])
        if door is None:
            return
        if not door.bucket.take(self._clock.monotonic()):
            self._slow_down(door)
            return
        door.told = False
        try:
            envelope = read_envelope(payload)
        except Refused as refused:
            self.answers.fail(door, "", refused)
            return
        session = door.session
        if session is not None and envelope.s == session.written:
            self._proved(door, session, envelope)
        else:
            self._unproved(door, envelope)

    def _refuse(self, subject: str, payload: bytes) -> None:
        """Answer a frame that there is no room for, unread but for its id."""
        door = self._doors.get(subject[2:-3])
        if door is None or not door.bucket.take(self._clock.monotonic()):
            return
        try:
            envelope = read_envelope(payload)
        except Refused:
            return
        crowded = Unavailable(Code.OVERLOADED, "too much is waiting at this core; nothing was kept")
        self.answers.fail(door, id_in(envelope.body), crowded)

    def _proved(self, door: Door, session: Session, envelope: Envelope) -> None:
        """Check a frame of the session that the door has, and act on it."""
        try:
            frame = read_frame(session, envelope)
        except Refused as refused:
            self.answers.fail(door, id_in(envelope.body), refused, envelope.s)
            return
        try:
            self._handlers[type(frame)](door, session, envelope, frame)
        except Refused as refused:
            request = getattr(frame, "id", "")
            if refused.code is Code.SESSION_UNKNOWN:  # the device has changed hands: its hello will tell whose it is
                self.answers.fail(door, request, refused, envelope.s)
            else:
                self._fail(door, request, refused)

    def _fail(self, door: Door, request: str, error: WardwireError) -> None:
        """Answer with why not; a lost device with its order."""
        if isinstance(error, Refused) and error.code is Code.DEVICE_REVOKED and (lost := self.orders.of(door.name)):
            self.orders.give(door, lost)
        else:
            self.answers.fail(door, request, error)

    def _unproved(self, door: Door, envelope: Envelope) -> None:
        """A hello, or a frame of a session that is not at hand: perhaps another core has opened it."""
        if not envelope.s:
            try:
                frame = read_body(envelope.body)
            except Refused as refused:
                self.answers.fail(door, id_in(envelope.body), refused)
                return
            if lost := self.orders.of(door.name):
                self._hear_lost(door, lost, envelope, frame)
            elif shared := self.shared.device(door.name):
                self._hear_shared(door, shared, envelope, frame)
            elif isinstance(frame, Hello):
                self.greeter.put(door, envelope, frame)
            else:
                self._say_hello(door, envelope)
        elif door.waiting is not None:
            if len(door.waiting) < MOST_WAITING_EACH:
                door.waiting.append(envelope)
        elif door.session is not None and envelope.s < door.session.written:
            self._say_hello(door, envelope)  # ids sort by time: a late frame of an earlier session
        elif door.bucket.take(self._clock.monotonic(), LOAD_COST):
            door.waiting = [envelope]
            if not self._loads.put(door.name):
                door.waiting = None
        else:
            self._slow_down(door)

    def _hear_lost(self, door: Door, lost: Device, envelope: Envelope, frame: Up) -> None:
        """Hear a lost device: a hello, or that it has obeyed; nothing else counts."""
        try:
            if isinstance(frame, Hello):
                self.orders.greet(door, lost, envelope, frame)
            elif isinstance(frame, Obeyed):
                self.orders.obeyed(door, lost, envelope, frame)
            else:
                self.orders.give(door, lost)
        except Refused as refused:
            self.answers.fail(door, "", refused)

    def _hear_shared(self, door: Door, device: Device, envelope: Envelope, frame: Up) -> None:
        """Hear a shared device outside of a session: a badge, or a hello in its turn."""
        if door.down != device.down:  # it has changed hands: nothing of before goes on through this door
            door = self._doors[door.name] = Door(door.name, device.down, door.bucket)
        try:
            if isinstance(frame, Badge):
                if self._affords(door, RESUME_COST):
                    self.shared.badge(door, device, envelope, frame)
            elif not isinstance(frame, Hello):
                self._say_hello(door, envelope)
            elif not self.shared.greet(door, device, envelope, frame):
                self.greeter.put(door, envelope, frame)
        except (Refused, Unavailable) as error:
            self._fail(door, id_in(envelope.body), error)

    def _say_hello(self, door: Door, envelope: Envelope) -> None:
        refused = Refused(Code.SESSION_UNKNOWN, "no such session is open; say hello")
        self.answers.fail(door, id_in(envelope.body), refused, envelope.s)

    def _slow_down(self, door: Door) -> None:
        """Say once that it is too much; answering every frame of a flood would be a flood."""
        self.answers.failures[Code.RATE_LIMITED] += 1
        if not door.told:
            door.told = True
            refused = Refused(
                Code.RATE_LIMITED, f"more than {self._per_s:g} frames a second; what is more is dropped"
            )
            self.answers.fail(door, "", refused)

    # What devices say --------------------------------------------------------------------------------------------

    def _send(self, door: Door, session: Session, envelope: Envelope, frame: Statement) -> None:
        caller = session.caller(self._rules().directory)
        submission = submission_of(
            frame, source=caller.source, content=bytes(envelope.body), proof=read_signature(envelope)
        )
        self._writer.put(Submit(submission, caller, self._rules, Submitted(self.answers, door, frame.id)))

    def _receipt(self, door: Door, session: Session, envelope: Envelope, frame: Receipt) -> None:
        device = session.device
        session.caller(self._rules().directory)
        message_id = ids.read_id(ids.MESSAGE, frame.message)
        request, lane = frame.id, lane_of(frame.p)
        if frame.kind == "heard":
            confirm = partial(self.answers.confirm, door, request)
            self._writer.put(Heard(message_id, device.person_id, device_id=device.id, lane=lane, done=confirm))
            return
        happened, done = received(frame, device.id), Received(self.answers, door, request)
        self._writer.put(Say(message_id, device.person_id, happened, lane=lane, rules=self._rules, done=done))

    def _respond(self, door: Door, session: Session, envelope: Envelope, frame: Response) -> None:
        if self.answers.again(door, session, frame.id):
            return
        device = session.device
        session.caller(self._directory())
        message_id = ids.read_id(ids.MESSAGE, frame.message)
        happened = happened_of(frame, device.id)

        def done(result: Delivery | WardwireError) -> None:
            if isinstance(result, Delivery):
                self.answers.done(door, session, Done(id=frame.id, message=frame.message, state=result.state))
            else:
                self.answers.fail(door, frame.id, result)

        self._writer.put(
            Say(
                message_id,
                device.person_id,
                happened,
                lane=lane_of(frame.p),
                rules=self._rules,
                done=done,
                signed=Signed(bytes(envelope.body), envelope.sig),
            )
        )

    def _escalate(self, door: Door, session: Session, envelope: Envelope, frame: Escalate) -> None:
        caller = session.caller(self._directory())
        asked = ByHand(frame.id, frame.priority, frame.to, frame.policy, frame.place)
        done = Submitted(self.answers, door, frame.id)
        message_id = ids.read_id(ids.MESSAGE, frame.message)
        self._writer.put(EscalateByHand(message_id, asked, caller, self._rules, done))

    def _test(self, door: Door, session: Session, envelope: Envelope, frame: Test) -> None:
        # Its words are ours: no device has signed them.
        caller = replace(session.caller(self._directory()), device_id=None)
        person_id = session.device.person_id
        done = Submitted(self.answers, door, frame.id)
        self._writer.put(TryEndpoint(person_id, frame.endpoint, frame.id, caller, self._rules, done))

    def _cancel(self, door: Door, session: Session, envelope: Envelope, frame: Cancel) -> None:
        if self.answers.again(door, session, frame.id):
            return
        caller = session.caller(self._directory())
        message_id = ids.read_id(ids.MESSAGE, frame.message)

        def done(result: int | WardwireError) -> None:
            if isinstance(result, int):
                state = ALL_CLEAR if frame.all_clear else "cancelled"
                ended = Done(id=frame.id, message=frame.message, state=state, count=result)
                self.answers.done(door, session, ended)
            else:
                self.answers.fail(door, frame.id, result)

        why = why_ended(recall=frame.recall, all_clear=frame.all_clear)
        self._writer.put(
            End(message_id, Event.CANCEL, why, caller=caller, lane=lane_of(frame.p), rules=self._rules, done=done)
        )

    def _beat(self, door: Door, session: Session, envelope: Envelope, frame: Beat) -> None:
        session.caller(self._directory())
        self.catchup.beat(door, session, Cursor(epoch=frame.epoch, seq=frame.seq))

    def _affords(self, door: Door, cost: float) -> bool:
        """Whether a device may ask for what costs more than a frame; else it is told to slow down."""
        if door.bucket.take(self._clock.monotonic(), cost):
            return True
        self._slow_down(door)
        return False

    def _resume(self, door: Door, session: Session, envelope: Envelope, frame: Resume) -> None:
        session.caller(self._directory())
        if not self._affords(door, RESUME_COST):
            return
        self.catchup.resume(door, session, Cursor(epoch=frame.epoch, seq=frame.seq))

    def _ask(self, door: Door, session: Session, envelope: Envelope, frame: Ask) -> None:
        session.caller(self._directory())
        if not self._affords(door, RESUME_COST):
            return
        self.standing.ask(door, session, tuple(ids.read_id(ids.MESSAGE, written) for written in frame.messages))

    def _search(self, door: Door, session: Session, envelope: Envelope, frame: Search) -> None:
        session.caller(self._directory())
        if not self._affords(door, SEARCH_COST):
            return
        self._publish(door.down, encode(FoundFrame(id=frame.id, data=self._find(frame.q, frame.limit, frame.kind))))

    def _availability(self, door: Door, session: Session, envelope: Envelope, frame: SetStatus) -> None:
        session.caller(self._directory())
        if self.answers.again(door, session, frame.id):
            return
        if not self._affords(door, RESUME_COST):
            return
        self.availability.put(door, session, frame)

    def _swap(self, door: Door, session: Session, envelope: Envelope, frame: SwapFrame) -> None:
        session.caller(self._directory())
        if self.answers.again(door, session, frame.id):
            return
        if not self._affords(door, RESUME_COST):
            return
        self.swapping.put(door, session, frame)

    def _own(self, door: Door, session: Session, envelope: Envelope, frame: OwnFrame) -> None:
        session.caller(self._directory())
        if self.answers.again(door, session, frame.id):
            return
        if not self._affords(door, RESUME_COST):
            return
        self.own.put(door, session, frame)

    def _quiet(self, door: Door, session: Session, envelope: Envelope, frame: QuietWord) -> None:
        if self._affords(door, RESUME_COST):
            self.quieting.put(door, session, frame)

    def _push(self, door: Door, session: Session, envelope: Envelope, frame: KeepPush | EndPush) -> None:
        session.caller(self._directory())
        if not self.answers.again(door, session, frame.id) and self._affords(door, RESUME_COST):
            self.pushing.put(door, session, frame)

    def _codes(self, door: Door, session: Session, envelope: Envelope, frame: AskCodes) -> None:
        directory = self._directory()
        caller = session.caller(directory)
        if self._affords(door, SEARCH_COST):
            self.answers.tell(door, codes_of(frame.id, caller, directory))

    def _watch(self, door: Door, session: Session, envelope: Envelope, frame: Watch) -> None:
        session.caller(self._directory())
        if not self._affords(door, RESUME_COST):
            return
        try:
            self.watching.watch(door, session, frame)
        except Unavailable as error:
            self._fail(door, frame.id, error)

    def _watched(self, door: Door, session: Session, envelope: Envelope, frame: Watched | Unwatch) -> None:
        self.watching.watched(session, frame)

    def _about(self, door: Door, session: Session, envelope: Envelope, frame: AboutFrame) -> None:
        if not self._affords(door, RESUME_COST):
            return
        kind, platform, model, os, app, carrier = (
            clean_line(getattr(frame, word), f"/{word}") for word in About._fields[:6]
        )
        door.about = About(kind, platform, model, os, app, carrier, frame.battery, frame.charging)

    # Doors and sessions ----------------------------------------------------------------------------------------

    def _directory(self) -> Directory:
        return self._rules().directory

    def _open(self, name: str) -> Door | None:
        """Open the door of a registered device; nobody else gets one, so that memory is bounded."""
        try:
            device = self._directory().devices.get(UUID(hex=name))
        except ValueError:
            device = None
        if device is None or (device.revoked and not device.ordered):
            self.answers.failures[Code.NOT_AUTHENTICATED] += 1
            self.answers.deny(device.id if device else None, Code.NOT_AUTHENTICATED)
            return None
        bucket = Bucket(self._per_s, self._burst, self._clock.monotonic())
        door = self._doors[name] = Door(name, device.down, bucket)
        return door

    def _opened(self, door: Door, session: Session) -> None:
        """Take a session that was opened here, and let the other cores know; show its person's teams."""
        door.session = session
        self.settings.tell(door)
        self.standing.ask(door, session)
        device_id = session.device.id
        self._mark(device_id, session.limited)
        limited = "1" if session.limited else "0"
        self._publish(SESSIONS, f"{device_id.hex}{session.written}{limited}".encode())

    def _mark(self, device_id: UUID, limited: bool) -> None:
        if limited:
            self._limited.add(device_id)
        else:
            self._limited.discard(device_id)

    def _heard_session(self, _subject: str, _reply: str, payload: bytes, _status: int) -> None:
        """Another core has opened a session: what this one knows is over."""
        text = payload.decode("ascii", "replace")
        if len(text) != 65:
            return
        name, written = text[:32], text[32:64]
        door = self._doors.get(name)
        if door is not None and door.session is not None and door.session.written < written:
            door.session = None
        try:
            self._mark(UUID(hex=name), text[64] == "1")
        except ValueError:
            return

    def _heard_revoked(self, _subject: str, _reply: str, payload: bytes, _status: int) -> None:
        """A device was revoked, somewhere: close what it has here."""
        text = payload.decode("ascii", "replace")
        try:
            device_id = UUID(hex=text[:32])
        except ValueError:
            return
        comes_back = text[32:] == "+"
        if comes_back:
            self._doors.pop(device_id.hex, None)
        else:
            self._leave(device_id)
        for place in self._logins.of(device_id):
            self.kicks.put(place, after_s=0.0 if comes_back else LAST_WORD_S)

    def _leave(self, device_id: UUID) -> None:
        self._publish(f"d.{device_id.hex}.down.m", encode(Bye(why=Code.DEVICE_REVOKED)))
        self._doors.pop(device_id.hex, None)

    async def _load(self, names: list[str]) -> None:
        """Look up the sessions of frames that wait, and go on with them. "" asks for the devices that are too old."""
        rows: dict[UUID, SessionRow] = {}
        error: WardwireError | None = None
        try:
            async with self._acquire() as connection:
                if "" in names:
                    self._limited.update(await list_limited(connection))
                rows = await load_sessions(connection, [UUID(hex=name) for name in names if name])
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as failure:
            log.warning("sessions_unreadable", reason=failure)
            error = Unavailable(Code.UNAVAILABLE, "the session cannot be looked up now; nothing was kept")
        for name in names:
            door = self._doors.get(name)
            if door is None or door.waiting is None:
                continue
            waiting, door.waiting = door.waiting, None
            row = rows.get(UUID(hex=name))
            if row is not None and (door.session is None or door.session.written < row.session_id.hex):
                self._adopt(door, row)
            for envelope in waiting:
                if error is not None:
                    self.answers.fail(door, id_in(envelope.body), error)
                elif door.session is not None and envelope.s == door.session.written:
                    self._proved(door, door.session, envelope)
                else:
                    self._say_hello(door, envelope)

    def _adopt(self, door: Door, row: SessionRow) -> None:
        """Take a session that another core has opened, if its device is still welcome."""
        device = self._directory().devices.get(row.device_id)
        if device is None or device.revoked or device.turn != row.turn:
            return
        try:
            door.session = agree(self._site_key, device, row)
        except Refused:
            return
        self._mark(row.device_id, row.limited)

    def _publish(self, subject: str, frame: bytes) -> None:
        try:
            self._connection.publish(subject, frame)
        except (Unavailable, Refused):
            self.unsent += 1  # the device asks again, or repeats what was not answered
