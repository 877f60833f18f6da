"""The link with which a phone registers: the app's address with the one-time code, as text and as a picture.

The code stands behind the `#`: a browser sends that to nobody, and no proxy writes it down.
"""

from __future__ import annotations

import io

import segno


def enrol_link(front: str, code: str) -> str:
    """Return the link; "" where there is no address to open."""
    return f"{front}/#enrol={code}" if front else ""


def draw(link: str) -> str:
    """Draw a link as a QR code (SVG, to be put into a page); "" of none."""
    return segno.make(link, error="m", micro=False).svg_inline(scale=4, border=4) if link else ""


def draw_for_terminal(link: str) -> str:
    """Draw a link as a QR code of half blocks, dark on light whatever the terminal's colours are."""
    out = io.StringIO()
    segno.make(link, error="m", micro=False).terminal(out, compact=True)
    return out.getvalue()
