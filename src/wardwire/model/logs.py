"""The two logs that an auditor reads: what people did, and what was changed of the site. Pure.

Whatever else is in the record is the path of messages: their traces tell it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from wardwire.model.facts import FactKind

USERS, ADMIN = "users", "admin"

LOGS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        USERS: frozenset(
            {
                FactKind.SIGNED_IN,
                FactKind.SIGN_IN_REFUSED,
                FactKind.SESSION_ENDED,
                FactKind.SESSION_OPENED,
                FactKind.SESSION_REPLACED,
                FactKind.ACCESS_DENIED,
                FactKind.GLASS_BROKEN,
                FactKind.GLASS_USED,
                FactKind.GLASS_RETURNED,
                FactKind.READ,
                FactKind.ANSWERED,
                FactKind.HANDED_BACK,
                FactKind.CANCELLED,
                FactKind.BADGE_REFUSED,
                FactKind.DEVICE_CHECKED_OUT,
                FactKind.DEVICE_CHECKED_IN,
                FactKind.ALARM_TAKEN,
                FactKind.DESK_HANDED_OVER,
                FactKind.DESK_TAKEN_OVER,
                FactKind.PROOF_FAILED,
            }
        ),
        ADMIN: frozenset(
            {
                FactKind.DIRECTORY_CHANGED,
                FactKind.ACCOUNT_CHANGED,
                FactKind.CODE_ISSUED,
                FactKind.KEY_MADE,
                FactKind.KEY_REVOKED,
                FactKind.DEVICE_REGISTERED,
                FactKind.DEVICE_REVOKED,
                FactKind.DEVICE_ORDERED,
                FactKind.ORDER_TOLD,
                FactKind.ORDER_CONFIRMED,
                FactKind.PUSH_KEPT,
                FactKind.PUSH_ENDED,
                FactKind.DEVICE_SHARED,
                FactKind.BADGE_SET,
                FactKind.ALARM_RAISED,
                FactKind.ALARM_CLEARED,
                FactKind.CORE_STARTED,
                FactKind.CORE_SILENT,
                FactKind.CORE_HEARD,
                FactKind.CLOCK_STEPPED,
                FactKind.CLOCK_ACCEPTED,
                FactKind.EPOCH_OPENED,
            }
        ),
    }
)
