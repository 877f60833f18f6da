"""Two branches landed side by side must not leave two migrations of one number: chance would order them."""

from __future__ import annotations

from tests.engines import REPOSITORY

MIGRATIONS = REPOSITORY / "src" / "wardwire" / "store" / "migrations"


def test_each_migration_has_a_number_of_its_own() -> None:
    """1, 2, 3 …, without a gap."""
    numbers = sorted(int(path.name.split("_")[0]) for path in MIGRATIONS.glob("*.sql"))

    assert numbers == list(range(1, len(numbers) + 1))
