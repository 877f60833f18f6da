"""Messages over HTTP: send, read, list, retell, take back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

import asyncpg

from wardwire.api.identity import REPLAYED, find_identity, get_identity
from wardwire.api.operation import Answer, Call, Deps, Found, Identity, Operation, Query
from wardwire.api.paging import AFTER, LIMIT, cut, read_cursor
from wardwire.api.wire import (
    CancelIn,
    Cancelled,
    Deliveries,
    DeliveryOut,
    DryRun,
    EscalateIn,
    MessageLine,
    MessageOut,
    Messages,
    NewMessage,
)
from wardwire.flow.by_hand import ByHand, EscalateByHand
from wardwire.flow.end import End, why_ended
from wardwire.flow.ports import Act
from wardwire.flow.statement import read_statement, sender_of, submission_of, write_statement
from wardwire.flow.submit import Submit, dry_run
from wardwire.flow.trace import Story, read_story
from wardwire.flow.views import MAX_NAMED, Stored, read_stored
from wardwire.model import ids
from wardwire.model.delivery import Delivery, Event
from wardwire.model.errors import Code, Refused, Unavailable, Unknown, WardwireError
from wardwire.model.languages import choose_language
from wardwire.model.matrix import Action, Owner
from wardwire.model.priority import Priority, lane_of
from wardwire.model.rights import CODE, source_to_read
from wardwire.model.routing import write_stages
from wardwire.store.deliveries import count_states, load_deliveries, page_deliveries
from wardwire.store.messages import Message, list_messages, load_messages

T = TypeVar("T")

_LAST = UUID(int=(1 << 128) - 1)
_NOBODY = UUID(int=0)
_NOT_SENT = (
    Code.RECIPIENT_UNKNOWN, Code.RECIPIENT_AMBIGUOUS, Code.RECIPIENT_DISABLED, Code.GROUP_EMPTY, Code.ROLE_VACANT,
    Code.PLACE_UNKNOWN, Code.POLICY_UNKNOWN, Code.CODE_RUNNING, Code.ALREADY_ENDED,
    Code.TEXT_BLANK, Code.TEXT_TOO_LONG, Code.CHOICES_INVALID, Code.EXPIRY_NOT_ALLOWED, Code.EXPIRY_PAST,
    Code.TOO_MANY, Code.ID_REUSED, Code.NOT_FOUND, Code.OVERLOADED, Code.DISK_LOW, Code.COMMIT_UNKNOWN,
)  # fmt: skip


async def send(call: Call) -> Answer:
    """Store a message, or say who would get it."""
    body: NewMessage = call.body
    rules, caller = call.deps.rules, call.caller
    trial = bool(call.query.get("dry_run"))
    identity = find_identity(call) or "dry-run" if trial else get_identity(call)
    statement = body.statement(identity)
    submission = submission_of(statement, source=caller.source, content=write_statement(statement))
    if trial:
        reached, promise = dry_run(submission, caller, rules(), call.deps.clock.now())
        return Answer(body=DryRun(recipient_count=len(reached), recipients=reached[:MAX_NAMED], promise=promise))
    counted = (lambda *_: None) if body.drill else call.deps.counted  # a drill is never counted as real
    return await _stored(call, body.priority, lambda done: Submit(submission, caller, rules, done), counted)


async def escalate(call: Call) -> Answer:
    """Make an alert of a message."""
    body: EscalateIn = call.body
    message_id = call.id(ids.MESSAGE, "message_id")
    asked = ByHand(get_identity(call), body.priority, body.to, body.policy, body.place)
    return await _stored(
        call,
        body.priority,
        lambda done: EscalateByHand(message_id, asked, call.caller, call.deps.rules, done),
        call.deps.counted,
    )


async def _stored(
    call: Call,
    priority: Priority,
    make: Callable[[Callable[..., None]], Act],
    counted: Callable[[str, str], None],
) -> Answer:
    """Hand in what is to be stored, and answer with the result."""
    result: str
    replayed: bool
    try:
        result, replayed = await hand_in(
            call.deps, lambda done: call.deps.writer.put(make(lambda result, repeat: done(result, (result, repeat))))
        )
    except WardwireError as error:
        counted(_outcome(error), priority)
        raise
    counted("repeated" if replayed else "stored", priority)
    stored = read_stored(result)
    headers = {"Location": f"/v1/messages/{stored.message}"}
    if replayed:
        headers |= REPLAYED
    return Answer(body=stored, status=201, headers=headers)


async def get(call: Call) -> Answer:
    """Show a message and how it stands."""
    message: Message = call.thing

    async def read(connection: asyncpg.Connection) -> tuple[dict[str, int], list[tuple[Delivery, str]]]:
        found = await page_deliveries(connection, message.id, after=_NOBODY, limit=MAX_NAMED + 1)
        return await count_states(connection, message.id), found

    states, found = await call.read(read)
    page, following, headers = _page_of(call, message.id, found, MAX_NAMED)
    statement = read_statement(message.content)
    body = MessageOut(
        id=ids.write_id(ids.MESSAGE, message.id),
        thread=ids.write_id(ids.THREAD, message.thread_id),
        kind=message.kind,
        priority=message.priority,
        sender=sender_of(call.deps.rules().directory, message.sender_person, message.source),
        external_id=message.external_id,
        stored_at=message.stored_at,
        states=states,
        deliveries=page,
        subject=statement.subject,
        text=statement.text,
        callback=statement.callback,
        responses=statement.responses,
        patient=statement.patient,
        reply_to=statement.reply_to or "",
        expires_at=message.expires_at,
        ended_at=message.ended_at,
        ended_why=message.ended_why or "",
        next=following,
    )
    return Answer(body=body, headers=headers)


async def deliveries(call: Call) -> Answer:
    """Show how a message stands with each of its people."""
    limit = call.query["limit"]
    after = read_cursor(ids.PERSON, call.query["after"], _NOBODY)
    message: Message = call.thing
    found = await call.read(lambda c: page_deliveries(c, message.id, after=after, limit=limit + 1))
    page, following, headers = _page_of(call, message.id, found, limit)
    return Answer(body=Deliveries(data=page, next=following), headers=headers)


def _page_of(
    call: Call, message_id: UUID, found: list[tuple[Delivery, str]], limit: int
) -> tuple[list[DeliveryOut], str | None, dict[str, str]]:
    """Show as many as a page has; of one more that was found, say where it goes on."""
    people = call.deps.rules().directory.people
    shown = [
        DeliveryOut(
            person=ids.write_id(ids.PERSON, d.person_id),
            name=people[d.person_id].name if d.person_id in people else "",
            state=d.state,
            why=why,
            tries=write_stages(d.stages),
            delivered_at=d.delivered_at,
            read_at=d.read_at,
            response=d.response or "",
            responded_at=d.responded_at,
        )
        for d, why in found
    ]
    path = f"/v1/messages/{ids.write_id(ids.MESSAGE, message_id)}/deliveries"
    return cut(shown, limit, lambda one: one.person, path)


async def list_(call: Call) -> Answer:
    """List messages, newest first: one's own, or with the scope all."""
    limit, after = call.query["limit"], call.query["after"]
    source, sender = source_to_read(call.caller, call.query["source"]), None
    if source == call.caller.source and call.caller.person_id is not None:
        source, sender = None, call.caller.person_id  # a person's own, from whichever device
    before = read_cursor(ids.MESSAGE, after, _LAST)
    found = await call.read(lambda c: list_messages(c, before=before, source=source, sender=sender, limit=limit + 1))
    directory = call.deps.rules().directory
    lines = [
        MessageLine(
            id=ids.write_id(ids.MESSAGE, m.id),
            kind=m.kind,
            priority=m.priority,
            sender=sender_of(directory, m.sender_person, m.source),
            external_id=m.external_id,
            stored_at=m.stored_at,
            ended_at=m.ended_at,
            ended_why=m.ended_why or "",
        )
        for m in found
    ]
    page, following, headers = cut(lines, limit, lambda one: one.id, "/v1/messages", source=call.query["source"])
    return Answer(body=Messages(data=page, next=following), headers=headers)


async def trace(call: Call) -> Answer:
    """Retell a message: each hop with time, node and reason."""
    message: Message = call.thing
    directory = call.deps.rules().directory
    language = choose_language(call.headers.get("accept-language", ""))
    story = await call.read(lambda c: read_story(c, message.id, directory, language))
    if story is None:
        raise Refused(Code.NOT_FOUND, "there is no such message")
    return Answer(body=story, headers={"Content-Language": language, "Vary": "Accept-Language"})


async def cancel(call: Call) -> Answer:
    """Take a message back."""
    message_id = call.id(ids.MESSAGE, "message_id")
    message: Message = call.thing
    why = why_ended(recall=call.body.recall, all_clear=call.body.all_clear)
    lane = lane_of(Priority(message.priority))
    ended: int = await hand_in(
        call.deps,
        lambda done: call.deps.writer.put(
            End(
                message_id,
                Event.CANCEL,
                why,
                caller=call.caller,
                lane=lane,
                rules=call.deps.rules,
                done=lambda result: done(result, result),
            )
        ),
    )
    return Answer(body=Cancelled(message=ids.write_id(ids.MESSAGE, message_id), why=why, ended=ended))


async def hand_in(deps: Deps, put: Callable[[Callable[[object, Any], None]], None]) -> Any:
    """Hand an act in and wait until it is committed, refused or unknown."""
    future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def done(result: object, answer: Any) -> None:
        if future.done():
            return
        if isinstance(result, WardwireError):
            future.set_exception(result)
        else:
            future.set_result(answer)

    put(done)
    try:
        async with asyncio.timeout(deps.patience_s):
            return await future
    except TimeoutError:
        raise Unknown(f"no answer within {deps.patience_s:g} s") from None


async def find_message(call: Call) -> Found:
    """Find the message of the path, and whose it is: of its source, its sender, and who got it."""
    message_id = call.id(ids.MESSAGE, "message_id")
    me = call.caller.person_id

    async def read(connection: asyncpg.Connection) -> tuple[Message | None, bool]:
        found = (await load_messages(connection, [message_id])).get(message_id)
        mine = me is not None and bool(await load_deliveries(connection, [(message_id, me)]))
        return found, mine

    message, mine = await call.read(read)
    if message is None:
        raise Refused(Code.NOT_FOUND, "there is nothing of this id")
    return Found([_owner_of(message, me if mine else None)], message)


async def find_sent(call: Call) -> Found:
    """Find the message of the path, as belonging to who sent it; who has its alert may say that it is over, and
    whether they have it is judged where it ends (flow/end.py).
    """
    found = await find_message(call)
    return found if call.body.all_clear else Found([_owner_of(found.thing)], found.thing)


def _owner_of(message: Message, recipient: UUID | None = None) -> Owner:
    people = (person for person in (message.sender_person, recipient) if person is not None)
    return Owner(source=message.source, people=frozenset(people))


def _outcome(error: WardwireError) -> str:
    if isinstance(error, Refused | Unavailable):
        return error.code
    return Code.COMMIT_UNKNOWN


_EXAMPLE = {
    "to": ["role:Cardiology 1st"],
    "priority": "high",
    "subject": "K+ 6.8",
    "text": "Potassium 6.8 mmol/l, not haemolysed. Please call back.",
    "callback": "4711",
    "responses": {"accept_decline": True},
}

OPERATIONS = (
    Operation(
        id="sendMessage",
        method="POST",
        path="/v1/messages",
        tag="messages",
        about="Send a message. Answered when it is committed for good; repeating it with the same key and body "
        "gives the first answer again, with `Idempotency-Replayed: true`.",
        action=Action.MESSAGE_SEND,
        handler=send,
        body=NewMessage,
        answers={201: Stored, 200: DryRun},
        query=(Query(name="dry_run", kind="boolean", about="Only say who would get it and why.", default=False),),
        refuses=_NOT_SENT,
        scope=f"{CODE} for priority code",
        identity=Identity.REQUIRED,
        example=_EXAMPLE,
    ),
    Operation(
        id="listMessages",
        method="GET",
        path="/v1/messages",
        tag="messages",
        about="List messages, newest first: those of your own source, or with the scope of every source.",
        action=Action.MESSAGE_READ,
        narrows=True,
        handler=list_,
        answers={200: Messages},
        query=(LIMIT, AFTER, Query(name="source", kind="string", about="Only of this source.")),
    ),
    Operation(
        id="getMessage",
        method="GET",
        path="/v1/messages/{message_id}",
        tag="messages",
        about="Read a message and how it stands; of its deliveries the first 100.",
        action=Action.MESSAGE_READ,
        find=find_message,
        handler=get,
        answers={200: MessageOut},
        refuses=(Code.NOT_FOUND,),
    ),
    Operation(
        id="listDeliveries",
        method="GET",
        path="/v1/messages/{message_id}/deliveries",
        tag="messages",
        about="List how a message stands with each of its people.",
        action=Action.MESSAGE_READ,
        find=find_message,
        handler=deliveries,
        answers={200: Deliveries},
        query=(LIMIT, AFTER),
        refuses=(Code.NOT_FOUND,),
    ),
    Operation(
        id="traceMessage",
        method="GET",
        path="/v1/messages/{message_id}/trace",
        tag="messages",
        about="Retell a message: each hop with its time, node and reason, in English, or German (`Accept-Language`).",
        action=Action.MESSAGE_TRACE,
        find=find_message,
        handler=trace,
        answers={200: Story},
        refuses=(Code.NOT_FOUND,),
    ),
    Operation(
        id="escalateMessage",
        method="POST",
        path="/v1/messages/{message_id}/escalate",
        tag="messages",
        about="Make an alert of a message, by hand: its words in its thread, to people or by a policy.",
        action=Action.MESSAGE_SEND,
        handler=escalate,
        body=EscalateIn,
        answers={201: Stored},
        refuses=_NOT_SENT,
        scope=f"{CODE} for priority code",
        identity=Identity.REQUIRED,
        example={"priority": "high", "policy": "Consult"},
    ),
    Operation(
        id="cancelMessage",
        method="POST",
        path="/v1/messages/{message_id}/cancel",
        tag="messages",
        about="Take a message back, or say of an alert that it is over: `all_clear`. Twice changes nothing.",
        action=Action.MESSAGE_CANCEL,
        find=find_sent,
        handler=cancel,
        body=CancelIn,
        answers={200: Cancelled},
        refuses=(Code.NOT_FOUND, Code.OVERLOADED, Code.COMMIT_UNKNOWN),
        example={"recall": False},
    ),
)
