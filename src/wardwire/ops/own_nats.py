"""
The configuration of a pair of NATS servers that the hospital runs itself, with the keys that belong to it.

One pair a site: the server `edge` stands where devices reach it, `core` where the core processes are. It is what the
embedded pair is told, with TLS wherever a listener is not on the loopback.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from wardwire.ops.account import private_folder
from wardwire.ops.failure import StartFailed
from wardwire.ops.nats import SEEDS, make_keys, seed_file
from wardwire.ops.nats_conf import Tls, render_core, render_edge
from wardwire.ops.ports import is_loopback
from wardwire.ops.secrets import write_private


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPair:
    """
    Where a pair stands.

    Attributes:
        folder: Configuration and keys are written here; what is there already is kept.
        edge, leaf, core, monitor: "host:port" of each listener.
        websocket: The same of the one for the front, which stands on the machine of edge and brings TLS.
        edge_tls, core_tls: Certificates of the two servers, as the servers find them.
        authority: What core checks the certificate of edge against.
    """

    folder: Path
    edge: str
    leaf: str
    core: str
    monitor: str
    websocket: str
    edge_tls: Tls | None = None
    core_tls: Tls | None = None
    authority: Path | None = None


def write_pair(pair: OwnPair) -> None:
    """
    Write `edge.conf`, `core.conf` and the keys; idempotent.

    Raises:
        StartFailed: `tls_required` for a listener beyond the loopback without a certificate; `usage` for an address
            that nobody can connect to, such as 0.0.0.0; the folder is unusable.
    """
    for what, address, tls in (
        ("--edge", pair.edge, pair.edge_tls),
        ("--leaf", pair.leaf, pair.edge_tls if pair.authority else None),
        ("--core", pair.core, pair.core_tls),
        ("--websocket", pair.websocket, None),
    ):
        if _host(address) in ("0.0.0.0", "::"):
            raise StartFailed(
                "usage",
                f"{what} {address} says where to listen, but not by which name it is reached.",
                "Name the host as others reach it.",
            )
        if tls is None and _outside(address):
            raise StartFailed(
                "tls_required",
                f"{what} {address} would be reached from outside without TLS.",
                "Name certificate and key of both servers, and --authority; or an address of the loopback.",
            )
    private_folder(pair.folder, None)
    keys = make_keys(pair.folder, None)
    inside = not _outside(pair.leaf)
    edge = render_edge(
        listen=pair.edge,
        leaf_listen=pair.leaf,
        websocket_listen=pair.websocket,
        keys=keys,
        tls=pair.edge_tls if _outside(pair.edge) else None,
        leaf_tls=None if inside else pair.edge_tls,
    )
    core = render_core(
        listen=pair.core,
        monitor=pair.monitor,
        leaf_url=pair.leaf,
        keys=keys,
        tls=pair.core_tls if _outside(pair.core) else None,
        leaf_authority=None if inside else pair.authority,
    )
    write_private(pair.folder / "edge.conf", edge.encode(), None)
    write_private(pair.folder / "core.conf", core.encode(), None)


def settings_of(pair: OwnPair) -> str:
    """Write the section [nats] of the settings; devices are told the address of edge."""
    schemes = {address: "tls" if _outside(address) else "nats" for address in (pair.core, pair.edge)}
    lines = [
        "[nats]",
        f'url = "{schemes[pair.core]}://{pair.core}"',
        f'edge_url = "{schemes[pair.edge]}://{pair.edge}"',
        f'edge_websocket = "{pair.websocket}"',
        *(f'{name}_seed_file = "{seed_file(pair.folder, name)}"' for name in SEEDS),
    ]
    return "\n".join(lines) + "\n"


def _outside(address: str) -> bool:
    return not is_loopback(_host(address))


def _host(address: str) -> str:
    return address.rpartition(":")[0].strip("[]")
