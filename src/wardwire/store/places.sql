-- name: add
INSERT INTO places (id, kind, name, parent, area, policy, version)
SELECT u.*, $7 FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::uuid[]) AS u

-- name: add_area
INSERT INTO areas (id, kind, name, parent, zone, version) VALUES ($1, $2, $3, $4, $5, $6)

-- name: lock
-- A place, locked until its change is committed.
SELECT id, kind, name, coalesce(parent, area) AS parent, policy, '' AS zone, disabled_at IS NOT NULL AS disabled, version
FROM places WHERE id = $1 FOR UPDATE

-- name: lock_area
-- A site or a building, locked until its change is committed.
SELECT id, kind, name, parent, NULL::uuid AS policy, zone, disabled_at IS NOT NULL AS disabled, version
FROM areas WHERE id = $1 FOR UPDATE

-- name: change
-- What a unit stands in is an area.
UPDATE places
SET name = $2, policy = $3, area = $7,
    disabled_at = CASE $4::boolean WHEN true THEN coalesce(disabled_at, $5::timestamptz) ELSE NULL END,
    version = $6
WHERE id = $1

-- name: change_area
UPDATE areas
SET name = $2, zone = $3,
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
