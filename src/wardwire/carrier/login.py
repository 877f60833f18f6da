"""How a client proves to a NATS server who it is."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from wardwire.carrier.nkeys import KeyPair


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """An nkey with its signer, or a user with its password; nothing at all is a login too.

    Attributes:
        nkey: Our public nkey; the server's nonce is then signed at every connect.
        sign: Makes the 64 bytes of the signature; the key itself may live elsewhere (a keystore, a chip).
    """

    user: str = ""
    password: str = field(default="", repr=False)
    nkey: str = ""
    sign: Callable[[bytes], bytes] | None = field(default=None, repr=False)

    @classmethod
    def by_key(cls, key: KeyPair) -> Login:
        """Log in with a key that this process holds."""
        return cls(nkey=key.public, sign=key.sign)

    @classmethod
    def by_password(cls, user: str, password: str) -> Login:
        """Log in with a password, for servers of our own on loopback or behind mutual TLS."""
        return cls(user=user, password=password)

    def sign_text(self, nonce: str) -> bytes:
        """Return the signature of a nonce as CONNECT carries it: base64 with the URL alphabet, not padded."""
        assert self.sign is not None
        return base64.urlsafe_b64encode(self.sign(nonce.encode("ascii"))).rstrip(b"=")

    def options(self, nonce: str) -> dict[str, Any]:
        """Return what goes into CONNECT for this nonce of the server."""
        options: dict[str, Any] = {}
        if self.user:
            options |= {"user": self.user, "pass": self.password}
        if self.nkey and self.sign is not None:
            options |= {"nkey": self.nkey, "sig": self.sign_text(nonce).decode("ascii")}
        return options
