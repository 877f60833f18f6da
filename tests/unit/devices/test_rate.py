"""Token buckets: so much at once, so much in the long run."""

from __future__ import annotations

from wardwire.devices.rate import Bucket, Buckets


def test_a_bucket_lets_a_burst_through_and_then_its_rate() -> None:
    """500 at once; then 50 a second; after a rest 500 again, never more."""
    bucket = Bucket(50, 500, 0.0)
    assert sum(bucket.take(0.0) for _ in range(600)) == 500
    assert sum(bucket.take(1.0) for _ in range(600)) == 50
    assert sum(bucket.take(1_000.0) for _ in range(600)) == 500


def test_what_is_refused_costs_nothing() -> None:
    """A try that is too dear leaves what there is."""
    bucket = Bucket(1, 10, 0.0)
    assert not bucket.take(0.0, cost=11)
    assert bucket.take(0.0, cost=10)


def test_every_key_has_its_own_bucket_and_memory_is_bounded() -> None:
    """One who exhausts theirs harms nobody; the least recently used are forgotten."""
    buckets = Buckets(1, 2, most=3)
    assert [buckets.take("a", 0.0) for _ in range(3)] == [True, True, False]
    assert buckets.take("b", 0.0)
    assert not buckets.has("a", 0.0)
    assert buckets.has("c", 0.0)
    assert buckets.take("d", 0.0)
    assert len(buckets._held) == 3
