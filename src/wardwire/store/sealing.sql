-- name: heads
-- The last fact of each chain that had one since `$1`: found by walking from writer to writer along the key, so
-- that it costs by the chains and not by the facts.
WITH RECURSIVE writers AS (
    (SELECT writer FROM facts WHERE at >= $1 ORDER BY writer LIMIT 1)
    UNION ALL
    SELECT (SELECT f.writer FROM facts f WHERE f.at >= $1 AND f.writer > w.writer ORDER BY f.writer LIMIT 1)
    FROM writers w WHERE w.writer IS NOT NULL
)
SELECT w.writer, h.seq, h.hash
FROM writers w
CROSS JOIN LATERAL (
    SELECT f.seq, f.hash FROM facts f WHERE f.writer = w.writer AND f.at >= $1 ORDER BY f.seq DESC LIMIT 1
) h
WHERE w.writer IS NOT NULL

-- name: sealed
SELECT writer, seq, hash, sealed_at FROM audit_heads

-- name: seal
-- A head only ever moves forward.
INSERT INTO audit_heads AS h (writer, seq, hash, sealed_at)
SELECT u.writer, u.seq, u.hash, $1 FROM unnest($2::uuid[], $3::bigint[], $4::bytea[]) AS u(writer, seq, hash)
ON CONFLICT (writer) DO UPDATE SET seq = excluded.seq, hash = excluded.hash, sealed_at = excluded.sealed_at
WHERE h.seq < excluded.seq

-- name: first_since
-- Where each chain stood before an instant: the place behind which the background check of proofs begins.
SELECT writer, min(seq) - 1 AS seq FROM facts WHERE at >= $1 GROUP BY writer
