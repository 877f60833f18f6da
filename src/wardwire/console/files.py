"""Files for browsers, kept in memory: read once, packed once, found by their exact path and nothing else."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

MEDIA = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".wasm": "application/wasm",
    ".txt": "text/plain; charset=utf-8",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".wav": "audio/wav",
}
_PACKABLE = (".html", ".js", ".css", ".json", ".webmanifest", ".svg", ".txt", ".wasm")
# A name with a digest in it, as bundlers write them: what it names never changes.
_HASHED = re.compile(r"[-.][A-Za-z0-9_-]{8,}\.[a-z0-9]+$")


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file as it is served.

    Attributes:
        packed: The same with gzip, where that makes it smaller.
        etag: Of the content.
        forever: Its name changes with its content.
        worker: It is a service worker, and may work for the whole site.
    """

    body: bytes
    packed: bytes | None
    etag: str
    media: str
    forever: bool = False
    worker: bool = False


def make_file(name: str, body: bytes, *, forever: bool = False) -> File:
    """Make a file to serve of a content."""
    suffix = Path(name).suffix
    packed = gzip.compress(body, 9, mtime=0) if suffix in _PACKABLE else None
    return File(
        body=body,
        packed=packed if packed is not None and len(packed) < len(body) else None,
        etag=f'"{hashlib.sha256(body).hexdigest()[:32]}"',
        media=MEDIA.get(suffix, "application/octet-stream"),
        forever=forever,
        worker=Path(name).name == "sw.js",
    )


def read_files(folder: Path) -> Mapping[str, File]:
    """Read a folder that a bundler has written, by address (`/assets/…`); an absent folder is an empty one.

    Links are not followed out of the folder, hidden files and what was packed already (`.gz`, `.map`) are left out.
    """
    return {f"/{path.relative_to(folder).as_posix()}": _read(path) for path in _list(folder)}


def _list(folder: Path) -> Iterator[Path]:
    root = folder.resolve()
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        served = path.is_file() and not hidden and path.suffix not in (".gz", ".br", ".map")
        if served and path.resolve().is_relative_to(root):
            yield path


def _read(path: Path) -> File:
    forever = path.parent.name == "assets" and _HASHED.search(path.name) is not None
    return make_file(path.name, path.read_bytes(), forever=forever)
