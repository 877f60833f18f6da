"""Makes the outside channels that the settings name."""

from __future__ import annotations

from wardwire.channels.email import EmailChannel, Relay
from wardwire.flow.ports import Channel
from wardwire.settings import Settings


def make_channels(settings: Settings) -> dict[str, Channel]:
    """Make them; a kind that is not set up is missing, and its attempts say so."""
    own = settings.smtp
    if not own.host:
        return {}
    password = own.password_file.read_text().strip() if own.password_file else ""
    relay = Relay(host=own.host, port=own.port, tls=own.tls, username=own.username, password=password)
    email = EmailChannel(relay, sender=own.sender, site=settings.site.name, link_base=own.link_base)
    return {email.kind: email}
