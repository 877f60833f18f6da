"""`wardwire message`: send, list, show and cancel, over HTTP as any other system would."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import typer

from wardwire.cli.http import Api
from wardwire.cli.options import AsJson, ConfigFile, DataFolder, read_settings, say
from wardwire.cli.tables import print_json, print_table
from wardwire.ops.failure import StartFailed

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Messages: send, list, show, cancel, over HTTP.")

KeyFile = Annotated[
    Path, typer.Option("--key-file", envvar="WARDWIRE_KEY_FILE", help="File with the API key; see `wardwire key`.")
]
Url = Annotated[str, typer.Option("--url", help="The interface; by default this machine's.")]
Authority = Annotated[Path | None, typer.Option("--authority", help="Certificate that https must be signed by.")]
MessageId = Annotated[str, typer.Argument(metavar="MESSAGE", help="An id msg_…")]


@app.command("send")
def send(
    key_file: KeyFile,
    text: Annotated[str, typer.Argument(help="What to say.")],
    to: Annotated[list[str] | None, typer.Option("--to", help="A person, group:… or role:…; again for more.")] = None,
    policy: Annotated[str, typer.Option(help="Escalate by this policy until somebody accepts.")] = "",
    place: Annotated[str, typer.Option(help="bed:… or unit:… that it is about; its unit's policy applies.")] = "",
    drill: Annotated[bool, typer.Option("--drill", help="Practice: never counted as real.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Begin although the same call is running there.")] = False,
    add_to: Annotated[str, typer.Option("--add-to", help="Join this running call, msg_….")] = "",
    priority: Annotated[str, typer.Option(help="code, high, medium or low.")] = "medium",
    subject: Annotated[str, typer.Option(help="One line.")] = "",
    callback: Annotated[str, typer.Option(help="A number to call back.")] = "",
    accept: Annotated[bool, typer.Option("--accept", help="Offer accept and decline.")] = False,
    choice: Annotated[list[str] | None, typer.Option("--choice", help="Offer an answer; again for more.")] = None,
    chat: Annotated[bool, typer.Option("--chat", help="Only talk: no answer is awaited.")] = False,
    id: Annotated[str, typer.Option("--id", help="Your own id: repeating it sends nothing twice.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say who would get it and why.")] = False,
    url: Url = "",
    authority: Authority = None,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """
    Send a message; when this ends with 0 it is stored for good.

    Example: wardwire message send --key-file lab.key --to "role:Cardiology 1st" --priority high "K+ 6.8" --accept
    """
    body: dict[str, Any] = {"to": to or [], "priority": priority, "text": text, "kind": "chat" if chat else "alert"}
    body |= {"subject": subject, "callback": callback}
    body |= {"policy": policy, "place": place, "drill": drill, "force": force}
    if add_to:
        body["add_to"] = add_to
    body["responses"] = {"accept_decline": accept, "choices": choice or []}
    api = reach_api(url, key_file, authority, config, data)
    external_id = id or uuid4().hex
    path = "/v1/messages?dry_run=true" if dry_run else "/v1/messages"
    try:
        reply = api.ask("POST", path, body, {"Idempotency-Key": external_id})
    except StartFailed as failed:
        if failed.code in ("commit_unknown", "unavailable", "not_running"):
            say(f"To be sure, send it again with --id {external_id}")
        raise
    if json_:
        print_json(reply.body)
        return
    if not dry_run:
        print(reply.body["message"])
        again = " (it was there already)" if reply.headers.get("idempotency-replayed") else ""
        say(f"Stored for good, {reply.body['durability']}{again}. Its story: wardwire trace {reply.body['message']}")
    rows = [(r["name"], r["why"], r["reach"], r["tries"], r.get("status", "")) for r in reply.body["recipients"]]
    print_table(("to", "why", "reached by", "tries", "status"), rows, empty="Nobody would get it.")
    promised = [(f"{line['in_s']:g} s", line["who"], line["how"]) for line in reply.body.get("promise", ())]
    print_table(("after", "if nobody answers", "by"), promised, empty="Nothing is promised.")


@app.command("list")
def list_(
    key_file: KeyFile,
    limit: Annotated[int, typer.Option(help="So many at most.", min=1, max=200)] = 20,
    after: Annotated[str, typer.Option(help="The last one of the page before.")] = "",
    url: Url = "",
    authority: Authority = None,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """List messages, newest first."""
    path = f"/v1/messages?limit={limit}" + (f"&after={after}" if after else "")
    reply = reach_api(url, key_file, authority, config, data).ask("GET", path)
    if json_:
        print_json(reply.body)
        return
    rows = [
        (m["id"], _local(m["stored_at"]), m["priority"], m["kind"], _sender(m["sender"]), m.get("ended_why", ""))
        for m in reply.body["data"]
    ]
    print_table(("id", "stored", "priority", "kind", "from", "ended"), rows, empty="There is no message.")
    if reply.body["next"]:
        say(f"More: --after {reply.body['next']}")


@app.command("show")
def show(
    key_file: KeyFile,
    message: MessageId,
    url: Url = "",
    authority: Authority = None,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """Show a message and how it stands."""
    reply = reach_api(url, key_file, authority, config, data).ask("GET", f"/v1/messages/{message}")
    if json_:
        print_json(reply.body)
        return
    told = reply.body
    print(f"{told['priority']} {told['kind']} from {_sender(told['sender'])}, {told['stored_at']}")
    for field in ("subject", "text", "callback", "patient"):
        if told.get(field):
            print(f"{field}: {told[field]}")
    rows = [(d["name"], d["state"], d.get("response", ""), d["why"], d["tries"]) for d in told["deliveries"]]
    print_table(("to", "state", "response", "why", "tries"), rows, empty="It has no recipients yet.")


@app.command("cancel")
def cancel(
    key_file: KeyFile,
    message: MessageId,
    recall: Annotated[bool, typer.Option("--recall", help="Devices no longer show it.")] = False,
    all_clear: Annotated[bool, typer.Option("--all-clear", help="What it called for is over.")] = False,
    url: Url = "",
    authority: Authority = None,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """Take a message back, or say that an alert is over; twice changes nothing."""
    api = reach_api(url, key_file, authority, config, data)
    reply = api.ask("POST", f"/v1/messages/{message}/cancel", {"recall": recall, "all_clear": all_clear})
    if json_:
        print_json(reply.body)
    else:
        print(f"{reply.body['why']}: {reply.body['ended']} deliveries ended by this")


@app.command("escalate")
def escalate(
    key_file: KeyFile,
    message: MessageId,
    priority: Annotated[str, typer.Option(help="code, high, medium or low.")] = "high",
    to: Annotated[list[str] | None, typer.Option("--to", help="A person, group:… or role:…; again for more.")] = None,
    policy: Annotated[str, typer.Option(help="Escalate by this policy until somebody accepts.")] = "",
    place: Annotated[str, typer.Option(help="bed:… or unit:… that it is about.")] = "",
    id: Annotated[str, typer.Option("--id", help="Your own id: repeating it sends nothing twice.")] = "",
    url: Url = "",
    authority: Authority = None,
    config: ConfigFile = None,
    data: DataFolder = None,
    json_: AsJson = False,
) -> None:
    """Make an alert of a message, in its thread and with its words."""
    api = reach_api(url, key_file, authority, config, data)
    body = {"priority": priority, "to": to or [], "policy": policy, "place": place}
    reply = api.ask("POST", f"/v1/messages/{message}/escalate", body, {"Idempotency-Key": id or uuid4().hex})
    if json_:
        print_json(reply.body)
    else:
        print(reply.body["message"])


def reach_api(url: str, key_file: Path, authority: Path | None, config: Path | None, data: Path | None) -> Api:
    """Reach the interface at `url`, or this machine's."""
    if not url:
        settings = read_settings(config, data, None).settings.api
        scheme = "https" if settings.tls_certificate else "http"
        url = f"{scheme}://{settings.listen.replace('0.0.0.0', '127.0.0.1')}"
    return Api(url, key_file, authority=authority)


def _local(instant: str) -> str:
    return f"{datetime.fromisoformat(instant).astimezone():%Y-%m-%d %H:%M:%S}"


def _sender(sender: dict[str, str]) -> str:
    return sender.get("name") or sender.get("source") or ""
