-- name: add
INSERT INTO groups (id, name, members, within, rule, version) VALUES ($1, $2, $3, $4, $5, $6)

-- name: lock
-- A group, locked until the change of its members is committed.
SELECT id, name, members, within, rule, disabled_at IS NOT NULL AS disabled FROM groups WHERE id = $1 FOR UPDATE

-- name: change
UPDATE groups
SET name = $2, members = $3, within = $4, rule = $5,
    disabled_at = CASE $6::boolean WHEN true THEN coalesce(disabled_at, $7::timestamptz) ELSE NULL END,
    version = $8
WHERE id = $1

-- name: missing
-- Which of these ids are of nobody.
SELECT u.id FROM unnest($1::uuid[]) AS u(id) WHERE NOT EXISTS (SELECT 1 FROM people p WHERE p.id = u.id)

-- name: named
-- Groups by their ids.
SELECT id, name FROM groups WHERE id = ANY($1::uuid[])

-- name: nested
-- What stands in which group. Nobody else changes it meanwhile: whoever does holds the directory's head.
SELECT id, name, within FROM groups WHERE within <> '{}'
