-- name: add
INSERT INTO roles (id, name, fallback, version) VALUES ($1, $2, $3, $4)

-- name: change
-- `$3` says whether the fallback is to change, because NULL is one of its values.
UPDATE roles
SET name = coalesce($2, name), fallback = CASE WHEN $3::boolean THEN $4::uuid ELSE fallback END,
    disabled_at = CASE $5::boolean WHEN true THEN coalesce(disabled_at, $6::timestamptz) WHEN false THEN NULL
                  ELSE disabled_at END,
    version = $7
WHERE id = $1
RETURNING id, name, fallback, disabled_at IS NOT NULL AS disabled

-- name: add_shift
INSERT INTO shifts (id, role_id, person_id, starts_at, ends_at, version) VALUES ($1, $2, $3, $4, $5, $6)

-- name: cancel_shift
UPDATE shifts SET cancelled_at = coalesce(cancelled_at, $2), version = $3 WHERE id = $1
RETURNING id, role_id, person_id, starts_at, ends_at, version
