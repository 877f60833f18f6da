"""Colours of the priorities: told apart by people who see fewer colours, and read on what they stand on.

Sight is simulated after Machado, Oliveira and Fernandes (2009), severity 1.0, in linear RGB; the difference is
CIEDE2000 (Sharma, Wu, Dalal 2005). Contrast is WCAG 2.2's.
"""

from __future__ import annotations

import math
import re
from itertools import combinations
from pathlib import Path

import pytest

TOKENS = Path(__file__).parents[3] / "web" / "src" / "ui" / "tokens.css"
THEMES = ("light", "dark")
PRIORITIES = ("high", "medium", "low")
SIGHT = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protan": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deutan": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritan": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
LEAST_DIFFERENCE = 12.0
LEAST_CONTRAST = 4.5

Triple = tuple[float, float, float]


def token(name: str, theme: str) -> str:
    """A colour of the theme, as `#rrggbb`."""
    found = re.search(rf"--{name}: light-dark\((#\w{{6}}), (#\w{{6}})\)", TOKENS.read_text())
    assert found, name
    return found[1 + THEMES.index(theme)]


def linear(colour: str) -> Triple:
    """Linear RGB."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    r, g, b = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return r, g, b


def seen(colour: Triple, sight: str) -> Triple:
    """The colour as somebody with this sight sees it."""
    r, g, b = (min(1.0, max(0.0, sum(a * x for a, x in zip(row, colour, strict=True)))) for row in SIGHT[sight])
    return r, g, b


def lab(colour: Triple) -> Triple:
    """CIELAB, D65."""
    r, g, b = colour
    x = (0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047
    y = 0.2126729 * r + 0.7151522 * g + 0.0721750 * b
    z = (0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / 1.08883
    fx, fy, fz = (t ** (1 / 3) if t > 216 / 24389 else (24389 / 27 * t + 16) / 116 for t in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def difference(one: Triple, other: Triple) -> float:
    """CIEDE2000 between two colours of CIELAB."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    mean_c = (math.hypot(a1, b1) + math.hypot(a2, b2)) / 2
    g = 0.5 * (1 - math.sqrt(mean_c**7 / (mean_c**7 + 25**7)))
    a1, a2 = a1 * (1 + g), a2 * (1 + g)
    c1, c2 = math.hypot(a1, b1), math.hypot(a2, b2)
    h1, h2 = (math.degrees(math.atan2(b, a)) % 360 if (a, b) != (0, 0) else 0.0 for a, b in ((a1, b1), (a2, b2)))
    turn = 0.0 if c1 * c2 == 0 else (h2 - h1 + 180) % 360 - 180
    dh = 2 * math.sqrt(c1 * c2) * math.sin(math.radians(turn) / 2)
    mean_l, mean_c = (l1 + l2) / 2, (c1 + c2) / 2
    mean_h = h1 + h2 if c1 * c2 == 0 else (h1 + turn / 2) % 360
    t = (
        1
        - 0.17 * math.cos(math.radians(mean_h - 30))
        + 0.24 * math.cos(math.radians(2 * mean_h))
        + 0.32 * math.cos(math.radians(3 * mean_h + 6))
        - 0.20 * math.cos(math.radians(4 * mean_h - 63))
    )
    s_l = 1 + 0.015 * (mean_l - 50) ** 2 / math.sqrt(20 + (mean_l - 50) ** 2)
    s_c, s_h = 1 + 0.045 * mean_c, 1 + 0.015 * mean_c * t
    spread = 30 * math.exp(-(((mean_h - 275) / 25) ** 2))
    r_t = -2 * math.sqrt(mean_c**7 / (mean_c**7 + 25**7)) * math.sin(math.radians(2 * spread))
    dl, dc, dh = (l2 - l1) / s_l, (c2 - c1) / s_c, dh / s_h
    return math.sqrt(dl**2 + dc**2 + dh**2 + r_t * dc * dh)


def contrast(one: str, other: str) -> float:
    """WCAG's contrast ratio."""
    lights = sorted(0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in (linear(one), linear(other)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def test_the_measure_is_the_published_one() -> None:
    """Some pairs of the published test data."""
    for one, other, expected in (
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
        ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ):
        assert difference(one, other) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("sight", SIGHT)
def test_priorities_are_told_apart(theme: str, sight: str) -> None:
    """Whatever sight somebody has, no two priorities look alike."""
    for one, other in combinations(PRIORITIES, 2):
        colours = [lab(seen(linear(token(name, theme)), sight)) for name in (one, other)]
        assert difference(*colours) >= LEAST_DIFFERENCE, (one, other)


@pytest.mark.parametrize("theme", THEMES)
def test_words_are_read_on_what_they_stand_on(theme: str) -> None:
    """Text on every ground that it stands on, and the words of each priority on its colour."""
    pairs = [(ink, ground) for ink in ("ink", "quiet") for ground in ("ground", "surface", "raised")]
    pairs += [(f"on-{name}", name) for name in (*PRIORITIES, "accent")]
    pairs += [("accent", "surface"), ("ink", "amber"), ("high", "raised")]
    for ink, ground in pairs:
        assert contrast(token(ink, theme), token(ground, theme)) >= LEAST_CONTRAST, (ink, ground)
