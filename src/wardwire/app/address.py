"""What browsers and phones open."""

from __future__ import annotations

from wardwire.ops.authority import local_address
from wardwire.ops.ports import is_loopback
from wardwire.settings import Settings, split_address


def front_address(settings: Settings) -> str:
    """Give the one address that browsers open, without a slash at its end; "" without a front."""
    own = settings.front
    if own.url or not own.listen:
        return own.url.rstrip("/")
    host, port = split_address(own.listen)
    tls = own.tls_certificate is not None or not is_loopback(host)
    named = own.names.split(",")[0].strip()
    if not named:
        named = "localhost" if is_loopback(host) else local_address() if host in ("0.0.0.0", "::") else host
    shown = f"[{named}]" if ":" in named else named
    usual = 443 if tls else 80
    return f"{'https' if tls else 'http'}://{shown}" + ("" if port == usual else f":{port}")
