"""Enters a page that was made by hand while the site was away: it rings nobody, and that it was entered is a fact."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from wardwire.flow.statement import Responses, Statement, write_statement
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.facts import FactKind
from wardwire.model.message import Offered
from wardwire.model.paper import PaperPage, check_paper
from wardwire.model.rights import Caller
from wardwire.store.batch import write_instant
from wardwire.store.chain import Draft
from wardwire.store.ledger import Ledger
from wardwire.store.offered import write_offered
from wardwire.store.paper import add_paper, find_paper

_ENCODE = msgspec.json.Encoder().encode
_OFFERED = write_offered(Offered(accept_decline=True))


async def enter_paper(ledger: Ledger, now: datetime, caller: Caller, key: str, page: PaperPage) -> tuple[UUID, bool]:
    """Enter one; returns its message, and whether it was there before. When this returns, it is committed.

    Args:
        key: The caller's own id of it: a repeat makes nothing twice.

    Raises:
        Refused: `ID_REUSED` for a key of other content, `NOT_PERMITTED` for whoever is no person, and as
            model/paper.check_paper.
        Unavailable, Unknown: As of every commit.
    """
    check_paper(page, now)
    sender = caller.person_id
    if sender is None:
        raise Refused(Code.NOT_PERMITTED, "a person enters what is on paper")
    to = ids.write_id(ids.PERSON, page.person_id)
    external_id = f"{caller.source} {key}"
    statement = Statement(
        id=external_id, to=(to,), priority=page.priority, text=page.text, responses=Responses(accept_decline=True)
    )
    content = write_statement(statement)
    told = {
        "called_at": write_instant(page.called_at),
        "outcome": page.outcome,
        "outcome_at": write_instant(page.outcome_at),
        "priority": page.priority,
        "by": ids.write_id(ids.PERSON, sender),
    }
    digest = hashlib.sha256(_ENCODE((told, to)) + content).digest()

    async def work(connection: asyncpg.Connection) -> tuple[tuple[UUID, bool], Sequence[Draft]]:
        kept = await find_paper(connection, external_id)
        if kept is not None:
            if kept[0] != digest:
                raise Refused(Code.ID_REUSED, "this key was used before, for other content")
            return (kept[1], True), ()
        message_id = ids.new_id(page.called_at)
        await add_paper(
            connection, message_id, page, external_id=external_id, digest=digest, content=content, offered=_OFFERED,
            sender=sender, now=now,
        )  # fmt: skip
        body = _ENCODE({**told, "content": hashlib.sha256(content).hexdigest()}).decode()
        return (message_id, False), (Draft(FactKind.ENTERED, message_id, page.person_id, caller.device_id, body),)

    return await ledger.commit(now, work)
