-- name: add
INSERT INTO groups (id, name, members, version) VALUES ($1, $2, $3, $4)

-- name: lock
-- A group, locked until the change of its members is committed.
SELECT id, name, members, disabled_at IS NOT NULL AS disabled FROM groups WHERE id = $1 FOR UPDATE

-- name: change
UPDATE groups
SET name = $2, members = $3,
    disabled_at = CASE $4::boolean WHEN true THEN coalesce(disabled_at, $5::timestamptz) ELSE NULL END,
    version = $6
WHERE id = $1

-- name: missing
-- Which of these ids are of nobody.
SELECT u.id FROM unnest($1::uuid[]) AS u(id) WHERE NOT EXISTS (SELECT 1 FROM people p WHERE p.id = u.id)
