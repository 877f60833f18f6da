"""Which language somebody wants, of those that we speak. Pure."""

from __future__ import annotations

SPOKEN = ("en", "de")


def choose_language(wanted: str) -> str:
    """Choose by a browser's `Accept-Language` (RFC 9110 §12.5.4), or by the name of a language; else English."""
    ranked = sorted(_languages(wanted), key=lambda found: -found[1])
    return next((tag for tag, _ in ranked if tag in SPOKEN), SPOKEN[0])


def _languages(text: str) -> list[tuple[str, float]]:
    found = []
    for part in text[:200].split(","):
        tag, _, quality = part.strip().partition(";q=")
        try:
            found.append((tag.partition("-")[0].lower(), float(quality or 1)))
        except ValueError:
            continue
    return found
