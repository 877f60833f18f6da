"""The auth callout: a NATS server asks whether a client may come in, and we answer for the whole site.

A device proves itself by the signature of the server's nonce, so nothing that could be replayed passes the
DMZ. What it gets are its own two subjects. In doubt nobody is let in: whatever goes wrong here is answered
with an error, and a server that gets no answer refuses by itself.

Source: docs.nats.io, "Auth Callout"; what of the user JWT is enforced: docs/adr/0003-nats-client.md.
"""

from __future__ import annotations

import asyncio
import inspect
import random
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from wardwire.carrier.connection import Connection, Subscription
from wardwire.carrier.jwt import (
    AuthorizationRequest,
    JwtError,
    authorization_response,
    decode_bytes,
    decode_request,
    user_jwt,
)
from wardwire.carrier.nkeys import KeyPair, Kind, verify
from wardwire.model.errors import Refused, Unavailable

SUBJECT = "$SYS.REQ.USER.AUTH"
QUEUE = "callout"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginInfo:
    """A connection that wants in.

    Attributes:
        server_id, client_id: Name the connection on every `$SYS` subject; KICK takes them.
        host: Its address as the server sees it.
        kind: `nats`, `websocket` or `mqtt`.
        user, password: As claimed, "" without; for clients that cannot sign a nonce.
    """

    server_id: str
    server_name: str
    client_id: int
    host: str
    name: str
    kind: str
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceGrant:
    """Let it in as this device (32 hex digits): it may publish `d.<device>.up`, hear `d.<device>.down.>`."""

    device: str

    def __post_init__(self) -> None:
        if len(self.device) != 32 or not set(self.device) <= set("0123456789abcdef"):
            raise ValueError("a device is 32 hex digits")


Authorise = Callable[[str, LoginInfo], "DeviceGrant | Awaitable[DeviceGrant | None] | None"]
"""`(public nkey, info)`, called when the nonce's signature is right; None refuses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalloutLimits:
    """Bounds of the callout.

    Attributes:
        lifetime: Of the user JWT, spread by a tenth so that devices do not all come back at once.
        at_once: Logins being decided at a time; the hot loop gets its turn between any two.
        waiting_max: Logins that may wait; more are refused at once and come back by themselves.
        patience_s: A login that waited longer is dropped: its client has given up, or soon will.
    """

    lifetime: timedelta = timedelta(hours=24)
    at_once: int = 32
    waiting_max: int = 10_000
    patience_s: float = 15.0


class Callout:
    """Answers the servers' questions.

    Args:
        connection: Into the account that the servers ask in (AUTH).
        issuer: The account key that the servers trust (`auth_callout.issuer`).
        authorise: Decides for a public nkey whose holder has signed the nonce.
        authorise_password: Decides for clients without a key; without it they are refused.
        on_login: Hears `(device, info)` of everyone who will be let in, just before the server does, so that
            whoever revokes the device from then on finds the connection.
        on_refused: Hears `(info, why)`; the client is told less.
        now: The site's clock (aware UTC).
        account: Where those let in belong.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        issuer: KeyPair,
        authorise: Authorise,
        now: Callable[[], datetime],
        authorise_password: Callable[[LoginInfo], DeviceGrant | Awaitable[DeviceGrant | None] | None] | None = None,
        on_login: Callable[[str, LoginInfo], None] | None = None,
        on_refused: Callable[[LoginInfo | None, str], None] | None = None,
        account: str = "EDGE",
        limits: CalloutLimits | None = None,
        spread: random.Random | None = None,
    ) -> None:
        if issuer.kind is not Kind.ACCOUNT:
            raise ValueError("the issuer of user JWTs is an account key")
        self._connection = connection
        self._issuer = issuer
        self._authorise = authorise
        self._authorise_password = authorise_password
        self._on_login = on_login
        self._on_refused = on_refused
        self._now = now
        self._account = account
        self._limits = limits or CalloutLimits()
        self._spread = spread or random.Random()
        self._waiting: deque[tuple[float, str, bytes]] = deque()
        self._workers: set[asyncio.Task[None]] = set()
        self._subscription: Subscription | None = None
        self.admitted = 0
        self.refused = 0

    def start(self) -> None:
        """Begin to answer; repeating does nothing."""
        if self._subscription is None:
            self._subscription = self._connection.subscribe(SUBJECT, self._take, queue=QUEUE)

    async def stop(self) -> None:
        """Take no more questions; those that wait stay unanswered, so their servers refuse them."""
        if self._subscription is not None:
            self._subscription.unsubscribe()
            self._subscription = None
        self._waiting.clear()
        workers = list(self._workers)
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)

    @property
    def waiting(self) -> int:
        """Logins that wait for their turn."""
        return len(self._waiting)

    def _take(self, _subject: str, reply: str, payload: bytes, _status: int) -> None:
        if not reply:
            return
        if len(self._waiting) >= self._limits.waiting_max:
            self.refused += 1  # unsigned and unread: the server refuses on any answer that is not a grant
            self._answer(reply, "")
            return
        loop = asyncio.get_running_loop()
        self._waiting.append((loop.time(), reply, payload))
        if len(self._workers) < self._limits.at_once:
            worker = loop.create_task(self._work(), name="callout")
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)

    async def _work(self) -> None:
        """Decide logins until none waits."""
        loop = asyncio.get_running_loop()
        while self._waiting:
            since, reply, payload = self._waiting.popleft()
            if loop.time() - since > self._limits.patience_s:
                self._refuse(None, "waited too long")
                continue
            self._answer(reply, await self._decide(payload))
            await asyncio.sleep(0)  # some 0.3 ms of signatures a login: pages go first

    def _answer(self, reply: str, answer: str) -> None:
        try:
            self._connection.publish(reply, answer.encode("ascii"))
        except (Unavailable, Refused) as error:
            # The server refuses by itself when its time is over.
            self._refuse(None, f"could not answer: {type(error).__name__}")

    def _refuse(self, info: LoginInfo | None, why: str) -> None:
        self.refused += 1
        if self._on_refused is not None:
            self._on_refused(info, why)

    async def _decide(self, payload: bytes) -> str:
        """Return the answer for one question; "" where even an error cannot be addressed."""
        try:
            request = decode_request(payload.decode("ascii"))
        except (JwtError, UnicodeDecodeError) as error:
            self._refuse(None, f"not an authorization request: {error}")
            return ""
        info = _read_info(request)
        try:
            grant, why = await self._judge(request, info)
        except Exception as error:  # whatever it is, nobody comes in by it
            grant, why = None, type(error).__name__
        now = self._now()
        if grant is None:
            self._refuse(info, why)
            return authorization_response(request, signer=self._issuer, now=now, error="refused")
        user = user_jwt(
            user_nkey=request.user_nkey,
            account=self._account,
            name=grant.device,
            publish=[f"d.{grant.device}.up"],
            subscribe=[f"d.{grant.device}.down.>"],
            expires=now + self._limits.lifetime * self._spread.uniform(0.9, 1.1),
            signer=self._issuer,
            now=now,
        )
        self.admitted += 1
        if self._on_login is not None:
            self._on_login(grant.device, info)
        return authorization_response(request, signer=self._issuer, now=now, user=user)

    async def _judge(self, request: AuthorizationRequest, info: LoginInfo) -> tuple[DeviceGrant | None, str]:
        options = request.connect_opts
        answer: DeviceGrant | Awaitable[DeviceGrant | None] | None
        if options.nkey:
            nonce = request.client_info.nonce
            if not nonce or not verify(options.nkey, Kind.USER, nonce.encode("ascii"), decode_bytes(options.sig)):
                return None, "the nonce is not signed by this key"
            answer = self._authorise(options.nkey, info)
        elif self._authorise_password is not None and options.user and options.password:
            answer = self._authorise_password(info)
        else:
            return None, "no key and no password"
        grant = await answer if inspect.isawaitable(answer) else answer
        return grant, "unknown or revoked"


def _read_info(request: AuthorizationRequest) -> LoginInfo:
    client, options = request.client_info, request.connect_opts
    return LoginInfo(
        server_id=request.server_id.id,
        server_name=request.server_id.name,
        client_id=client.id,
        host=client.host,
        name=client.name,
        kind=client.type,
        user=options.user,
        password=options.password,
    )
