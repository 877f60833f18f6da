"""The real shape: the product's own site with a load maker's devices, as one that takes turns with its floor."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.people import Staff, with_more
from bench.shapes.devices import NATS
from bench.shapes.load import Connect
from bench.shapes.turns import PAIRS, Shape, load_maker
from bench.site import PATH, Site, real_site
from wardwire.ops.engines import EngineLogins

VOICE = "bench.voice:Real"


@contextmanager
def real_shape(
    name: str,
    *,
    home: Path | None = None,
    before: Callable[[EngineLogins], None] = lambda logins: None,
    enter: Callable[[EngineLogins, Staff], None] = lambda logins, staff: None,
    serve: Sequence[str] = (PATH,),
    more: dict[str, str] | None = None,
    listeners: int = 0,
    priority: str = "medium",
    call: dict[str, str] | None = None,
) -> Iterator[tuple[Shape, Site]]:
    """Start a site with pairs of devices that are connected and have done a first round.

    Args:
        listeners: So many more devices, and a caller that sends `code` to their group.
        priority: Of what the pairs send.
        call: What the caller's voice is told instead of the group.
    """
    with ExitStack() as stack:
        site = stack.enter_context(
            real_site(
                people=2 * PAIRS + bool(listeners) + listeners,
                group=listeners,
                home=home,
                before=before,
                enter=enter,
                serve=serve,
                more=more,
            )
        )
        staff = site.staff
        pairs = staff.pairs(PAIRS, priority=priority)
        connect = Connect(carrier=NATS, port=site.edge_port, pairs=pairs, voice=VOICE)
        if listeners:
            connect.caller = with_more(staff.parties[2 * PAIRS], priority="code", **(call or {"to": staff.group}))
            connect.listeners = [with_more(party, priority="code") for party in staff.members]
        load = load_maker(stack, connect)
        yield Shape(name, load, {**site.pids(), "load": [load.process.pid]}), site
