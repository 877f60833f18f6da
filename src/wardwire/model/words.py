"""How words are compared when people type: folded, by sound, and with small slips of the fingers."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_WORDS = re.compile(r"[^\W_]+")
_LETTERS = str.maketrans(
    {"ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
)
# In this order: what is written otherwise in one language and sounds alike in another.
_SOUNDS = (
    (re.compile("ch(?=[rl])"), "k"),
    (re.compile("(?:tsch|sch|tch|dzh|cz|cs|ch|sh|sz|zh)"), "s"),
    (re.compile("(?:ph|pf|v(?=[^aeiouyw]|$))"), "f"),
    (re.compile("(?:th|dt)"), "t"),
    (re.compile("(?:ck|kh|q|c(?=[^eiy]|$)|x)"), "k"),
    (re.compile("h"), ""),
    (re.compile("(?:ts|ds|c|z)"), "s"),
    (re.compile("[aeiouyj]+"), "a"),
    (re.compile("d"), "t"),
    (re.compile("v"), "w"),
    (re.compile("b"), "p"),
    (re.compile("g"), "k"),
    (re.compile("m"), "n"),
    (re.compile(r"(.)\1+"), r"\1"),
)


def fold(text: str) -> str:
    """Return a text without capitals and accents, as it is compared."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    return "".join(char for char in plain if not unicodedata.combining(char))


def words_of(text: str) -> list[str]:
    """Return the words of a text, folded. O'Brien and Smith-Jones give their parts and the whole."""
    words = _WORDS.findall(fold(text))
    return [*words, *(whole for whole in joined_words_of(text) if whole not in words)]


def joined_words_of(text: str) -> list[str]:
    """Return the words of a text, folded; O'Brien and Smith-Jones are one each."""
    return [whole for part in fold(text).split() if (whole := "".join(_WORDS.findall(part)))]


def digits_of(text: str) -> str:
    """Return the digits of a number, as it is typed."""
    return "".join(char for char in text if char.isdigit() and char.isascii())


@lru_cache(maxsize=4096)
def sound_of(word: str) -> str:
    """Return how a folded word sounds, roughly and in no one language: Meyer is Maier, Schmidt is Smith.

    "" for what is no word, or too short to be told by its sound.
    """
    if not word.isalpha():
        return ""
    sound = word
    for pattern, letter in _SOUNDS:
        sound = pattern.sub(letter, sound)
    return sound if len(sound) > 1 else ""


def trigrams_of(word: str) -> set[str]:
    """Return the trigrams of a word: two of its beginning, one of its end, and those within."""
    padded = f"  {word} "
    return {padded[nth : nth + 3] for nth in range(len(word) + 1)}


def slips_allowed(word: str) -> int:
    """Return how many slips a word may have and still be meant: a short one is soon another name."""
    return 0 if len(word) < 4 else 1 if len(word) < 8 else 2


def slips(one: str, other: str, most: int) -> int | None:
    """Return how many letters must be set, left out, changed, or swapped with their neighbour; None = more than most.

    Optimal string alignment.
    """
    if abs(len(one) - len(other)) > most:
        return None
    begin = 0
    least = min(len(one), len(other))
    while begin < least and one[begin] == other[begin]:
        begin += 1
    end = 0
    while end < least - begin and one[-1 - end] == other[-1 - end]:
        end += 1
    a, b = one[begin : len(one) - end], other[begin : len(other) - end]
    if not a or not b:
        rest = len(a) + len(b)
        return rest if rest <= most else None
    if most == 1:
        return 1 if len(a) == len(b) == 1 or (len(a) == len(b) == 2 and a == b[::-1]) else None
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, start=1):
        two_before, before = before, row
        row = [i]
        for j, letter_b in enumerate(b, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != letter_b))
            if i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == letter_b:
                cost = min(cost, two_before[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return None
    return row[-1] if row[-1] <= most else None
