"""How offered responses are stored beside a delivery, so that an answer is judged without the message."""

from __future__ import annotations

import json
from functools import lru_cache

from wardwire.model.message import NOTHING_OFFERED, Offered


def write_offered(offered: Offered) -> str:
    """Write as text; nothing offered is the empty text."""
    return "" if offered is NOTHING_OFFERED else _write(offered)


@lru_cache(maxsize=1024)
def _write(offered: Offered) -> str:
    if offered == NOTHING_OFFERED:
        return ""
    return json.dumps([offered.accept_decline, offered.free_text, *offered.choices], ensure_ascii=False)


@lru_cache(maxsize=1024)
def read_offered(text: str) -> Offered:
    """Read what `write_offered` wrote."""
    if not text:
        return NOTHING_OFFERED
    accept_decline, free_text, *choices = json.loads(text)
    return Offered(accept_decline=accept_decline, free_text=free_text, choices=tuple(choices))
