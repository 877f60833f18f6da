-- name: lock
SELECT status, rings, covered, version FROM status_meanings WHERE status = $1 FOR UPDATE

-- name: put
INSERT INTO status_meanings (status, rings, covered, version) VALUES ($1, $2, $3, $4)
ON CONFLICT (status) DO UPDATE SET rings = excluded.rings, covered = excluded.covered, version = excluded.version
