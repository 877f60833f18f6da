"""The pages as an ASGI application, and beside it the API: one origin, told apart by the path."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any

import structlog

from wardwire.console.files import File
from wardwire.console.replies import FORM_MAX, Asked, Reply, read_pairs, security_headers, serve_file
from wardwire.console.words import render

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]
Page = Callable[[Asked], Awaitable[Reply]]
Pages = Mapping[str, Mapping[str, Page]]

# Where the apps begin, and which of their files that may be; the first that was built is shown.
ENTRIES = {
    "/": ("/index.html", "/phone/index.html"),
    "/console": ("/console/index.html", "/console.html"),
    "/admin": ("/admin/index.html", "/admin.html"),
    "/board": ("/board/index.html", "/board.html"),
}
FORM_PATIENCE_S = 10.0

log = structlog.get_logger("wardwire.console")


def beside(api: Asgi, pages: Asgi, *, roots: Collection[str]) -> Asgi:
    """Put the API and the pages side by side; `roots` are the first parts of the API's paths."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        theirs = scope["type"] != "http" or scope["path"].removeprefix("/").partition("/")[0] in roots
        await (api if theirs else pages)(scope, receive, send)

    return app


def make_pages(files: Mapping[str, File], pages: Pages) -> Asgi:
    """
    Make the application.

    Args:
        files: By address; entries among them are shown at the addresses of the apps.
        pages: By address and method (GET, POST); HEAD is answered as GET.
    """

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        origin = _origin(scope)
        try:
            reply = await _answer(scope, receive, origin)
        except Exception:
            log.exception("page_failed", path=scope["path"][:80])
            reply = Reply(status=500, body=b"Something went wrong here. It was written down.\n", media="text/plain")
        await _send(send, reply, origin, with_body=scope["method"] != "HEAD")

    async def _answer(scope: Scope, receive: Receive, origin: str) -> Reply:
        path, method = scope["path"], scope["method"]
        asked = Asked(method=method, path=path, form={}, origin=origin, **_read_head(scope))
        file = next((files[name] for name in ENTRIES.get(path, (path,)) if name in files), None)
        page = pages.get(path, {})
        allowed = {"GET", "HEAD"} if file or path in ENTRIES or "GET" in page else set()
        allowed |= set(page)
        if not allowed:
            return render("message.html", asked, status=404, title="not_found", text="not_found_text")
        if method not in allowed:
            listed = ", ".join(sorted(allowed))
            return Reply(status=405, media="text/plain", headers={"Allow": listed}, body=b"not by this method\n")
        if method == "POST":
            return await _post(page["POST"], asked, receive)
        if "GET" in page:
            return await page["GET"](asked)
        if file is not None:
            return serve_file(asked, file)
        return render("message.html", asked, status=503, title="not_built", text="not_built_text")

    async def _post(page: Page, asked: Asked, receive: Receive) -> Reply:
        if not asked.from_our_page:
            return render("message.html", asked, status=403, title="foreign", text="foreign_text")
        kind = asked.headers.get("content-type", "").partition(";")[0].strip().lower()
        body = await _read_body(receive) if kind == "application/x-www-form-urlencoded" else None
        try:
            form = None if body is None else read_pairs(body.decode("utf-8"))
        except ValueError:
            form = None
        if form is None:
            return Reply(status=400, media="text/plain", body=b"this is no form of ours\n")
        return await page(
            Asked(
                method="POST", path=asked.path, query=asked.query, headers=asked.headers, cookies=asked.cookies,
                form=form, address=asked.address, origin=asked.origin,
            )
        )  # fmt: skip

    return app


def _origin(scope: Scope) -> str:
    host = next((value for name, value in scope["headers"] if name == b"host"), b"")
    return f"{scope['scheme']}://{host.decode('latin-1').lower()}"


def _read_head(scope: Scope) -> dict[str, Any]:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    try:
        cookies = {name: morsel.value for name, morsel in SimpleCookie(headers.get("cookie", "")).items()}
    except CookieError:
        cookies = {}
    try:
        query = read_pairs(scope["query_string"].decode("latin-1"))
    except ValueError:
        query = {}
    address = scope["client"][0] if scope.get("client") else ""
    return {"headers": headers, "cookies": cookies, "query": query, "address": address}


async def _read_body(receive: Receive) -> bytes | None:
    """Read a form; None when it is too long, or does not come."""
    body = bytearray()
    try:
        async with asyncio.timeout(FORM_PATIENCE_S):
            while True:
                event = await receive()
                body += event.get("body", b"")
                if event["type"] != "http.request" or len(body) > FORM_MAX:
                    return None
                if not event.get("more_body"):
                    return bytes(body)
    except TimeoutError:
        return None


async def _send(send: Send, reply: Reply, origin: str, *, with_body: bool) -> None:
    headers = {"Cache-Control": "no-store", **security_headers(origin), **reply.headers}
    if reply.status not in (304, 303):
        headers["Content-Type"] = reply.media
    if reply.status != 304:
        headers["Content-Length"] = str(len(reply.body))
    pairs = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": pairs})
    body = reply.body if with_body and reply.status != 304 else b""
    await send({"type": "http.response.body", "body": body})
