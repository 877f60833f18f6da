"""What can go wrong between us and a NATS server.

WardwireError
├── CarrierError
│   ├── ProtocolError     the peer's bytes are not NATS; the connection is given up
│   ├── NoResponders      nobody listens on that subject: certainly not received, known at once
│   ├── RequestTimeout    no answer in time: nobody can say whether it was received
│   ├── Disconnected      the connection went while we waited: nobody can say whether it was received
│   ├── LoginRefused      the server did not let us in
│   └── ServerError       a -ERR of the server, e.g. a permissions violation
├── Unavailable           (model) certainly not sent: not connected, or the write buffer is full
└── Refused               (model) `TOO_LARGE`: over the server's max_payload, nothing was sent
"""

from __future__ import annotations

from wardwire.model.errors import WardwireError


class CarrierError(WardwireError):
    """What every error of the carrier is."""


class ProtocolError(CarrierError):
    """The peer's bytes are not the NATS protocol, or break one of our bounds."""


class NoResponders(CarrierError):
    """Nobody is subscribed to the subject: the message was certainly received by nobody."""

    def __init__(self, subject: str) -> None:
        super().__init__(subject)
        self.subject = subject


class RequestTimeout(CarrierError):
    """No answer came in time; whether the request was received is not known."""

    def __init__(self, subject: str, timeout_s: float) -> None:
        super().__init__(subject, timeout_s)
        self.subject = subject
        self.timeout_s = timeout_s


class Disconnected(CarrierError):
    """The connection was lost while something was awaited; whether it was received is not known."""


class LoginRefused(CarrierError):
    """The server did not let us in; the text is the server's."""


class ServerError(CarrierError):
    """A -ERR of the server.

    Attributes:
        text: As sent, without quotes.
        permission: True for a permissions violation, after which the connection goes on.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text
        self.permission = text.lower().startswith("permissions violation")
