"""Puts the HTTP side together: the API and its server."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import uvicorn

from wardwire import __version__
from wardwire.access.accounts import Accounts
from wardwire.access.guesses import Guesses
from wardwire.access.hashing import Hasher
from wardwire.api.app import ROOTS, make_api
from wardwire.api.operation import Deps
from wardwire.app.access import make_sso, spans_of
from wardwire.app.address import front_address
from wardwire.app.devices import read_site_key
from wardwire.app.ground import Ground, join
from wardwire.app.integrations import Listeners
from wardwire.app.readers import Readers
from wardwire.app.sources import make_sources
from wardwire.app.told import look_at, tell_software
from wardwire.app.watch import Watch
from wardwire.carrier.kick import SystemAccount
from wardwire.console.app import Asgi, beside, make_pages
from wardwire.console.files import make_file
from wardwire.console.sheets import sheet_pages
from wardwire.console.shipped import STYLE, WEBAPP
from wardwire.console.sign_in import Standing, sign_in_pages
from wardwire.console.trust import trust_pages
from wardwire.devices.asyncapi import describe
from wardwire.devices.doorway import DIRECTORY
from wardwire.devices.registration import DeviceRegistration
from wardwire.directory.desk import DIRECTORY_PATIENCE_S, DirectoryDesk
from wardwire.model.errors import Unavailable
from wardwire.ops.authority import Authority
from wardwire.ops.front import SOCKET_VARIABLE
from wardwire.ops.ports import is_loopback
from wardwire.settings import split_address

MAX_CONNECTIONS = 1_000
# The protocol of devices, for whoever writes one.
_DESCRIBED = {"/asyncapi.json": make_file("asyncapi.json", msgspec.json.encode(describe(__version__)))}


class Server(uvicorn.Server):
    """uvicorn's server, which leaves the signals to the process that it is in, and tells when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen."""
        await super().startup(sockets)
        self.listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


@contextlib.asynccontextmanager
async def open_http(ground: Ground, watch: Watch) -> AsyncIterator[list[Server]]:
    """Make the servers of the API; the caller runs them. The second, where there is one, is for the front alone."""
    own = ground.logins.nats
    async with contextlib.AsyncExitStack() as stack:
        kick_line = await stack.enter_async_context(join(own.url, own.kick, f"{ground.node} kick"))
        changes, sessions = ground.ledger("directory", patience_s=DIRECTORY_PATIENCE_S), ground.ledger("registration")
        stack.push_async_callback(changes.close)
        stack.push_async_callback(sessions.close)
        alarms, people = ground.ledger("alarms"), ground.ledger("accounts")
        stack.push_async_callback(people.close)
        hasher = Hasher()
        stack.callback(hasher.close)
        stack.push_async_callback(alarms.close)

        async def refresh() -> None:
            async with ground.pool.acquire() as connection:
                await ground.people.refresh(connection)
            with contextlib.suppress(Unavailable):
                ground.nats.publish(DIRECTORY, b"")

        registration = DeviceRegistration(
            ledger=sessions,
            clock=ground.clock,
            connection=ground.nats,
            kick=SystemAccount(kick_line).kick,
            site_key=read_site_key(ground.logins.home),
            server=own.edge_url,
            refresh=refresh,
            authority=authority_of(ground.logins.home, own.edge_url),
            front=front_address(ground.settings),
        )
        readers = Readers(
            make_sources(ground.settings),
            pool=ground.pool,
            clock=ground.clock,
            directory=lambda: ground.people.directory,
            node=ground.node,
            refresh=refresh,
        )
        stack.push_async_callback(readers.close)
        deps = Deps(
            writer=ground.lanes,
            rules=ground.rules,
            clock=ground.clock,
            reads=ground.pool,
            desk=DirectoryDesk(changes, ground.clock),
            alarms=alarms,
            sso=make_sso(ground.settings.oidc, ground.clock),
            version=__version__,
            serving=lambda: ground.lanes.serving,
            refresh=refresh,
            registration=registration,
            finder=ground.finder,
            look=lambda: look_at(watch),
            integrations=Listeners(ground.settings, ground.logins.home),
            readers=readers,
            software=lambda postgres: tell_software(ground, postgres),
            counted=watch.metrics.submitted,
            denied=watch.metrics.denied,
        )
        accounts = Accounts(
            ledger=people,
            clock=ground.clock,
            hasher=hasher,
            guesses=Guesses(deps.read, ground.clock),
            spans=spans_of(ground.settings.access),
            site=ground.settings.site.name,
            origin=ground.settings.access.origin.rstrip("/"),
        )
        deps = replace(deps, accounts=accounts)
        on = Standing(
            accounts=accounts,
            read=deps.read,
            rules=ground.rules,
            refresh=refresh,
            serving=deps.serving,
            provider=deps.sso is not None,
            version=__version__,
        )
        trust = trust_pages(ground.settings.site.name, front_authority(ground))
        pages = make_pages(
            {**WEBAPP, **_DESCRIBED, "/pages/style.css": STYLE}, {**sign_in_pages(on), **sheet_pages(on), **trust}
        )
        yield [Server(config) for config in _configs(ground, beside(make_api(deps), pages, roots=ROOTS))]


def _configs(ground: Ground, app: Asgi) -> Iterator[uvicorn.Config]:
    own, way = ground.settings.api, os.environ.get(SOCKET_VARIABLE, "")
    host, port = split_address(own.listen)
    # Anybody on this machine can open it, so nobody is believed to speak for another address.
    yield _config(
        app, host=host, port=port, ssl_certfile=own.tls_certificate, ssl_keyfile=own.tls_key, proxy_headers=False,
        limit_concurrency=MAX_CONNECTIONS,
    )  # fmt: skip
    if ground.settings.front.listen and way:
        # Only the front can open this socket: what it says of who is at its other end is believed.
        yield _config(
            app, uds=way, proxy_headers=True, forwarded_allow_ips="*",
            limit_concurrency=ground.settings.front.connections,
        )  # fmt: skip


def _config(app: Asgi, **place: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        **place,
        http="httptools",
        loop="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=3,
        h11_max_incomplete_event_size=16_384,
    )


def front_authority(ground: Ground) -> str:
    """Return the certificate that browsers must trust: of the site's own authority, where it signs the front's."""
    own = ground.settings.front
    outside = own.listen and not is_loopback(split_address(own.listen)[0])
    path = Authority(folder=ground.logins.home / "tls", account=None).certificate
    return path.read_text() if outside and own.tls_certificate is None and path.exists() else ""


def authority_of(home: Path, url: str) -> str:
    """Return the certificate that devices must trust: of the site's own authority, where TLS is its own."""
    path = Authority(folder=home / "tls", account=None).certificate
    return path.read_text() if url.startswith("tls://") and path.exists() else ""
