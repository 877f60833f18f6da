"""What the settings say of people who sign in, and the provider that they may sign in with."""

from __future__ import annotations

from datetime import timedelta

from wardwire.access.oidc import Provider, SingleSignOn
from wardwire.carrier.https import Https
from wardwire.model.accounts import Spans
from wardwire.model.clock import Clock
from wardwire.settings import Access, Oidc


def spans_of(access: Access) -> Spans:
    """Return how long sessions last."""
    return Spans(idle=timedelta(minutes=access.session_idle_min), age=timedelta(hours=access.session_h))


def make_sso(oidc: Oidc, clock: Clock) -> SingleSignOn | None:
    """Make the way to the hospital's provider; None where none is set."""
    if not oidc.issuer:
        return None
    secret = oidc.client_secret_file.read_text().strip() if oidc.client_secret_file else ""
    provider = Provider(
        issuer=oidc.issuer,
        client_id=oidc.client_id,
        client_secret=secret,
        redirect=oidc.redirect,
        claim=oidc.claim,
        source=oidc.source,
    )
    return SingleSignOn(provider, Https(oidc.authority).fetch, clock)
