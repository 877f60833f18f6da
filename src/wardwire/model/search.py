"""Finds people, roles, groups and places as somebody types: an index in memory, and one ranking for every door.

Found are, each before the next: whoever bears the word or number whole; whose name or number begins with it; whose
title, department or location does; where those are few, whose name sounds like it; and where there is nobody, whose
name is a slip of the fingers away. Within each who is on call comes first, then the order of words and names.

A change of one entry costs some tens of microseconds: whoever builds the index from nothing does it in slices.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from itertools import chain, islice
from typing import NamedTuple
from uuid import UUID

from wardwire.model import ids
from wardwire.model.spread import InOrder, Spread
from wardwire.model.words import (
    digits_of,
    fold,
    joined_words_of,
    slips,
    slips_allowed,
    sound_of,
    trigrams_of,
    words_of,
)

MAX_QUERY = 100
MAX_WORDS = 6
# As long as fewer are found, those are added who sound so; of words of so many letters and more.
ENOUGH = 3
_FUZZY_FROM = 3
# So many are looked at, at most, for each word that leads to them: what is found beyond would help nobody.
_MOST_SEEN = 3_000
_ANY = frozenset({ids.PERSON, ids.ROLE, ids.GROUP, ids.PLACE})
# So many words are compared letter by letter, at most: those that have most in common.
_MOST_COMPARED = 300
_NONE = frozenset[str]()
_LAST = "\U0010ffff"


class Entry(NamedTuple):
    """What can be found. Entries sort as they are listed.

    Attributes:
        sort: Where it stands in a list.
        kind: What it is: the prefix of its id.
        names: Words of names, and numbers, a space before each.
        others: Words of title, department, location, a space before each.
    """

    sort: str
    id: UUID
    kind: str
    names: str
    others: str

    def has(self, beginning: str) -> bool:
        """Whether a word begins so; a space stands before it."""
        return beginning in self.names or beginning in self.others


def entry_of(
    kind: str, id: UUID, names: Iterable[str], others: Iterable[str] = (), numbers: Iterable[str] = (), sort: str = ""
) -> Entry:
    """Make an entry of texts as they stand in the directory, the name first."""
    names = list(names)
    words = dict.fromkeys(word for name in names for word in words_of(name))
    words.update(dict.fromkeys(tail for number in numbers for tail in _tails(digits_of(number))))
    beside = [word for word in dict.fromkeys(word for text in others for word in words_of(text)) if word not in words]
    return Entry(fold(sort or names[0]), id, kind, "".join(f" {w}" for w in words), "".join(f" {w}" for w in beside))


class Words:
    """Entries by their words: those of a word in order, and the words too."""

    def __init__(self) -> None:
        self._entries: Spread[str, list[Entry]] = Spread()
        self._sorted = InOrder()

    def add(self, word: str, entry: Entry) -> bool:
        """Add an entry to a word; returns whether the word is new."""
        there = self._entries.get(word)
        if there is not None:
            insort(there, entry)
            return False
        self._entries.put(word, [entry])
        self._sorted.add(word)
        return True

    def remove(self, word: str, entry: Entry) -> bool:
        """Take an entry from a word; returns whether the word is gone."""
        there = self.of(word)
        del there[bisect_left(there, entry)]
        if there:
            return False
        self._entries.pop(word)
        self._sorted.remove(word)
        return True

    def of(self, word: str) -> list[Entry]:
        """Return those who have this very word."""
        return self._entries.get(word) or []

    def beginning(self, prefix: str) -> Iterator[Entry]:
        """Go through those who have a word that begins so, in the order of the words."""
        return chain.from_iterable(map(self.of, self._sorted.between(prefix, prefix + _LAST)))

    def size(self, prefix: str) -> int:
        """Return how many have a word that begins so; of many words, a guess."""
        seen = list(islice(self._sorted.between(prefix, prefix + _LAST), 16))
        words = self._sorted.count(prefix, prefix + _LAST)
        return sum(len(self.of(word)) for word in seen) * words // max(len(seen), 1)


class Fuzzy:
    """Words by their sound and by their trigrams."""

    def __init__(self) -> None:
        self._sounds: dict[str, list[str]] = {}
        self._trigrams: dict[str, set[str]] = {}

    def add(self, word: str) -> None:
        """Take in a new word."""
        if sound := sound_of(word):
            self._sounds.setdefault(sound, []).append(word)
            for trigram in trigrams_of(word):
                self._trigrams.setdefault(trigram, set()).add(word)

    def remove(self, word: str) -> None:
        """Forget a word."""
        if sound := sound_of(word):
            self._sounds[sound].remove(word)
            for trigram in trigrams_of(word):
                self._trigrams[trigram].discard(word)

    def sounding(self, word: str) -> list[str]:
        """Return the words that sound like it."""
        return sorted(self._sounds.get(sound_of(word), ())) if len(word) >= _FUZZY_FROM else []

    def slipped(self, word: str) -> list[str]:
        """Return the words that are one slip away; where there is none, and it is long, those that are two."""
        if not word.isalpha():
            return []
        trigrams = sorted((self._trigrams.get(trigram, _NONE) for trigram in trigrams_of(word)), key=len)
        for most in range(1, slips_allowed(word) + 1):
            # A slip harms three trigrams, two letters that are swapped four: of the rarest, two are left at least.
            rarest = trigrams[: 4 * most + 2]
            least, lengths = 2 if len(rarest) > 4 * most else 1, range(len(word) - most, len(word) + most + 1)
            shared = Counter(chain.from_iterable(rarest)).items()
            close = [(other, count) for other, count in shared if count >= least and len(other) in lengths]
            while len(close) > _MOST_COMPARED:
                least += 1
                close = [(other, count) for other, count in close if count >= least]
            far = [(slips(word, other, most), other) for other, _ in close if other != word]
            found = [other for _, other in sorted((count, other) for count, other in far if count is not None)]
            if found:
                return found
        return []


class Index:
    """All that can be found, and apart from it who is on call."""

    def __init__(self) -> None:
        self._by_id: Spread[UUID, Entry] = Spread()
        self.on_call: frozenset[UUID] = frozenset()
        self._names, self._others = Words(), Words()
        self._called_names, self._called_others = Words(), Words()
        self._fuzzy = Fuzzy()

    def put(self, entry: Entry) -> None:
        """Take in an entry, new or changed."""
        if self._by_id.get(entry.id) == entry:
            return
        self.drop(entry.id)
        self._by_id.put(entry.id, entry)
        for word in entry.names.split():
            if self._names.add(word, entry):
                self._fuzzy.add(word)
        for word in entry.others.split():
            self._others.add(word, entry)
        if entry.id in self.on_call:
            self._call(entry)

    def drop(self, entry_id: UUID) -> None:
        """Forget an entry, if it is there."""
        entry = self._by_id.pop(entry_id)
        if entry is None:
            return
        for word in entry.names.split():
            if self._names.remove(word, entry):
                self._fuzzy.remove(word)
        for word in entry.others.split():
            self._others.remove(word, entry)
        if entry.id in self.on_call:
            self._uncall(entry)

    def call(self, on_call: frozenset[UUID]) -> None:
        """Say who is on call now."""
        for gone in self.on_call - on_call:
            if (entry := self._by_id.get(gone)) is not None:
                self._uncall(entry)
        for come in on_call - self.on_call:
            if (entry := self._by_id.get(come)) is not None:
                self._call(entry)
        self.on_call = on_call

    def _call(self, entry: Entry) -> None:
        for word in entry.names.split():
            self._called_names.add(word, entry)
        for word in entry.others.split():
            self._called_others.add(word, entry)

    def _uncall(self, entry: Entry) -> None:
        for word in entry.names.split():
            self._called_names.remove(word, entry)
        for word in entry.others.split():
            self._called_others.remove(word, entry)

    def search(self, query: str, limit: int = 20, kinds: Container[str] = _ANY) -> list[Entry]:
        """Return what is meant of some kinds, the likeliest first; nothing for a query without a letter or digit."""
        words = read_query(query)
        if not words:
            return []
        found: dict[UUID, Entry] = {}
        # Whoever has the rarest word is asked for the others.
        rarest = min(words, key=lambda word: self._names.size(word) + self._others.size(word))
        others = [f" {word}" for word in words if word != rarest]
        for entry in self._whole(rarest):
            if entry.kind in kinds and entry.id not in found and all(entry.has(other) for other in others):
                found[entry.id] = entry
                if len(found) == limit:
                    break
        if len(found) < min(ENOUGH, limit):
            sounding = {word: self._fuzzy.sounding(word) for word in words}
            self._add_near(found, sounding, limit, kinds)
            if not found:
                near = {word: list(dict.fromkeys((*sounding[word], *self._fuzzy.slipped(word)))) for word in words}
                self._add_near(found, near, limit, kinds)
        return list(found.values())

    def _add_near(
        self, found: dict[UUID, Entry], near: dict[str, list[str]], limit: int, kinds: Container[str]
    ) -> None:
        """Add those whom one of the words leads to as it was typed or nearly so, and the others nearly."""
        words = list(near)
        meant = {word: frozenset(near[word]) for word in words}
        for word in words:
            others = [(f" {other}", meant[other]) for other in words if other != word]
            ways = [self._of(near[word])] if not others else [self._whole(word), self._of(near[word])]
            for entry in islice(chain.from_iterable(ways), _MOST_SEEN):
                if entry.kind not in kinds or entry.id in found:
                    continue
                if all(entry.has(text) or not known.isdisjoint(entry.names.split()) for text, known in others):
                    found[entry.id] = entry
                    if len(found) == limit:
                        return

    def _whole(self, word: str) -> Iterator[Entry]:
        """Go through those who have a word that is this one, or begins so, in the order of the ranking."""
        yield from self._of([word])
        for each in (self._called_names, self._names, self._called_others, self._others):
            yield from each.beginning(word)

    def _of(self, words: Iterable[str]) -> Iterator[Entry]:
        words = list(words)
        for each in (self._called_names, self._names):
            for word in words:
                yield from each.of(word)


def read_query(query: str) -> list[str]:
    """Return the words of what was typed, folded, six at most; of a number alone its digits."""
    text = query[:MAX_QUERY]
    number = digits_of(text)
    if number and not any(char.isalpha() for char in text):
        return [number]
    return list(dict.fromkeys(joined_words_of(text)))[:MAX_WORDS]


def _tails(digits: str) -> list[str]:
    """A number is found from its beginning, and by its last six and four digits."""
    return [digits[-length:] for length in (len(digits), 6, 4) if 0 < length <= len(digits)]
