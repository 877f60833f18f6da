"""The direct shape: devices on a picows WebSocket of the core process, no NATS in between."""

from __future__ import annotations

from typing import Any

from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

from bench.shapes.journey import Down, Journey


async def listen(port: int) -> Journey:
    """Listen on this port of 127.0.0.1; a device says its 32 hex digits as its first frame."""
    devices: dict[str, WSTransport] = {}

    async def hand_down(downs: list[Down]) -> None:
        binary = WSMsgType.BINARY
        for device, frame, _ in downs:
            transport = devices.get(device)
            if transport is not None:
                transport.send(binary, frame)

    journey = Journey(hand_down)
    heard = journey.heard

    class Device(WSListener):  # type: ignore[misc, unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.name = ""

        def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
            payload = frame.get_payload_as_bytes()
            if self.name:
                heard(self.name, payload)
            else:
                self.name = payload.decode()
                devices[self.name] = transport
                transport.send(WSMsgType.BINARY, b"welcome")

        def on_ws_disconnected(self, transport: WSTransport) -> None:
            devices.pop(self.name, None)

    def admit(_request: WSUpgradeRequest) -> Any:
        return Device()

    server = await ws_create_server(admit, "127.0.0.1", port)
    await server.start_serving()
    return journey
