"""Changes to escalation policies. Each change is a version of its own, kept for good; running alerts keep theirs."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from uuid import UUID

from wardwire.directory.desk import Change, DirectoryDesk
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.names import clean_name
from wardwire.model.policy import ASK_WAIT, STILL_ACTIVE, Policy, Step, check_policy
from wardwire.model.rights import Caller
from wardwire.model.scene import Grounds, check_reach
from wardwire.store import policies as store


async def add_policy(
    desk: DirectoryDesk,
    caller: Caller,
    grounds: Grounds,
    *,
    name: str,
    steps: tuple[Step, ...],
    loops: int = 0,
    still_active: timedelta | None = STILL_ACTIVE,
    ask_wait: timedelta = ASK_WAIT,
    approval: bool = False,
) -> Policy:
    """Add a policy.

    Args:
        grounds: As of now: whoever a target names must be there, and its end must reach somebody.
        approval: Whether the site asks for a second person: then policies come by drafts alone.

    Raises:
        Refused: `NAME_TAKEN`, `APPROVAL_REQUIRED`, `POLICY_INVALID`, `UNREACHABLE_END`, `RECIPIENT_UNKNOWN` and its
            like, `NOT_PERMITTED`, and what a name may not be.
    """
    name = clean_name(name)
    _check_alone(approval)

    async def work(change: Change) -> Policy:
        policy = Policy(
            id=ids.new_id(change.now),
            name=name,
            version=change.version,
            steps=steps,
            loops=loops,
            still_active=still_active,
            ask_wait=ask_wait,
        )
        check_policy(policy, grounds.directory)
        check_reach(policy, grounds, change.now)
        await store.insert_policy(change.connection, policy, change.now)
        change.record("policy_added", _told(policy))
        return policy

    return await desk.change(caller, work)


async def change_policy(
    desk: DirectoryDesk,
    caller: Caller,
    grounds: Grounds,
    policy_id: UUID,
    *,
    name: str | None = None,
    steps: tuple[Step, ...] | None = None,
    loops: int | None = None,
    still_active: timedelta | None = None,
    never_still_active: bool = False,
    ask_wait: timedelta | None = None,
    disabled: bool | None = None,
    approval: bool = False,
) -> Policy:
    """Change what is not None; what runs already goes on as it began.

    Raises:
        Refused: As `add_policy`, and `NOT_FOUND`.
    """
    name = None if name is None else clean_name(name)
    text = (steps, loops, still_active, ask_wait)
    _check_alone(approval and (never_still_active or any(part is not None for part in text)))

    async def work(change: Change) -> Policy:
        before = await store.lock_policy(change.connection, policy_id)
        if before is None:
            raise Refused(Code.NOT_FOUND, "there is no such policy")
        after = before._replace(
            name=name or before.name,
            version=change.version,
            steps=before.steps if steps is None else steps,
            loops=before.loops if loops is None else loops,
            still_active=None if never_still_active else still_active or before.still_active,
            ask_wait=ask_wait or before.ask_wait,
            disabled=before.disabled if disabled is None else disabled,
        )
        check_policy(after, grounds.directory)
        if not after.disabled and (before.disabled or after.steps != before.steps):
            check_reach(after, grounds, change.now)
        await store.update_policy(change.connection, after, change.now)
        change.record("policy_changed", {**_told(after), "before": before.version, "disabled": after.disabled})
        return after

    return await desk.change(caller, work)


def _check_alone(approval: bool) -> None:
    if approval:
        raise Refused(
            Code.APPROVAL_REQUIRED, "this site asks for a second person: draft it, let it be approved, publish it"
        )


def _told(policy: Policy) -> dict[str, object]:
    return {"policy": ids.write_id(ids.POLICY, policy.id), "name": policy.name, "digest": digest_of(policy)}


def digest_of(policy: Policy) -> str:
    """Return the digest by which a fact names a version of a policy, as `policy_versions` keeps it."""
    return hashlib.sha256(store.write_policy(policy).encode()).hexdigest()
