"""
Put a whole site together on this machine: settings become engines, certificates, supervised processes.

The composition root of `wardwire serve`, as `app` is that of one core process.
"""

from __future__ import annotations

import os
import resource
import socket
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from wardwire.app.address import front_address
from wardwire.app.listeners import find_unusable, plan_listeners
from wardwire.cli.database import Place
from wardwire.cli.options import home_of, say
from wardwire.ops.account import Account, ensure_service_account, private_folder
from wardwire.ops.authority import ensure_authority, local_address, server_certificate
from wardwire.ops.child import Child, ChildPlan
from wardwire.ops.engines import (
    ENGINES_VARIABLE,
    EmbeddedDatabase,
    EmbeddedNats,
    Engines,
    Wanted,
    api_socket,
    logins_file,
)
from wardwire.ops.failure import StartFailed
from wardwire.ops.front import EDGE_VARIABLE, LISTENING_VARIABLE, SOCKET_VARIABLE
from wardwire.ops.lock import FolderLock
from wardwire.ops.nats import NatsLogins
from wardwire.ops.nats_conf import Tls
from wardwire.ops.ports import bind, is_loopback, require_free
from wardwire.ops.reach import reach_database, reach_nats
from wardwire.ops.remote import require_tls_dsn, require_tls_nats, with_password
from wardwire.ops.roles import DatabaseLogins, run_apart
from wardwire.ops.supervisor import Step, Supervisor
from wardwire.settings import Settings, split_address
from wardwire.settings_sources import Loaded

HEARTBEATS_MISSED_MAX = 10  # seconds: a loop that is blocked that long is restarted


def run_site(loaded: Loaded, *, children: Sequence[ChildPlan], front: ChildPlan | None = None) -> None:
    """
    Run the engines and these processes until told to stop. Belongs into the main thread.

    The processes find the engines' logins by the variable WARDWIRE_ENGINES. The front is told of none of them; it is
    started when the settings want it.

    Raises:
        StartFailed: Something keeps it from starting; whatever had been started is stopped again.
    """
    settings, home = loaded.settings, home_of(loaded)
    refuse_bare_listeners(settings)
    refuse_unusable_adapters(settings)
    account = ensure_service_account(say, name=settings.data.user)
    raise_open_files()
    private_folder(home, account)
    private_folder(home / "run", account)
    lock = FolderLock(home / "run" / "serve.lock")
    lock.take(account)
    try:
        engines = Engines(wanted(settings, home), account=account, say=say)
        engines.prepare()
        for planned in plan_listeners(settings):
            host, port = split_address(planned.options.listen)
            require_free(host, port, what=f"The listener {planned.name}", key=f"{planned.section}.listen")
        said = {
            ENGINES_VARIABLE: str(logins_file(home)),
            SOCKET_VARIABLE: str(api_socket(home)),
            **api_certificate(settings, home, account),
        }
        steps = engines.steps(migrate=migrate)
        if engines.nats is None:
            reach_nats(engines.logins().nats)
        if engines.postgres is None:
            found = engines.write_logins().database
            run_apart(reach_database(found))
            migrate(found)
        for nth, plan in enumerate(children):  # after all engines, and after the migrations; together
            child = Child(replace(plan, environment={**plan.environment, **said}), home=home, account=account)
            steps.append(Step(part=child, beside=nth > 0, missed_max=HEARTBEATS_MISSED_MAX))
        if front is not None and settings.front.listen:
            child = Child(plan_front(front, settings, home, account, engines), home=home, account=account)
            steps.append(Step(part=child, beside=True, missed_max=HEARTBEATS_MISSED_MAX))
        Supervisor(steps, say=say, on_ready=lambda: announce(settings, engines)).run()
    finally:
        lock.release()
    say("Wardwire has stopped.")


def wanted(settings: Settings, home: Path) -> Wanted:
    """Turn settings into what the engines are given."""
    return Wanted(
        home=home,
        site=settings.site.name,
        database=_database(settings),
        nats=_nats(settings),
        ballast=settings.disk.ballast_mb * 2**20,
    )


def _database(settings: Settings) -> EmbeddedDatabase | DatabaseLogins:
    own = settings.database
    if not own.dsn:
        return EmbeddedDatabase(binaries=own.binaries, port=own.port, settings=own.settings)
    app = with_password(own.dsn, read_secret(own.password_file))
    logins = DatabaseLogins(
        owner=with_password(own.owner_dsn, read_secret(own.owner_password_file)) if own.owner_dsn else "",
        app=app,
        sealer=with_password(own.sealer_dsn, read_secret(own.sealer_password_file)) if own.sealer_dsn else app,
        readonly=with_password(own.readonly_dsn, read_secret(own.readonly_password_file))
        if own.readonly_dsn
        else app,
    )
    for key in ("dsn", "owner_dsn", "sealer_dsn", "readonly_dsn"):
        if getattr(own, key):
            require_tls_dsn(getattr(own, key), key=f"database.{key}")
    return logins


def _nats(settings: Settings) -> EmbeddedNats | NatsLogins:
    own = settings.nats
    if own.url:
        require_tls_nats(own.url, key="nats.url")
        seeds = {
            name: read_secret(getattr(own, f"{name}_seed_file")) or ""
            for name in ("core", "callout", "kick", "bulk", "issuer")
        }
        return NatsLogins(url=own.url, edge_url=own.edge_url, edge_websocket=own.edge_websocket, **seeds)
    host, port = split_address(own.edge_listen)
    given = own.tls_certificate is not None and own.tls_key is not None
    return EmbeddedNats(
        program=own.server,
        edge_host=host,
        edge_port=port,
        edge_names=tuple(name.strip() for name in own.edge_names.split(",") if name.strip()),
        tls=Tls(certificate=own.tls_certificate, key=own.tls_key) if given else None,  # type: ignore[arg-type]
        leaf_port=own.leaf_port,
        core_port=own.core_port,
        monitor_port=own.monitor_port,
        websocket_port=own.websocket_port,
    )


def read_secret(path: Path | None) -> str | None:
    """
    Read a secret from its file, without the line's end; None when no file is set.

    Raises:
        StartFailed: `secret_unreadable`.
    """
    if path is None:
        return None
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StartFailed(
            "secret_unreadable",
            f"The secret in {path} cannot be read: {error}.",
            "Mend the file or the setting.",
        ) from error


def refuse_bare_listeners(settings: Settings) -> None:
    """
    Refuse what would be reached from outside without TLS.

    Raises:
        StartFailed: `tls_required`.
    """
    host, _ = split_address(settings.ops.listen)
    if not is_loopback(host):
        raise StartFailed(
            "tls_required",
            f"ops.listen would show figures on {host} without TLS.",
            "Let it listen on 127.0.0.1, and a proxy with TLS before it.",
        )


def refuse_unusable_adapters(settings: Settings) -> None:
    """
    Refuse listeners for other systems that could not be opened as they are set.

    Raises:
        StartFailed: The first one's, such as `hl7_table`.
    """
    for planned, error in find_unusable(settings):
        raise StartFailed(error.code, f"{planned.section}: {error.sentence}", error.remedy) from error


def api_certificate(settings: Settings, home: Path, account: Account | None) -> dict[str, str]:
    """Make sure of the API's port and, beyond the loopback, of its certificate: what the process is told."""
    host, port = split_address(settings.api.listen)
    require_free(host, port, what="The API", key="api.listen")
    if is_loopback(host) or settings.api.tls_certificate is not None:
        return {}
    names = {socket.gethostname(), *({host} - {"0.0.0.0", "::"})}
    tls = server_certificate(ensure_authority(home, settings.site.name, account), "api", sorted(names))
    return {
        "WARDWIRE__API__TLS_CERTIFICATE": str(tls.certificate),
        "WARDWIRE__API__TLS_KEY": str(tls.key),
    }


def plan_front(
    front: ChildPlan, settings: Settings, home: Path, account: Account | None, engines: Engines
) -> ChildPlan:
    """
    Bind the front's port, here: a low one needs root, and whoever comes while the front is restarted waits in it.

    Raises:
        StartFailed: `port_busy` and the like.
    """
    own = settings.front
    host, port = split_address(own.listen)
    listening = bind(host, port, what="The front", key="front.listen")
    listening.listen(4096)
    said = {
        LISTENING_VARIABLE: str(listening.fileno()),
        SOCKET_VARIABLE: str(api_socket(home)),
        EDGE_VARIABLE: engines.nats.logins().edge_websocket if engines.nats else settings.nats.edge_websocket,
    }
    if not is_loopback(host) and own.tls_certificate is None:
        names = {socket.gethostname(), *(name.strip() for name in own.names.split(",") if name.strip())}
        names |= {local_address()} if host in ("0.0.0.0", "::") else {host}
        authority = ensure_authority(home, settings.site.name, account)
        tls = server_certificate(authority, "front", sorted(names - {""}))
        said["WARDWIRE__FRONT__TLS_CERTIFICATE"] = str(tls.certificate)
        said["WARDWIRE__FRONT__TLS_KEY"] = str(tls.key)
    descriptor = listening.detach()  # stays open as long as we are here
    return replace(front, environment={**front.environment, **said}, keep=(descriptor,))


def raise_open_files() -> int:
    """Raise the soft limit of open files to the hard one, for us and every child; the limit now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (OSError, ValueError):  # macOS has a lower limit of its own
            return soft
    return hard


def migrate(logins: DatabaseLogins) -> None:
    """Bring the schema up, as its owner; without an owner's address that was done by somebody else."""
    if logins.owner:
        from wardwire.store.migrations import migrate as apply

        run_apart(apply(logins.owner, today=datetime.now(UTC).date(), site_id=uuid4()))


def announce(settings: Settings, engines: Engines) -> None:
    """Say that everything is there, to people and to systemd."""
    logins = engines.logins()
    scheme = "http" if is_loopback(split_address(settings.api.listen)[0]) else "https"
    if settings.front.listen:
        say(f"Browsers and phones open {front_address(settings)}")
    say(f"Wardwire runs. API {scheme}://{settings.api.listen}, devices {logins.nats.edge_url}.")
    say(f"Its data is in {logins.home}. Stop it with Ctrl-C.")
    if not settings.site.desk:
        say("No operators' desk is set: what nobody answers rings nowhere in the end. Set site.desk, e.g. role:Desk.")
    notify("READY=1")
    tell_first_code(Place(logins.database, logins.home, settings.durability.without_standby))


def tell_first_code(place: Place) -> None:
    """At the first start of all, print the code with which the first administrator comes in."""
    from wardwire.cli.account import first_code_of

    try:
        issued = first_code_of(place)
    except StartFailed as failed:
        say(f"No code for a first administrator: {failed.sentence} Later: wardwire account first-administrator")
        return
    if issued is not None:
        say("There is no administrator yet. Once, within a day:")
        say(f"  wardwire account claim {issued.code} --login NAME --name 'WHO IT IS'")


def notify(message: str) -> None:
    """Tell systemd, when it started us (Type=notify)."""
    place = os.environ.get("NOTIFY_SOCKET", "")
    if place:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.connect("\0" + place[1:] if place.startswith("@") else place)
            line.sendall(message.encode())
