"""The ward's mail relay takes what our own channel hands it."""

from __future__ import annotations

import asyncio

from wardwire.testing.demo.relay import Relay


async def test_the_relay_takes_an_email() -> None:
    """One exchange, as RFC 5321 has it; who it was for is told."""
    taken: list[str] = []
    async with Relay(taken.append).running() as relay:
        reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
        writer.write(
            b"EHLO here\r\nMAIL FROM:<a@ward.example>\r\nRCPT TO:<eva@ward.example>\r\nDATA\r\n"
            b"Subject: x\r\n\r\nhello\r\n.\r\nQUIT\r\n"
        )
        answers = (await reader.read()).split(b"\r\n")
        writer.close()

    assert [answer[:3] for answer in answers if answer] == [b"220", b"250", b"250", b"250", b"354", b"250", b"221"]
    assert taken == ["eva@ward.example"]
