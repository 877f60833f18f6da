-- name: beat
-- A sign of life; tells what was known of this place before.
WITH before AS (SELECT node, silent_at FROM cores WHERE name = $1)
INSERT INTO cores (name, node, serves, version, since, beat_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (name) DO UPDATE
SET node = excluded.node, serves = excluded.serves, version = excluded.version, since = excluded.since,
    beat_at = excluded.beat_at, silent_at = NULL, ended_at = NULL
RETURNING (SELECT node FROM before) AS node, (SELECT silent_at FROM before) AS silent_at

-- name: silent
-- Whoever has not been heard since `$1` and has not said goodbye; told to one asker only.
UPDATE cores SET silent_at = $2
WHERE beat_at < $1 AND ended_at IS NULL AND silent_at IS NULL AND name <> $3
RETURNING name, beat_at

-- name: end
-- Stopped in order.
UPDATE cores SET ended_at = $2 WHERE name = $1 AND node = $3

-- name: list
SELECT name, node, serves, version, since, beat_at, silent_at, ended_at FROM cores ORDER BY name

-- name: forget
-- Places that were left in order a day ago.
DELETE FROM cores WHERE ended_at < $1
