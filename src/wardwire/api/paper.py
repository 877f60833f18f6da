"""Pages that were made by hand while the site was away, entered over HTTP."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from wardwire.api.identity import REPLAYED, get_identity
from wardwire.api.operation import Answer, Call, Identity, Operation
from wardwire.api.wire import Instant
from wardwire.flow.paper import enter_paper
from wardwire.model import ids
from wardwire.model.errors import Code, Refused
from wardwire.model.matrix import Action
from wardwire.model.message import MAX_TEXT
from wardwire.model.names import MAX_NAME
from wardwire.model.paper import Outcome, PaperPage
from wardwire.model.priority import Priority
from wardwire.model.targets import find_target


class PaperIn(msgspec.Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """Somebody (`to`: an id or a name) was called by hand. Without `outcome_at` it came of it at once."""

    to: Annotated[str, Meta(min_length=1, max_length=MAX_NAME + 10)]
    priority: Priority
    text: Annotated[str, Meta(min_length=1, max_length=MAX_TEXT)]
    called_at: Instant
    outcome: Outcome
    outcome_at: Instant | None = None


class PaperOut(msgspec.Struct, frozen=True):
    """It is in the log, at the time at which it was made."""

    message: str


async def enter(call: Call) -> Answer:
    """Enter one."""
    body: PaperIn = call.body
    kind, person_id = find_target(body.to, call.deps.rules().directory, "/to")
    if kind != ids.PERSON:
        raise Refused(Code.INVALID, "whoever was called is a person", pointer="/to")
    page = PaperPage(
        person_id, body.priority, body.text, body.called_at, body.outcome, body.outcome_at or body.called_at
    )
    message_id, replayed = await enter_paper(
        call.deps.alarms, call.deps.clock.now(), call.caller, get_identity(call), page
    )
    written = ids.write_id(ids.MESSAGE, message_id)
    headers = {"Location": f"/v1/messages/{written}/trace"} | (REPLAYED if replayed else {})
    return Answer(body=PaperOut(written), status=201, headers=headers)


OPERATIONS = (
    Operation(
        id="enterPaperPage", method="POST", path="/v1/paper-pages", tag="desk",
        about="Enter a page that was made by hand while the site was away, at most 7 days ago. It rings nobody, and "
        "stands in log, trace and reports at the time at which it was made.",
        handler=enter, body=PaperIn, answers={201: PaperOut}, action=Action.PAPER_ENTER, identity=Identity.REQUIRED,
        refuses=(
            Code.RECIPIENT_UNKNOWN, Code.RECIPIENT_AMBIGUOUS, Code.TEXT_BLANK, Code.TEXT_TOO_LONG, Code.ID_REUSED,
            Code.COMMIT_UNKNOWN,
        ),
        example={
            "to": "Dr. Okafor", "priority": "high", "text": "K+ 6.8, 4W-12", "called_at": "2026-12-07T11:42:00Z",
            "outcome": "accepted", "outcome_at": "2026-12-07T11:43:00Z",
        },
    ),
)  # fmt: skip
