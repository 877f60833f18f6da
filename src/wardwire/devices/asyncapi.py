"""The device protocol as an AsyncAPI document, made from the frames themselves: they cannot say different things.

Source: AsyncAPI 3.1.0 (channels, operations, messages); JSON Schema 2020-12, as msgspec writes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

import msgspec

from wardwire.devices import frames

_SCHEMAS = "#/components/schemas/{name}"
_DEVICE = {"device": {"description": "The device's id without its prefix: 32 hex digits."}}


def describe(version: str) -> dict[str, Any]:
    """Describe the protocol as this version speaks it, from the device's side: it sends up and receives down."""
    up, down = get_args(frames.Up), get_args(frames.Down)
    shapes, schemas = msgspec.json.schema_components((frames.Envelope, *up, *down), ref_template=_SCHEMAS)
    envelope, shapes_up, shapes_down = shapes[0], shapes[1 : len(up) + 1], shapes[len(up) + 1 :]
    messages = {
        f"up_{_tag(kind)}": _message(kind, {"allOf": [envelope, {"properties": {"body": shape}}]})
        for kind, shape in zip(up, shapes_up, strict=True)
    } | {f"down_{_tag(kind)}": _message(kind, shape) for kind, shape in zip(down, shapes_down, strict=True)}
    return {
        "asyncapi": "3.1.0",
        "info": {
            "title": "Wardwire's device protocol",
            "version": version,
            "description": (
                f"Version {frames.PROTOCOL} of the protocol: JSON over NATS. A device logs in by signing the server's"
                " nonce with its Ed25519 key (nkey), says hello, and hears its person's events in order. What the"
                " frames mean, and what is proved how: docs/reference/device-protocol.md."
            ),
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "edge": {
                "host": "{host}:4222",
                "protocol": "nats",
                "description": "The edge server; TLS on any address but the loopback.",
                "variables": {"host": {"description": "As the registration says it."}},
            },
            "front": {
                "host": "{host}",
                "pathname": "/nats",
                "protocol": "wss",
                "description": "The same over WebSocket, for browsers: NATS's text protocol in binary frames.",
                "variables": {"host": {"description": "Of the page."}},
            },
        },
        "channels": {
            "up": _channel("d.{device}.up", "up", up),
            "down": _channel("d.{device}.down.>", "down", down),
        },
        "operations": {"say": _operation("send", "up", up), "hear": _operation("receive", "down", down)},
        "components": {"messages": messages, "schemas": schemas},
    }


def _tag(kind: Any) -> str:
    return str(kind.__struct_config__.tag)


def _message(kind: Any, payload: dict[str, Any]) -> dict[str, Any]:
    about = " ".join((kind.__doc__ or "").strip().partition("\n\n")[0].split())
    return {"name": _tag(kind), "title": kind.__name__, "summary": about, "payload": payload}


def _channel(address: str, way: str, kinds: Sequence[Any]) -> dict[str, Any]:
    names = [f"{way}_{_tag(kind)}" for kind in kinds]
    messages = {name: {"$ref": f"#/components/messages/{name}"} for name in names}
    return {"address": address, "parameters": _DEVICE, "messages": messages}


def _operation(action: str, way: str, kinds: Sequence[Any]) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{way}"},
        "messages": [{"$ref": f"#/channels/{way}/messages/{way}_{_tag(kind)}"} for kind in kinds],
    }
