"""`wardwire device listen`: what arrives at a terminal, and what is typed there as an answer."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import typer

from wardwire.cli.cards import CardOption, change_holder, find_card, forget_states, run, state_path
from wardwire.cli.options import AsJson, say
from wardwire.cli.terminal import about_terminal
from wardwire.client.card import Card
from wardwire.client.closed import Closed, HandedOver
from wardwire.client.device import Device
from wardwire.client.memory import Memory
from wardwire.devices.frames import Event, OrderFrame, StatusFrame, TeamFrame, encode
from wardwire.flow.views import DeliveryView
from wardwire.model.errors import Code, Refused, Unavailable, Unknown

app = typer.Typer()

_COLOURS = {"code": typer.colors.RED, "high": typer.colors.YELLOW, "medium": typer.colors.CYAN}
# A short command has taken our place for a moment; more often than this, and it is another device.
MOST_REPLACED = 5


@app.command("listen")
def listen(card: CardOption = "", json_: AsJson = False) -> None:
    """
    Show what arrives, live, until Ctrl-C; type accept, decline, back, keep, done, a choice or its number to answer
    the last one.

    Example: wardwire device listen --card anna
    """
    path = find_card(card)
    run(_listen(path, json_))


def read_reply(reply: str, *, text: bool = False) -> dict[str, str]:
    """Turn what was typed into what `Device.respond` takes."""
    if text:
        return {"text": reply}
    words = {"a": "accept", "accept": "accept", "d": "decline", "decline": "decline", "back": "hand_back"}
    words |= {"keep": "keep", "done": "done"}
    word = words.get(reply.strip().casefold().replace("hand_back", "back"))
    return {"answer": word} if word else {"choice": reply}


async def _listen(path: Path, as_json: bool) -> None:
    replaced = 0
    last: list[Event] = []

    def show(event: Event) -> None:
        """Shown and kept first, then confirmed: what was confirmed was seen."""
        if event.event in ("new", "ring", "still_active"):
            last[:] = [event]
        typer.echo(encode(event).decode() if as_json else render(event))
        memory.keep(event)

    while True:
        card = Card.load(path)
        memory = Memory(state_path(path, card))
        if card.place.turn and not card.place.person:
            say("Nobody has this device. Hold a badge to it: wardwire device badge")
        device = Device(
            card,
            cursor=memory.cursor,
            shown=memory.shown,
            keep=show,
            on_status=None if as_json else _show_status,
            on_team=_show_team_json if as_json else _show_team,
            on_order=partial(_obey, path),
            about=about_terminal,
        )
        typed = asyncio.create_task(_answer_typed(device, last)) if sys.stdin.isatty() else None
        try:
            welcome = await device.connect(None)
            say(f"Connected as {welcome.name}. Ctrl-C ends.")
            async for _ in device.events():
                memory.moved(device.cursor)
        except Closed:
            if not isinstance(device.ended, HandedOver):
                raise
        finally:
            if typed is not None:
                typed.cancel()
            await device.close()
        if isinstance(device.ended, HandedOver):
            change_holder(path, device.ended.holder)
            last.clear()
            continue
        if str(device.ended) != Code.SESSION_REPLACED or replaced >= MOST_REPLACED:
            raise Closed(str(device.ended))
        replaced += 1
        say("The same device is used elsewhere; listening again in 3 s.")
        await asyncio.sleep(3)


def _obey(path: Path, order: OrderFrame) -> None:
    """Forget what this device keeps; a lock keeps its keys, which are worth nothing any more."""
    forget_states(path)
    if order.what == "wipe":
        path.unlink(missing_ok=True)
    say(f"This device was reported lost: {'wiped' if order.what == 'wipe' else 'locked'}.")


async def _answer_typed(device: Device, last: list[Event]) -> None:
    async for line in _lines():
        if not line.strip() or not last or last[0].message is None:
            continue
        choices, reply = last[0].message.responses.choices, line.strip()
        if reply.isdigit() and 0 < int(reply) <= len(choices):
            reply = choices[int(reply) - 1]
        said = read_reply(reply)
        if "choice" in said and said["choice"] not in choices and last[0].message.responses.free_text:
            said = {"text": reply}
        try:
            done = await device.respond(last[0].id, timeout_s=20, **said)
            say(f"  {done.state}")
        except Refused as refused:
            say(f"  Refused: {refused.detail}")
        except (Unknown, Unavailable, Closed) as error:
            say(f"  Not answered: {error}")


async def _lines() -> AsyncIterator[str]:
    while line := await asyncio.to_thread(sys.stdin.readline):
        yield line


def render(event: Event) -> str:
    """Write an event as a line for a terminal."""
    message = event.message
    if message is None or event.event != "new":
        states = ", ".join(_stands(view) for view in event.deliveries)
        bell = "\a" if event.rings and sys.stdout.isatty() else ""
        return f"{bell}         {event.event:<9} {event.id}  {states}"
    colour = _COLOURS.get(message.priority)
    head = typer.style(f"{message.priority.upper():<7}", fg=colour, bold=True)
    sender = message.sender.name or message.sender.source
    said = " — ".join(part for part in (message.subject, message.text) if part)
    offered = [*(["accept", "decline"] if message.responses.accept_decline else []), *message.responses.choices]
    asks = f"  [{' / '.join(offered)}]" if offered else ""
    bell = "\a" if event.rings and sys.stdout.isatty() else ""
    return f"{bell}{message.stored_at:%H:%M:%S} {head} {sender}: {said}{asks}  {event.id}"


def _stands(view: DeliveryView) -> str:
    by = f"by {view.by}" if view.by else ""
    return " ".join(word for word in (view.name, view.state, view.response, by) if word)


def render_team(team: TeamFrame) -> str:
    """Write which parts of a team are there as a line for a terminal."""
    parts = [
        f"{part.role.partition(':')[2] or part.role} {part.there}/{part.needed}"
        + (f" ({', '.join(part.who)})" if part.who else "")
        + (" MISSING" if part.missing and part.there < part.needed else "")
        for part in team.parts
    ]
    return f"         team      {team.message}  {', '.join(parts)}"


def _show_team(team: TeamFrame) -> None:
    say(render_team(team))


def _show_team_json(team: TeamFrame) -> None:
    typer.echo(encode(team).decode())


def _show_status(status: StatusFrame) -> None:
    say(f"         {status.state:<9} {status.message}  {status.person} {status.response}".rstrip())
