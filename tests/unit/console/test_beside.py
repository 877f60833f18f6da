"""The API and the pages on one port."""

from __future__ import annotations

from wardwire.api.app import OPERATIONS, ROOTS
from wardwire.console.app import ENTRIES, Asgi, Receive, Scope, Send, beside


def told(name: str, heard: list[str]) -> Asgi:
    """An application that says that it was asked."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        heard.append(name)

    return app


async def ask(path: str) -> str:
    """Say who is asked for a path."""
    heard: list[str] = []
    app = beside(told("api", heard), told("pages", heard), roots=ROOTS)
    await app({"type": "http", "path": path}, None, None)  # type: ignore[arg-type]
    return heard[0]


async def test_every_operation_reaches_the_api_and_every_page_its_own() -> None:
    """Whatever operation is added, with a path of its own (SCIM), is the API's; pages and files are not."""
    assert {await ask(operation.path) for operation in OPERATIONS} == {"api"}
    assert {await ask(path) for path in ("/openapi.json", "/errors/not_found", "/scim/v2/Users", "/v1/x")} == {"api"}
    ours = (*ENTRIES, "/login", "/status", "/sheets/on-call", "/assets/v1/x.js", "/v1.html", "/sw.js", "/nothing", "")
    assert {await ask(path) for path in ours} == {"pages"}
