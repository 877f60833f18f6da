"""`wardwire device`: a terminal as a device. Enrol it, listen, send, answer; put a lost one out."""

from __future__ import annotations

import contextlib
import json
import ssl
from pathlib import Path
from typing import Annotated

import typer

from wardwire.cli import device_listen, device_say
from wardwire.cli.badge import read_badge
from wardwire.cli.cards import CardOption, Wait, card_path, cards_folder, find_card, hold, run
from wardwire.cli.options import AsJson, say
from wardwire.client.card import Card
from wardwire.client.enrol import enrol, revoke
from wardwire.ops.failure import StartFailed

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="A terminal as a device: enrol, listen, send, answer, escalate."
)

Url = Annotated[str, typer.Option("--url", help="The site's HTTP address.")]
Authority = Annotated[Path | None, typer.Option("--ca", help="Certificate of the site's own authority (PEM).")]

app.add_typer(device_listen.app)
app.add_typer(device_say.app)


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


@app.command("badge")
def badge_device(
    card: CardOption = "",
    back: Annotated[bool, typer.Option("--back", help="Give the device back; nobody has it then.")] = False,
    wait: Wait = 20.0,
    json_: AsJson = False,
) -> None:
    """
    Hold a badge to this shared device: it is yours until your shift is over. Whoever had it is signed out first.

    Example: wardwire device badge --card 4-west-3
    """
    path = find_card(card)
    number = "" if back else read_badge()
    if not back and not number:
        raise StartFailed("usage", "No badge was read.", "Hold it to the reader again, or give the device --back.")
    holder = run(hold(path, number, wait))
    if json_:
        print(json.dumps({"schema_version": 1, "person": holder.person, "name": holder.name, "turn": holder.turn}))
    else:
        print(f"This device is {holder.name}'s now." if holder.person else "Nobody has this device.")


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


def _tls(authority: Path | None) -> ssl.SSLContext | None:
    return ssl.create_default_context(cafile=str(authority)) if authority else None
