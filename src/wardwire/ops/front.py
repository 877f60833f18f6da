"""How the supervisor tells the front, and the API behind it, where they meet. Nothing of it is secret."""

from __future__ import annotations

LISTENING_VARIABLE = "WARDWIRE_FRONT_LISTENING"  # the number of the open, bound socket
SOCKET_VARIABLE = "WARDWIRE_API_SOCKET"
EDGE_VARIABLE = "WARDWIRE_EDGE_WEBSOCKET"  # "host:port"; "" = no device can connect through the front
