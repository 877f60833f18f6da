"""What browsers and phones open."""

from __future__ import annotations

from wardwire.ops.authority import local_address
from wardwire.ops.ports import is_loopback
from wardwire.settings import Front, Settings, split_address


def front_has_tls(own: Front) -> bool:
    """Whether the front speaks TLS: with a certificate of the hospital's, or beyond the loopback with ours."""
    return own.tls_certificate is not None or not is_loopback(split_address(own.listen)[0])


def front_address(settings: Settings) -> str:
    """Give the one address that browsers open, without a slash at its end; "" without a front."""
    own = settings.front
    if own.url or not own.listen:
        return own.url.rstrip("/")
    host, port = split_address(own.listen)
    tls = front_has_tls(own)
    named = own.names.split(",")[0].strip()
    if not named:
        named = "localhost" if is_loopback(host) else local_address() if host in ("0.0.0.0", "::") else host
    shown = f"[{named}]" if ":" in named else named
    usual = 443 if tls else 80
    return f"{'https' if tls else 'http'}://{shown}" + ("" if port == usual else f":{port}")
