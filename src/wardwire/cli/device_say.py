"""`wardwire device send|answer|escalate|cancel`: what a person says through a terminal."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from wardwire.cli.cards import CardOption, Wait, find_card, run, speak
from wardwire.cli.device_listen import read_reply
from wardwire.cli.options import AsJson, say
from wardwire.client.device import Device
from wardwire.devices.frames import Done, StoredFrame, encode
from wardwire.flow.statement import Responses
from wardwire.flow.views import say_status
from wardwire.model.priority import Kind, Priority

app = typer.Typer()

Policy = Annotated[str, typer.Option("--policy", help="Escalate by this policy until somebody accepts.")]
Place = Annotated[str, typer.Option("--place", help="bed:… or unit:… that it is about.")]


@app.command("send")
def send(
    text: Annotated[str, typer.Option("--text", "-t", help="What to say.")],
    to: Annotated[
        list[str] | None, typer.Argument(help="Names or ids: 'Dr. Chen', 'role:Cardiology 1st', grp_…")
    ] = None,
    subject: Annotated[str, typer.Option("--subject", help="One line.")] = "",
    priority: Annotated[
        Priority, typer.Option("--priority", "-p", help="code, high, medium or low.")
    ] = Priority.HIGH,
    choice: Annotated[list[str] | None, typer.Option("--choice", help="An answer to offer; may be repeated.")] = None,
    chat: Annotated[bool, typer.Option("--chat", help="Talk; no answer is awaited.")] = False,
    policy: Policy = "",
    place: Place = "",
    add_to: Annotated[
        str, typer.Option("--add-to", help="A running call (msg_…): all its people get this, in its thread.")
    ] = "",
    force: Annotated[
        bool, typer.Option("--force", help="Begin a call though the same one is running there.")
    ] = False,
    drill: Annotated[bool, typer.Option("--drill", help="Practice: DRILL stands in every text.")] = False,
    id: Annotated[str, typer.Option("--id", help="An id of yours: the same again is the same message.")] = "",
    card: CardOption = "",
    wait: Wait = 20.0,
    json_: AsJson = False,
) -> None:
    """
    Send a message; returns when it is stored.

    Examples:
      wardwire device send "Dr. Chen" -t "Please come to bed 12." --card anna
      wardwire device send -t "Code blue" -p code --place bed:4W-12 --policy "Code blue" --card dora
    """
    responses = Responses(accept_decline=not chat and not choice, choices=tuple(choice or ()))
    fields: dict[str, Any] = {"subject": subject, "priority": priority, "responses": responses}
    fields |= {"kind": Kind.CHAT if chat else Kind.ALERT} | ({"id": id} if id else {})
    fields |= {"policy": policy, "place": place, "add_to": add_to or None, "force": force, "drill": drill}

    async def work(device: Device) -> StoredFrame:
        return await device.page(to or (), text, timeout_s=wait, **fields)

    _show(run(speak(find_card(card), wait, work)), json_)


@app.command("escalate")
def escalate(
    message: str,
    to: Annotated[list[str] | None, typer.Argument(help="Whom it goes to beside the policy.")] = None,
    policy: Policy = "",
    place: Place = "",
    priority: Annotated[
        Priority, typer.Option("--priority", "-p", help="code, high, medium or low.")
    ] = Priority.HIGH,
    id: Annotated[str, typer.Option("--id", help="An id of yours: the same again is the same alert.")] = "",
    card: CardOption = "",
    wait: Wait = 20.0,
    json_: AsJson = False,
) -> None:
    """
    Make an alert of a message, in its thread and with its words; returns when it is stored.

    Example: wardwire device escalate msg_0193… --policy Consult --card anna
    """

    async def work(device: Device) -> StoredFrame:
        return await device.escalate(
            message, priority, to=to or (), policy=policy, place=place, id=id, timeout_s=wait
        )

    _show(run(speak(find_card(card), wait, work)), json_)


@app.command("test")
def try_(
    endpoint: Annotated[str, typer.Argument(help="app, or another endpoint of yours: ept_…")] = "app",
    card: CardOption = "",
    wait: Wait = 20.0,
    json_: AsJson = False,
) -> None:
    """
    Test how you are reached; returns when the test is stored. It reaches you alone, and is never counted as real.

    Example: wardwire device test --card anna
    """

    async def work(device: Device) -> StoredFrame:
        return await device.test(endpoint, timeout_s=wait)

    _show(run(speak(find_card(card), wait, work)), json_)


@app.command("offer")
def offer(
    role: Annotated[str, typer.Argument(help="rol_…")],
    shift: Annotated[str, typer.Argument(help="shf_…, or a turn such as weeks/12: `oncall show` names them.")],
    taker: Annotated[str, typer.Argument(help="Who is to take it: per_…")],
    card: CardOption = "",
    wait: Wait = 20.0,
    json_: AsJson = False,
) -> None:
    """
    Offer a shift of yours to somebody, who is asked; returns when it is stored.

    Example: wardwire device offer rol_0193… weeks/12 per_0193… --card chen
    """

    async def work(device: Device) -> Done:
        return await device.offer_swap(role, shift, taker, timeout_s=wait)

    _say_swap(run(speak(find_card(card), wait, work)), json_)


@app.command("swap")
def swap(
    swap: Annotated[str, typer.Argument(help="swp_…")],
    answer: Annotated[str, typer.Argument(help="accept, decline, or withdraw an offer of yours.")],
    card: CardOption = "",
    wait: Wait = 20.0,
    json_: AsJson = False,
) -> None:
    """
    Answer a swap that you are asked about, or take your offer back; returns when it is stored.

    Example: wardwire device swap swp_0193… accept --card okafor
    """
    words = {"accept": True, "decline": False, "withdraw": None}
    if answer not in words:
        raise typer.BadParameter("say accept, decline or withdraw")

    async def work(device: Device) -> Done:
        return await device.answer_swap(swap, accept=words[answer], timeout_s=wait)

    _say_swap(run(speak(find_card(card), wait, work)), json_)


def _say_swap(done: Done, as_json: bool) -> None:
    print(encode(done).decode() if as_json else f"Stored: {done.swap} is {done.state}.")


@app.command("cancel")
def cancel(
    message: str,
    recall: Annotated[bool, typer.Option("--recall", help="Devices no longer show it.")] = False,
    all_clear: Annotated[bool, typer.Option("--all-clear", help="What it called for is over.")] = False,
    card: CardOption = "",
    wait: Wait = 20.0,
    json_: AsJson = False,
) -> None:
    """
    Take a message of yours back, or say that an alert of yours is over; returns when that is stored.

    Example: wardwire device cancel msg_0193… --all-clear --card dora
    """

    async def work(device: Device) -> Done:
        return await device.cancel(message, recall=recall, all_clear=all_clear, timeout_s=wait)

    done = run(speak(find_card(card), wait, work))
    print(encode(done).decode() if json_ else f"Stored: {done.state}, {done.count} deliveries ended by this.")


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

    async def work(device: Device) -> Done:
        return await device.respond(message, timeout_s=wait, **read_reply(reply, text=text))

    done = run(speak(find_card(card), wait, work))
    print(encode(done).decode() if json_ else f"Stored: {done.state}.")


def _show(stored: StoredFrame, as_json: bool) -> None:
    if as_json:
        print(encode(stored).decode())
        return
    print(f"Stored as {stored.message} ({stored.durability}).")
    for reach in stored.recipients:
        say(f"  {reach.name}: {reach.reach}, because {reach.why}{say_status(reach)}")
    for line in stored.promise:
        say(f"  by {line.in_s:g} s: {line.who} ({line.how})")
