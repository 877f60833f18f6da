-- name: add
INSERT INTO endpoints (id, person_id, kind, address, verified_at, emergency_only, until_at, quiet, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)

-- name: lock
-- An endpoint, locked until its change is committed.
SELECT id, person_id, kind, address, verified_at, emergency_only, until_at, quiet, disabled_at IS NOT NULL AS disabled
FROM endpoints WHERE id = $1 FOR UPDATE

-- name: change
UPDATE endpoints
SET address = $2, verified_at = $3, emergency_only = $4, until_at = $5, quiet = $6,
    disabled_at = CASE $7::boolean WHEN true THEN coalesce(disabled_at, $8::timestamptz) ELSE NULL END,
    version = $9
WHERE id = $1
