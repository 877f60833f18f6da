"""Names for the people of the sample hospital: invented, all different, the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

_FIRST = (
    "Ada", "Aisha", "Alma", "Amir", "Anke", "Arun", "Asha", "Bela", "Bruno", "Carla", "Cem", "Chloe", "Clara",
    "Dana", "Daria", "Diego", "Edda", "Elif", "Emil", "Enzo", "Esra", "Fadi", "Farah", "Felix", "Fiona", "Gina",
    "Goran", "Greta", "Hana", "Hugo", "Ida", "Ines", "Ivan", "Jana", "Jonas", "Jun", "Kaan", "Kira", "Kofi",
    "Lara", "Leila", "Levi", "Lina", "Luca", "Maja", "Malik", "Mara", "Milo", "Mina", "Mona", "Nadia", "Nico",
    "Nina", "Noor", "Olga", "Omar", "Oskar", "Petra", "Pia", "Priya", "Rafa", "Rana", "Rosa", "Ruben", "Samir",
    "Sana", "Selma", "Signe", "Sofia", "Tara", "Theo", "Tilda", "Tom", "Uma", "Vera", "Viktor", "Yara", "Yusuf",
    "Zara", "Zoe",
)  # fmt: skip
_LAST = (
    "Abt", "Adeyemi", "Amari", "Arslan", "Bach", "Banerjee", "Barros", "Berg", "Bianchi", "Blum", "Boateng",
    "Borg", "Brandt", "Castro", "Cohen", "Costa", "Danso", "Demir", "Diallo", "Dorn", "Duarte", "Eklund",
    "Endo", "Eriksen", "Faber", "Farkas", "Ferro", "Fink", "Fuchs", "Gallo", "Garcia", "Graf", "Gupta", "Haas",
    "Haddad", "Hansen", "Hirsch", "Horvat", "Ito", "Jansen", "Jensen", "Kaya", "Keller", "Khan", "Kim", "Klein",
    "Kovac", "Kruse", "Lang", "Larsen", "Lehto", "Lim", "Lopez", "Marin", "Mehta", "Mensah", "Moreau", "Moser",
    "Nagy", "Nakamura", "Ndiaye", "Nilsen", "Novak", "Obi", "Oduya", "Olsen", "Ortiz", "Osei", "Park", "Pavlov",
    "Perez", "Popa", "Quist", "Rao", "Reyes", "Rossi", "Roth", "Saito", "Salem", "Santos", "Sato", "Sauer",
    "Silva", "Singh", "Sommer", "Sousa", "Stein", "Sun", "Tamm", "Tanaka", "Toth", "Usman", "Vega", "Vogel",
    "Wagner", "Weiss", "Wolf", "Yilmaz", "Young", "Zeller",
)  # fmt: skip


def names(seed: int) -> Iterator[tuple[str, str]]:
    """Give (first, last) without end of the list of pairs, none twice.

    Raises:
        RuntimeError: When more are asked for than there are pairs, some 8,000.
    """
    pairs = [(first, last) for first in _FIRST for last in _LAST]
    Random(f"names {seed}").shuffle(pairs)
    yield from pairs
    raise RuntimeError("the sample hospital has run out of names")
