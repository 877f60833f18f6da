"""What a core knows of one device while it talks with it, and what it decides of each frame. No I/O, no clock."""

from __future__ import annotations

from collections import OrderedDict
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from wardwire.carrier import nkeys
from wardwire.devices import proof
from wardwire.devices.frames import Badge, Cancel, Envelope, Escalate, Hello, Obeyed, Response, Up, read_body
from wardwire.devices.rate import Bucket
from wardwire.model import ids
from wardwire.model.device_register import About
from wardwire.model.errors import Code, Refused
from wardwire.model.people import Device, Directory, Person
from wardwire.model.rights import PERSON_SCOPES, Caller

# So many answers are remembered per session: a repeated response is answered alike, and does nothing again.
REMEMBERED = 64
# An answer is kept as it was signed. The longest has some 15,000 bytes, were each of its characters escaped.
SIGNED_MAX = 16_384


class Session:
    """A session that a signed hello has opened.

    Attributes:
        written: Its id as frames carry it, 32 hex digits.
        limited: The device is too old; it gets `code` and nothing else.
        answered: The last answers to responses and cancels, by their id.
    """

    __slots__ = ("_caller", "_seen", "answered", "device", "key", "limited", "mac", "session_id", "written")

    def __init__(self, device: Device, session_id: UUID, mac: proof.Mac, *, limited: bool) -> None:
        self.device = device
        self.session_id = session_id
        self.written = session_id.hex
        self.mac = mac
        self.limited = limited
        self.key = signing_key(device)
        self.answered: OrderedDict[str, bytes] = OrderedDict()
        self._seen: tuple[Device | None, Person | None] = (None, None)
        self._caller: Caller | None = None

    def caller(self, directory: Directory) -> Caller:
        """Return who speaks through this session, by the directory as it is now.

        Raises:
            Refused: `DEVICE_REVOKED`, `SESSION_UNKNOWN` when somebody else has it now, or `NOT_PERMITTED` when the
                person is disabled.
        """
        id, person_id = self.device.id, self.device.person_id
        seen, caller = self._seen, self._caller
        if directory.devices.get(id) is seen[0] and directory.people.get(person_id) is seen[1] and caller is not None:
            return caller  # neither has changed since the last frame
        device = directory.devices.get(id)
        if device is not None and device.turn != self.device.turn:
            raise Refused(Code.SESSION_UNKNOWN, "this device has changed hands; say hello")
        person = check_device(directory, id)
        source = ids.write_id(ids.DEVICE, id)
        caller = Caller(source=source, scopes=PERSON_SCOPES | person.scopes, person_id=person.id, device_id=id)
        self._seen, self._caller = (directory.devices[id], person), caller
        return caller

    def remember(self, request: str, answer: bytes) -> None:
        """Keep the answer to a request, for its repeat."""
        self.answered[request] = answer
        if len(self.answered) > REMEMBERED:
            self.answered.popitem(last=False)


class Door:
    """One device at this core.

    Attributes:
        name: The device's id as subjects carry it, 32 hex digits.
        down: The subject of what it is told.
        waiting: Frames of a session that is being looked up; None when none is.
        settings: The last settings that it was told here.
        about: What it has said of itself, until that is noted.
        noted_at: When it was last noted as heard (monotonic seconds).
        told: It has been told that it sends too much, and has not sent less since.
    """

    __slots__ = ("about", "bucket", "down", "name", "noted_at", "session", "settings", "told", "waiting")

    def __init__(self, name: str, down: str, bucket: Bucket) -> None:
        self.name = name
        self.down = down
        self.bucket = bucket
        self.session: Session | None = None
        self.waiting: list[Envelope] | None = None
        self.told = False
        self.settings = b""
        self.about: About | None = None
        self.noted_at = float("-inf")


def signing_key(device: Device) -> Ed25519PublicKey:
    """Return the key that a device signs with: its nkey.

    Raises:
        Refused: `PROOF_INVALID` when what is registered is none.
    """
    try:
        return Ed25519PublicKey.from_public_bytes(nkeys.read_public(device.nkey, nkeys.Kind.USER))
    except ValueError:
        raise Refused(Code.PROOF_INVALID, "the registered key is no user nkey") from None


def check_device(directory: Directory, device_id: UUID) -> Person:
    """Return whose device it is.

    Raises:
        Refused: `DEVICE_REVOKED`, or `NOT_PERMITTED` when the person is disabled.
    """
    device = directory.devices.get(device_id)
    if device is None or device.revoked:
        raise Refused(Code.DEVICE_REVOKED, "this device is not registered any more")
    person = directory.people.get(device.person_id)
    if person is None or person.disabled:
        raise Refused(Code.NOT_PERMITTED, "the person of this device is disabled")
    return person


def read_frame(session: Session, envelope: Envelope) -> Up:
    """Read a frame of a session once it has proved itself.

    A statement's signature is looked at by nobody here: who takes it reads it (`read_signature`), and it is checked
    against the kept statement later, because here that would cost more than the whole path.

    Raises:
        Refused: `SESSION_UNKNOWN` when the MAC is not the session's (the device says hello again),
            `PROOF_INVALID` when the signature of an answer is missing or wrong, `TOO_LARGE` when it has more bytes
            than are kept, `MALFORMED`, `INVALID`.
    """
    body = envelope.body
    if not session.mac.check(body, envelope.mac):
        raise Refused(Code.SESSION_UNKNOWN, "the frame is not of this session")
    frame = read_body(body)
    kind = type(frame)
    if kind is Response or kind is Cancel or kind is Escalate:
        if kind is Response and len(body) > SIGNED_MAX:
            raise Refused(Code.TOO_LARGE, f"an answer has at most {SIGNED_MAX} bytes", limit=SIGNED_MAX)
        check_signature(session.key, session.device.id, envelope)
    elif kind is Hello or kind is Obeyed or kind is Badge:
        raise Refused(Code.INVALID, "this is said outside a session", pointer="/s")
    return frame


def read_signature(envelope: Envelope) -> bytes:
    """Return the 64 bytes of the signature.

    Raises:
        Refused: `PROOF_INVALID` when it is none.
    """
    try:
        signature = proof.read_bytes(envelope.sig)
    except Refused:
        signature = b""
    if len(signature) != proof.SIGNATURE_BYTES:
        raise Refused(Code.PROOF_INVALID, "this needs the device's signature", pointer="/sig")
    return signature


def check_signature(key: Ed25519PublicKey, device_id: UUID, envelope: Envelope) -> None:
    """Refuse a body that the device has not signed.

    Raises:
        Refused: `PROOF_INVALID`.
    """
    if not proof.verify_signature(key, device_id.hex, bytes(envelope.body), read_signature(envelope)):
        raise Refused(Code.PROOF_INVALID, "the signature is not the device's", pointer="/sig")
