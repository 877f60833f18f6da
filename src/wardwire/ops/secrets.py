"""Passwords and keys that were made here: a file each, 0600, made once and never printed."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from wardwire.ops.account import Account, folder_failure, hand_over


def keep(path: Path, make: Callable[[], bytes], account: Account | None) -> bytes:
    """
    Read a secret, or make it at the first call.

    The file appears whole or not at all, flushed to disk: a crash leaves no half a key.

    Raises:
        StartFailed: The folder is full, read-only or not ours.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        pass
    except OSError as error:
        raise folder_failure(path, error) from error
    write_private(path, make(), account)
    return path.read_bytes()


def keep_password(path: Path, account: Account | None) -> str:
    """Read a password, or make one of 192 random bits."""
    return keep(path, lambda: secrets.token_urlsafe(24).encode(), account).decode().strip()


def write_private(path: Path, content: bytes, account: Account | None) -> None:
    """Write a file 0600 for the account, replacing the old one as a whole.

    Raises:
        StartFailed: The folder is full, read-only or not ours.
    """
    try:
        replace_file(path, content, account)
    except OSError as error:
        raise folder_failure(path, error) from error


def replace_file(path: Path, content: bytes, account: Account | None) -> None:
    """Write a file 0600, on disk and whole when it returns; when this raises OSError the old one is as it was."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        hand_over(draft, account)
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
