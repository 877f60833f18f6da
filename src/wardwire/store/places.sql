-- name: add
INSERT INTO places (id, kind, name, parent, policy, version)
SELECT u.*, $6 FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::uuid[]) AS u

-- name: lock
-- A place, locked until its change is committed.
SELECT id, kind, name, parent, policy, disabled_at IS NOT NULL AS disabled FROM places WHERE id = $1 FOR UPDATE

-- name: change
UPDATE places
SET name = $2, policy = $3,
    disabled_at = CASE $4::boolean WHEN true THEN coalesce(disabled_at, $5::timestamptz) ELSE NULL END,
    version = $6
WHERE id = $1

-- name: assign
INSERT INTO assignments (id, place_id, person_id, rank, starts_at, ends_at, version)
SELECT u.* FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[], $6::timestamptz[],
                       $7::bigint[]) AS u

-- name: cancel
UPDATE assignments SET cancelled_at = coalesce(cancelled_at, $2), version = $3 WHERE id = $1
RETURNING id, place_id, person_id, rank, starts_at, ends_at, version
