"""`wardwire device`: a terminal as a device. Enrol it, listen, send, answer; put a lost one out."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import ssl
import sys
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from wardwire.cli.options import AsJson, say
from wardwire.client.card import Card
from wardwire.client.closed import Closed
from wardwire.client.device import Device
from wardwire.client.enrol import enrol, revoke
from wardwire.client.memory import Memory
from wardwire.devices.frames import Event, StatusFrame, StoredFrame, encode
from wardwire.flow.statement import Responses
from wardwire.model.errors import Code, Refused, Unavailable, Unknown, WardwireError
from wardwire.model.priority import Kind, Priority
from wardwire.ops.failure import StartFailed

T = TypeVar("T")

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="A terminal as a device: enrol, listen, send, answer."
)

CardOption = Annotated[
    str, typer.Option("--card", "-c", help="The device's name here, or the path of its file.", envvar="WARDWIRE_CARD")
]
Wait = Annotated[float, typer.Option("--wait", help="Give up after so many seconds.")]
Url = Annotated[str, typer.Option("--url", help="The site's HTTP address.")]
Authority = Annotated[Path | None, typer.Option("--ca", help="Certificate of the site's own authority (PEM).")]

_COLOURS = {"code": typer.colors.RED, "high": typer.colors.YELLOW, "medium": typer.colors.CYAN}
# A short command has taken our place for a moment; more often than this, and it is another device.
MOST_REPLACED = 5


@app.command("enrol")
def enrol_device(
    code: str,
    name: Annotated[str, typer.Option("--name", help="How this device is called.")] = "terminal",
    url: Url = "http://127.0.0.1:8080",
    card: CardOption = "",
    ca: Authority = None,
    json_: AsJson = False,
) -> None:
    """
    Make keys and register them with a one-time code; the keys never leave this machine.

    Example: wardwire device enrol 7KQ4M-XW2PD --name anna --url http://127.0.0.1:8080
    """
    path = card_path(card or name)
    if path.exists():
        raise StartFailed("exists", f"{path} is there already.", "Choose another --name, or --card.")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = run(enrol(url, code, name, app="terminal", tls=_tls(ca)))
    made.save(path)
    if json_:
        print(json.dumps({"schema_version": 1, "device": made.place.device, "person": made.place.person,
                          "name": made.place.name, "card": str(path)}))  # fmt: skip
    else:
        print(f"This is now a device of {made.place.name}: {made.place.device}")
        say(f"Its keys are in {path}. Next: wardwire device listen --card {path.stem}")


@app.command("listen")
def listen(card: CardOption = "", json_: AsJson = False) -> None:
    """
    Show what arrives, live, until Ctrl-C; type accept, decline, back, keep, done, a choice or its number to answer
    the last one.

    Example: wardwire device listen --card anna
    """
    path = find_card(card)
    run(_listen(path, json_))


@app.command("send")
def send(
    to: Annotated[list[str], typer.Argument(help="Names or ids: 'Dr. Chen', 'role:Cardiology 1st', grp_…")],
    text: Annotated[str, typer.Option("--text", "-t", help="What to say.")],
    subject: Annotated[str, typer.Option("--subject", help="One line.")] = "",
    priority: Annotated[
        Priority, typer.Option("--priority", "-p", help="code, high, medium or low.")
    ] = Priority.HIGH,
    choice: Annotated[list[str] | None, typer.Option("--choice", help="An answer to offer; may be repeated.")] = None,
    chat: Annotated[bool, typer.Option("--chat", help="Talk; no answer is awaited.")] = False,
    id: Annotated[str, typer.Option("--id", help="An id of yours: the same again is the same message.")] = "",
    card: CardOption = "",
    wait: Wait = 20.0,
    json_: AsJson = False,
) -> None:
    """
    Send a message; returns when it is stored.

    Example: wardwire device send "Dr. Chen" -t "Please come to bed 12." --card anna
    """
    responses = Responses(accept_decline=not chat and not choice, choices=tuple(choice or ()))
    fields: dict[str, Any] = {"subject": subject, "priority": priority, "responses": responses}
    fields |= {"kind": Kind.CHAT if chat else Kind.ALERT} | ({"id": id} if id else {})

    async def work(device: Device) -> StoredFrame:
        return await device.page(to, text, timeout_s=wait, **fields)

    stored = run(_with(find_card(card), wait, work))
    if json_:
        print(encode(stored).decode())
        return
    print(f"Stored as {stored.message} ({stored.durability}).")
    for reach in stored.recipients:
        say(f"  {reach.name}: {reach.reach}, because {reach.why}" + (f", {reach.status}" if reach.status else ""))


@app.command("answer")
def answer(
    message: str,
    reply: Annotated[str, typer.Argument(help="accept, decline, back, keep, done, one of the choices, or a text.")],
    text: Annotated[bool, typer.Option("--text", help="It is a text of your own.")] = False,
    card: CardOption = "",
    wait: Wait = 20.0,
    json_: AsJson = False,
) -> None:
    """
    Answer a message; returns when the answer is stored.

    Example: wardwire device answer msg_0193… accept --card chen
    """

    async def work(device: Device) -> Any:
        return await device.respond(message, timeout_s=wait, **read_reply(reply, text=text))

    done = run(_with(find_card(card), wait, work))
    print(encode(done).decode() if json_ else f"Stored: {done.state}.")


@app.command("list")
def list_cards(json_: AsJson = False) -> None:
    """
    Show the devices whose keys are on this machine.

    Example: wardwire device list
    """
    rows = []
    for path in sorted(cards_folder().glob("*.json")):
        with contextlib.suppress(OSError, ValueError):
            place = Card.load(path).place
            rows.append({"card": path.stem, "name": place.name, "device": place.device, "person": place.person,
                         "server": place.server})  # fmt: skip
    if json_:
        print(json.dumps({"schema_version": 1, "devices": rows}))
    for row in [] if json_ else rows:
        print(f"{row['card']:<16} {row['name']:<20} {row['device']}  {row['server']}")
    if not rows and not json_:
        say(f"No device has its keys in {cards_folder()}. Next: wardwire device enrol CODE")


@app.command("revoke")
def revoke_device(
    device: Annotated[str, typer.Argument(help="dev_…, or a card of this machine.")],
    why: Annotated[str, typer.Option("--why", help="Kept with the fact.")],
    key_file: Annotated[Path, typer.Option("--key-file", help="File with an API key that may change the directory.")],
    url: Url = "http://127.0.0.1:8080",
    ca: Authority = None,
    json_: AsJson = False,
) -> None:
    """
    Put a device out: it is closed within a second and not let in again.

    Example: wardwire device revoke dev_0193… --why "left in a taxi" --key-file ~/ward.key
    """
    written = device if device.startswith("dev_") else Card.load(find_card(device)).place.device
    run(revoke(url, written, why, key=key_file.read_text().strip(), tls=_tls(ca)))
    print(json.dumps({"schema_version": 1, "revoked": written}) if json_ else f"{written} is out.")


# Cards -----------------------------------------------------------------------------------------------------------


def cards_folder() -> Path:
    """Where the cards of this user's devices lie."""
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "wardwire" / "devices"


def card_path(card: str) -> Path:
    """Give the file that a name, or a path, means."""
    if "/" in card or card.endswith(".json"):
        return Path(card)
    return cards_folder() / f"{card}.json"


def find_card(card: str) -> Path:
    """Give the file of a card; without a name the only one there is.

    Raises:
        StartFailed: There is none, or more than one.
    """
    if card:
        path = card_path(card)
        if not path.exists():
            raise StartFailed("no_card", f"There is no device at {path}.", "See: wardwire device list")
        return path
    found = sorted(cards_folder().glob("*.json"))
    if len(found) != 1:
        raise StartFailed("usage", f"{len(found)} devices have their keys here.", "Say which: --card NAME")
    return found[0]


def read_reply(reply: str, *, text: bool = False) -> dict[str, str]:
    """Turn what was typed into what `Device.respond` takes."""
    if text:
        return {"text": reply}
    words = {"a": "accept", "accept": "accept", "d": "decline", "decline": "decline", "back": "hand_back"}
    words |= {"keep": "keep", "done": "done"}
    word = words.get(reply.strip().casefold().replace("hand_back", "back"))
    return {"answer": word} if word else {"choice": reply}


# At work ---------------------------------------------------------------------------------------------------------


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run something, and turn what it ends with into a sentence and its remedy."""
    try:
        return asyncio.run(work)
    except Refused as refused:
        at = f" ({refused.pointer})" if refused.pointer else ""
        raise StartFailed(refused.code, f"Refused: {refused.detail}{at}.", f"Code: {refused.code}") from None
    except Unavailable as error:
        raise StartFailed("not_running", f"{error.detail or error.code}.", "Try again in a moment.") from None
    except Unknown:
        raise StartFailed(
            "commit_unknown", "Nobody can say whether it was kept.", "Send the same --id again."
        ) from None
    except (Closed, WardwireError) as error:
        raise StartFailed("closed", f"This device is closed: {error}.", "See: wardwire device list") from None


async def _with(path: Path, wait: float, work: Any) -> Any:
    """Connect for one thing. Whatever arrives meanwhile is left for `listen`."""
    device = Device(Card.load(path), receipts=False)
    try:
        await device.connect(wait)
        return await work(device)
    finally:
        await device.close()


async def _listen(path: Path, as_json: bool) -> None:
    card, replaced = Card.load(path), 0
    memory = Memory(path.with_suffix(".state"))
    last: list[Event] = []

    def show(event: Event) -> None:
        """Shown and kept first, then confirmed: what was confirmed was seen."""
        if event.event in ("new", "ring", "still_active"):
            last[:] = [event]
        typer.echo(encode(event).decode() if as_json else render(event))
        memory.keep(event)

    while True:
        device = Device(
            card,
            cursor=memory.cursor,
            shown=memory.shown,
            keep=show,
            on_status=None if as_json else _show_status,
        )
        typed = asyncio.create_task(_answer_typed(device, last)) if sys.stdin.isatty() else None
        try:
            welcome = await device.connect(None)
            say(f"Connected as {welcome.name}. Ctrl-C ends.")
            async for _ in device.events():
                memory.moved(device.cursor)
        finally:
            if typed is not None:
                typed.cancel()
            await device.close()
        if str(device.ended) != Code.SESSION_REPLACED or replaced >= MOST_REPLACED:
            raise Closed(str(device.ended))
        replaced += 1
        say("The same device is used elsewhere; listening again in 3 s.")
        await asyncio.sleep(3)


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
        states = ", ".join(f"{view.name} {view.state} {view.response}".strip() for view in event.deliveries)
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


def _show_status(status: StatusFrame) -> None:
    say(f"         {status.state:<9} {status.message}  {status.person} {status.response}".rstrip())


def _tls(authority: Path | None) -> ssl.SSLContext | None:
    return ssl.create_default_context(cafile=str(authority)) if authority else None
