"""`wardwire engines`: what the administrators of the hospital's own PostgreSQL and NATS are given."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated

import typer

from wardwire.cli.options import AsJson, say
from wardwire.cli.tables import print_json
from wardwire.ops.account import private_folder
from wardwire.ops.failure import StartFailed
from wardwire.ops.nats_conf import Tls
from wardwire.ops.own_database import login_of, make_verifier, render_settings, render_sql, require_name
from wardwire.ops.own_nats import OwnPair, settings_of, write_pair
from wardwire.ops.roles import ROLES
from wardwire.ops.secrets import keep_password, write_private
from wardwire.settings import split_address

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Use PostgreSQL and NATS of your own: scripts, configuration, keys, settings.",
)

Folder = Annotated[Path, typer.Argument(help="Where to write; made for you alone. What is there is kept.")]


@app.command("database")
def database(
    name: Annotated[str, typer.Argument(help="Of the site's database: a to z, 0 to 9 and _.")],
    folder: Folder,
    host: Annotated[
        str, typer.Option("--host", help="host:port by commas, primary and standbys; or the folder of a socket.")
    ] = "127.0.0.1:5432",
    as_json: AsJson = False,
) -> None:
    """
    Write the script that makes a site's database and logins, and print the settings that use them.

    Several sites (tenants) may share one PostgreSQL: each has a database of its own, which nobody else's login may
    connect to. Passwords are made here, a file each; the script holds what PostgreSQL keeps of them. Run again, with
    the same folder, both say the same.

    Example: wardwire engines database city_hospital /etc/wardwire/engines --host db1:5432,db2:5432
    """
    require_name(name)
    folder = folder.absolute()
    private_folder(folder, None)
    files = {role: folder / f"{login_of(role, name)}.password" for role in ROLES}
    verifiers = {
        role: make_verifier(keep_password(file, None), secrets.token_bytes(16)) for role, file in files.items()
    }
    script = folder / f"{name}.sql"
    write_private(script, render_sql(name, verifiers).encode(), None)
    settings = render_settings(name, host, {role: str(file) for role, file in files.items()})
    _tell([script], settings, f"Run it as a superuser: psql -f {script} postgres", as_json=as_json)


@app.command("nats")
def nats(
    folder: Folder,
    edge: Annotated[str, typer.Option("--edge", metavar="HOST:PORT", help="Where devices connect.")],
    leaf: Annotated[
        str, typer.Option("--leaf", metavar="HOST:PORT", help="Where edge waits for core.")
    ] = "127.0.0.1:7422",
    core: Annotated[
        str, typer.Option("--core", metavar="HOST:PORT", help="Where core processes connect.")
    ] = "127.0.0.1:4223",
    monitor: Annotated[
        str, typer.Option("--monitor", metavar="HOST:PORT", help="Where core shows its figures.")
    ] = "127.0.0.1:8222",
    websocket: Annotated[
        str, typer.Option("--websocket", metavar="HOST:PORT", help="Where the front reaches edge, on its machine.")
    ] = "127.0.0.1:7480",
    edge_certificate: Annotated[Path | None, typer.Option(help="Of the server edge.")] = None,
    edge_key: Annotated[Path | None, typer.Option(help="Its key.")] = None,
    core_certificate: Annotated[Path | None, typer.Option(help="Of the server core.")] = None,
    core_key: Annotated[Path | None, typer.Option(help="Its key.")] = None,
    authority: Annotated[
        Path | None, typer.Option(help="Certificates that core checks the certificate of edge against.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """
    Write the configuration and keys of a pair of NATS servers, and print the settings that use them.

    Each site (tenant) has a pair of its own. edge.conf is for the server in front, core.conf for the one behind;
    paths of certificates are as the servers find them. Any listener beyond the loopback has TLS.

    Example: wardwire engines nats /etc/wardwire/nats --edge 127.0.0.1:4222
    """
    for address in (edge, leaf, core, monitor, websocket):
        try:
            split_address(address)
        except ValueError:
            raise StartFailed("usage", f"{address!r} is no address.", "Write it as host:port.") from None
    pair = OwnPair(
        folder=folder.absolute(),
        edge=edge,
        leaf=leaf,
        core=core,
        monitor=monitor,
        websocket=websocket,
        edge_tls=_tls("edge", edge_certificate, edge_key),
        core_tls=_tls("core", core_certificate, core_key),
        authority=authority.absolute() if authority else None,
    )
    write_pair(pair)
    files = [pair.folder / "edge.conf", pair.folder / "core.conf"]
    _tell(files, settings_of(pair), "Start nats-server --config with each, edge first.", as_json=as_json)


def _tls(server: str, certificate: Path | None, key: Path | None) -> Tls | None:
    if (certificate is None) != (key is None):
        raise StartFailed(
            "usage",
            f"Certificate and key of {server} are named together or not at all.",
            f"Name --{server}-certificate and --{server}-key.",
        )
    return Tls(certificate=certificate.absolute(), key=key.absolute()) if certificate and key else None


def _tell(files: list[Path], settings: str, then: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"files": [str(file) for file in files], "settings": settings})
        return
    say(f"Written: {', '.join(map(str, files))}. {then}")
    say("Then, in the settings of the site:")
    print(settings, end="")
