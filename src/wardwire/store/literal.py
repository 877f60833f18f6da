"""Columns as PostgreSQL reads them at least cost: numbers and words of ours, which need no quoting, as the text of an
array; what recurs by its place; digests in one value.

The driver's arrays cost 0.2 to 0.7 us an element, this a fifth of it; a batch has some forty such elements for a
message. Anything that a person or a system has written goes by the driver.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import TypeVar

EMPTY = '""'


T = TypeVar("T", bound=Hashable)


class Places(dict[T | None, str]):
    """The ids of a batch, or its instants, each once. A column of them is written as their places, from 1.

    An id costs the database the reading of 32 digits wherever it stands, an instant costs the driver its conversion;
    a place costs next to nothing.
    """

    def __init__(self) -> None:
        super().__init__({None: "NULL"})

    def __missing__(self, key: T | None) -> str:
        place = self[key] = str(len(self))
        return place

    def write(self, column: Iterable[T | None]) -> str:
        """Write an array for `$n::text::integer[]`."""
        return "{" + ",".join(map(self.__getitem__, column)) + "}"

    @property
    def all(self) -> list[T]:
        """All of them, in the order of their places."""
        _, *values = self
        return values  # type: ignore[return-value]


def numbers(values: Iterable[int]) -> str:
    """Write an array for `$n::text::bigint[]` and its like."""
    return "{" + ",".join(map(str, values)) + "}"


def words(values: Iterable[str]) -> str:
    """Write an array for `$n::text::text[]`.

    The words must be of our own vocabulary: letters, digits, and the marks of plans and reasons.
    """
    text = ",".join([value or EMPTY for value in values])
    assert "{" not in text, "a word that needs quoting"
    return "{" + text + "}"


def digests(values: Sequence[bytes]) -> bytes:
    """Write digests of 32 bytes one behind the other; the n-th is `substr($n, 32 * n - 31, 32)`."""
    joined = b"".join(values)
    assert len(joined) == 32 * len(values), "a digest of another length"
    return joined
