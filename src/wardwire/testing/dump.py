"""What the database holds when all has healed, as plain rows: the other half of what `checker` judges.

The caller reads its own tables and fills these in; the checker knows no SQL. Ids are the texts that clients
and devices saw.
"""

from __future__ import annotations

import msgspec


class MessageRow(msgspec.Struct, frozen=True, kw_only=True):
    """One stored message. `ended`: nothing more needs to happen (answered, cancelled, expired, alarmed)."""

    message: str
    ended: bool = False


class IdentityRow(msgspec.Struct, frozen=True, kw_only=True):
    """One identity and its first result. `op` is as in `history.Operation`; only `send` makes messages."""

    source: str
    external_id: str
    digest: str
    message: str
    op: str = "send"


class DeliveryRow(msgspec.Struct, frozen=True, kw_only=True):
    """One message for one person. `settled`: confirmed by a device, or ended and told."""

    message: str
    person: str
    state: str
    settled: bool


class InboxRow(msgspec.Struct, frozen=True, kw_only=True):
    """One numbered event of one person."""

    person: str
    seq: int
    event: str
    message: str
    epoch: int = 1


class DeadlineRow(msgspec.Struct, frozen=True, kw_only=True):
    """Something armed. `person` None: it is for the message as a whole (its expansion, its expiry)."""

    message: str
    person: str | None = None


class Dump(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. `archived` says the highest inbox number a person no longer has rows up to (0: has all)."""

    messages: tuple[MessageRow, ...] = ()
    identities: tuple[IdentityRow, ...] = ()
    deliveries: tuple[DeliveryRow, ...] = ()
    inbox: tuple[InboxRow, ...] = ()
    deadlines: tuple[DeadlineRow, ...] = ()
    archived: dict[str, int] = {}
