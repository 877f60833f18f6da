"""Shapes side by side: each has its own servers, core and load maker, all alive, and they take turns."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import asyncpg
import msgspec

from bench.shapes.devices import NATS, WEBSOCKET
from bench.shapes.load import Connect, Fan, FanOutcome, Heard, Logs, Outcome, Run
from bench.shapes.voices import Party
from wardwire.carrier.nkeys import KeyPair, Kind, read_public
from wardwire.ops.nats_throwaway import throwaway_nats
from wardwire.ops.ports import free_port
from wardwire.ops.postgres import Postgres
from wardwire.ops.roles import OWNER, run_apart

PAIRS = 64

Client = Literal["ours", "nats-py", "direct", "claim"]


class Child:
    """A process that takes lines of JSON and answers with lines."""

    def __init__(self, module: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )

    def ask(self, order: bytes) -> bytes:
        """Send an order and wait for its answer.

        Raises:
            RuntimeError: The process ended instead.
        """
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        rest = memoryview(order + b"\n")
        while rest:
            rest = rest[self.process.stdin.write(rest) or 0 :]
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError("a process of the bench ended")
        return answer

    def end(self) -> None:
        """Close its stdin and wait; kill it after ten seconds."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def load_maker(stack: ExitStack, order: Connect) -> Child:
    """Start a load maker with connected devices, until the stack ends."""
    load = Child("bench.shapes.load")
    stack.callback(load.end)
    load.ask(msgspec.json.encode(order))
    return load


@dataclass(frozen=True, slots=True)
class Shape:
    """A running shape.

    Attributes:
        accounts: Its processes.
        listeners: Names of its listening devices.
    """

    name: str
    load: Child
    accounts: dict[str, list[int]]
    listeners: tuple[str, ...] = ()

    def run(self, order: Run) -> Outcome:
        """Take a turn."""
        order.accounts = self.accounts
        return msgspec.json.decode(self.load.ask(msgspec.json.encode(order)), type=Outcome)

    def fan(self, order: Fan) -> FanOutcome:
        """Let the caller call."""
        order.accounts = self.accounts
        return msgspec.json.decode(self.load.ask(msgspec.json.encode(order)), type=FanOutcome)

    def logs(self) -> list[Heard]:
        """Take what its listeners have written down since the last time."""
        return msgspec.json.decode(self.load.ask(msgspec.json.encode(Logs())), type=list[Heard])


@contextmanager
def bare_shape(
    name: str, client: Client, postgres: Postgres, *, profile: bool = False, listeners: int = 0
) -> Iterator[Shape]:
    """Start a bare or direct shape with a database of its own; with listeners there is a caller of them as well.

    Of `claim` there is neither pair nor caller: its listeners hear of deadlines.
    """
    database = f"shape_{name.replace('-', '_')}"
    run_apart(_make_database(postgres, database))
    with ExitStack() as stack:
        orders: dict[str, object] = {"client": client, "dsn": postgres.dsn(database, OWNER), "profile": profile}
        accounts: dict[str, list[int]] = {"postgres": [postgres.pid]}
        if client == "direct":
            port = free_port()
            orders["port"] = port
        else:
            pair = stack.enter_context(throwaway_nats())
            logins = pair.logins()
            port = pair.edge.port
            orders |= {
                "url": logins.url,
                "core": logins.core,
                "callout": logins.callout,
                "issuer": logins.issuer,
            }
            accounts["nats"] = [pair.edge.pid, pair.core.pid]
        core = Child("bench.shapes.claim" if client == "claim" else "bench.shapes.core")
        stack.callback(core.end)
        core.ask(json.dumps(orders).encode())
        pairs = [(new_party(), new_party()) for _ in range(0 if client == "claim" else PAIRS)]
        carrier = WEBSOCKET if client == "direct" else NATS
        connect = Connect(carrier=carrier, port=port, pairs=pairs, log=client == "claim")
        connect.listeners = [new_party() for _ in range(listeners)]
        if listeners and client != "claim":
            members = ",".join(party.name for party in connect.listeners)
            caller = new_party()
            connect.caller = Party(name=caller.name, seed=caller.seed, more={"members": members})
        load = load_maker(stack, connect)
        accounts |= {"core": [core.process.pid], "load": [load.process.pid]}
        yield Shape(name, load, accounts, tuple(party.name for party in connect.listeners))


def new_party() -> Party:
    """Make a device with a key of its own; its name is the first half of the key, as the bare callout expects."""
    key = KeyPair.generate(Kind.USER)
    return Party(name=read_public(key.public, Kind.USER)[:16].hex(), seed=key.seed())


async def _make_database(postgres: Postgres, name: str) -> None:
    connection = await asyncpg.connect(postgres.dsn())
    try:
        await connection.execute(f"CREATE DATABASE {name} OWNER {OWNER}")
    finally:
        await connection.close()
    connection = await asyncpg.connect(postgres.dsn(name, OWNER))
    try:
        await connection.execute((Path(__file__).parent / "schema.sql").read_text())
    finally:
        await connection.close()
