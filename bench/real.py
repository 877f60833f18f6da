"""The real shape: the product's own site with a load maker's devices, as one that takes turns with its floor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from bench.shapes.load import Connect
from bench.shapes.turns import PAIRS, Child, Shape
from bench.site import CORE, Site, real_site

VOICE = "bench.voice:Real"


@contextmanager
def real_shape(
    name: str, *, home: Path | None = None, core: Sequence[str] = CORE, more: dict[str, str] | None = None
) -> Iterator[tuple[Shape, Site]]:
    """Start a site with pairs of devices that are connected and have done a first round."""
    with ExitStack() as stack:
        site = stack.enter_context(real_site(people=2 * PAIRS, home=home, core=core, more=more))
        load = Child("bench.shapes.load")
        stack.callback(load.end)
        connect = Connect(carrier="nats", port=site.edge_port, pairs=site.staff.pairs(PAIRS), voice=VOICE)
        load.ask(msgspec.json.encode(connect))
        yield Shape(name, load, {**site.pids(), "load": [load.process.pid]}), site
