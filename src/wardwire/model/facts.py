"""The audit vocabulary: what is recorded, in the past tense, and how its chain is hashed.

A fact is written in the transaction of what it tells. Facts are enough to retell the story of a message.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

GENESIS = bytes(32)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class FactKind(StrEnum):
    """What can have happened."""

    CHAIN_BEGUN = "ChainBegun"  # a writer began its chain; body: of which process and lane, after which chain
    STORED = "Stored"  # body: source, external id, recipients with plan and why, digest, proof
    PREFERRED = "Preferred"  # a preference made the plan of a recipient; body: whose and which
    PREFERENCE_FAILED = "PreferenceFailed"  # ... one would have reached nobody: the site's default stood in for it
    EXPANDED = "Expanded"  # a chunk of a large message's recipients got their deliveries
    LEFT_OUT = "LeftOut"  # a member of a group was left out
    ATTEMPTED = "Attempted"  # an outside channel was tried: intent
    SENT = "Sent"  # ... its provider took it; never more than that
    SEND_FAILED = "SendFailed"  # ... it did not
    NOT_SENT = "NotSent"  # ... it was not tried: nobody needed it any more
    DELIVERED = "Delivered"
    READ = "Read"
    ANSWERED = "Answered"  # body: state; of a device what was said, digest of its bytes, proof; also of the next
    HANDED_BACK = "HandedBack"
    NOT_CONFIRMED = "NotConfirmed"  # a stage's time was up; the next one began
    UNREACHABLE = "Unreachable"  # no stage was confirmed
    ESCALATED = "Escalated"  # a step of a policy began; body: which, why, whom it found empty
    STEP_SKIPPED = "StepSkipped"  # ... nobody was there to wait for
    RUNG = "Rung"  # somebody was rung again
    TAKEN = "Taken"  # what the step asked for was there; body: who has it. Of a person: fell silent, saw who has it
    RESUMED = "Resumed"  # what was there is there no longer: the escalation goes on
    HANDED_OVER = "HandedOver"  # a role changed hands: the alert followed it
    HOLDER_ASKED = "HolderAsked"  # whoever has it was asked whether they still do
    KEPT = "Kept"  # ... they do
    PART_MISSING = "PartMissing"  # of a team nobody of a role was there in time
    EXHAUSTED = "Exhausted"  # every step passed unanswered: the operators' desk was asked
    CLOSED = "Closed"  # an escalation ended; body: why
    REPORTED = "Reported"  # a source reported of its alert; body: phase
    MOVED = "Moved"  # a source said that a patient is elsewhere; body: what, whence, where; never who
    ENTERED = "Entered"  # a page made by hand while the site was away; body: when, what came of it, who entered it
    CLEARED = "Cleared"  # ended by its source
    CANCELLED = "Cancelled"
    EXPIRED = "Expired"
    SENDER_TOLD = "SenderTold"  # the sender's device has heard of it
    ALARM_RAISED = "AlarmRaised"
    ALARM_TAKEN = "AlarmTaken"  # a person sees to it
    ALARM_CLEARED = "AlarmCleared"
    DESK_HANDED_OVER = "DeskHandedOver"  # whoever is at the desk hands it over; body: which, how many things are open
    DESK_TAKEN_OVER = "DeskTakenOver"  # ... somebody has it now; body: from whom
    PROOF_FAILED = "ProofFailed"  # the signature of a stored statement, or of an answer, did not verify
    SESSION_OPENED = "SessionOpened"
    SESSION_REPLACED = "SessionReplaced"  # the same key said hello from another place
    DEVICE_REGISTERED = "DeviceRegistered"
    DEVICE_REVOKED = "DeviceRevoked"
    DEVICE_ORDERED = "DeviceOrdered"  # it is lost; body: to lock or to wipe itself, why, by whom
    ORDER_TOLD = "OrderTold"  # ... it was given the order
    ORDER_CONFIRMED = "OrderConfirmed"  # ... it says, by its key, that it is done
    DEVICE_SHARED = "DeviceShared"  # it belongs to a unit from now on; body: which, by whom
    DEVICE_CHECKED_OUT = "DeviceCheckedOut"  # ... somebody has it; body: turn, until, by whom
    DEVICE_CHECKED_IN = "DeviceCheckedIn"  # ... they have it no more: their session ended first; body: why
    BADGE_REFUSED = "BadgeRefused"  # nobody has the badge that was held to it
    BADGE_SET = "BadgeSet"  # somebody has a badge, or none any more; never its number
    PUSH_KEPT = "PushKept"  # a device's browser may be woken by Web Push; body: at which push service
    PUSH_ENDED = "PushEnded"  # ... it may no more
    CODE_ISSUED = "CodeIssued"
    KEY_MADE = "KeyMade"
    KEY_REVOKED = "KeyRevoked"
    DIRECTORY_CHANGED = "DirectoryChanged"
    ACCOUNT_CHANGED = "AccountChanged"  # body: what, by whom; never a secret
    SIGNED_IN = "SignedIn"
    SIGN_IN_REFUSED = "SignInRefused"  # of an account that there is; body: why
    SESSION_ENDED = "SessionEnded"  # somebody was signed out; body: by whom
    GLASS_BROKEN = "GlassBroken"  # break-glass access began; body: why, until
    GLASS_USED = "GlassUsed"  # ... something was seen by it; body: action
    GLASS_RETURNED = "GlassReturned"  # ... it was ended before its time
    ACCESS_DENIED = "AccessDenied"
    CORE_STARTED = "CoreStarted"
    CORE_SILENT = "CoreSilent"  # not heard for too long, and it had not said goodbye
    CORE_HEARD = "CoreHeard"  # it was silent, and is not any more
    CLOCK_STEPPED = "ClockStepped"
    CLOCK_ACCEPTED = "ClockAccepted"
    EPOCH_OPENED = "EpochOpened"


Recorded = tuple[str, UUID | None, UUID | None, UUID | None, str]
"""A fact before it has its place in a chain: kind, message, person, device, body. Its instant is its batch's."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One entry of a chain, as it is stored. `body` is JSON; the hash is over its exact bytes."""

    writer: UUID
    seq: int
    at: datetime
    kind: str
    message_id: UUID | None
    person_id: UUID | None
    device_id: UUID | None
    body: str
    hash: bytes


def since_epoch_us(at: datetime) -> int:
    """Return an instant as a chain hashes it: microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND


def link(
    previous: bytes,
    writer: UUID,
    seq: int,
    at: datetime,
    kind: str,
    message_id: UUID | None,
    person_id: UUID | None,
    device_id: UUID | None,
    body: str,
) -> bytes:
    """Return the hash (SHA-256, 32 bytes) that chains an entry to the one before it."""
    return link_all(previous, writer, seq, at, [(kind, message_id, person_id, device_id, body)])[0]


def link_all(previous: bytes, writer: UUID, first: int, at: datetime, drafts: Iterable[Recorded]) -> list[bytes]:
    """Do what `link` does for many of one writer and one instant, the first of them numbered `first`."""
    hashes = []
    at_us, written, sha256 = since_epoch_us(at), writer.hex, hashlib.sha256
    for seq, (kind, message_id, person_id, device_id, body) in enumerate(drafts, start=first):
        text = (
            f"{written}|{seq}|{at_us}|{kind}|"
            f"{'' if message_id is None else message_id.hex}|{'' if person_id is None else person_id.hex}|"
            f"{'' if device_id is None else device_id.hex}|{body}"
        )
        previous = sha256(previous + text.encode()).digest()
        hashes.append(previous)
    return hashes
