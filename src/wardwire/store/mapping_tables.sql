-- name: in_force
-- The newest of each listener.
SELECT DISTINCT ON (listener) listener, version, text, made_at, made_by FROM mapping_tables
ORDER BY listener, version DESC

-- name: history
-- Those of one listener, the newest first.
SELECT listener, version, text, made_at, made_by FROM mapping_tables WHERE listener = $1 ORDER BY version DESC LIMIT $2

-- name: at
SELECT listener, version, text, made_at, made_by FROM mapping_tables WHERE listener = $1 AND version = $2

-- name: add
INSERT INTO mapping_tables (listener, version, text, made_at, made_by) VALUES ($1, $2, $3, $4, $5)
