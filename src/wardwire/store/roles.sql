-- name: add
INSERT INTO roles (id, name, fallback, fallback_to, version) VALUES ($1, $2, $3, $4, $5)

-- name: change
-- `$3` says whether the fallback is to change, because NULL is one of its values.
UPDATE roles
SET name = coalesce($2, name), fallback = CASE WHEN $3::boolean THEN $4::uuid ELSE fallback END,
    fallback_to = CASE WHEN $3::boolean THEN $5 ELSE fallback_to END,
    disabled_at = CASE $6::boolean WHEN true THEN coalesce(disabled_at, $7::timestamptz) WHEN false THEN NULL
                  ELSE disabled_at END,
    version = $8
WHERE id = $1
RETURNING id, name, fallback, disabled_at IS NOT NULL AS disabled, fallback_to, zone, layers, owners, swappers, viewers,
       monitors, calendar

-- name: add_shift
INSERT INTO shifts (id, role_id, person_id, starts_at, ends_at, version, override)
VALUES ($1, $2, $3, $4, $5, $6, $7)

-- name: get_shift
SELECT id, role_id, person_id, starts_at, ends_at, version, override FROM shifts WHERE id = $1

-- name: cancel_shift
UPDATE shifts SET cancelled_at = coalesce(cancelled_at, $2), version = $3 WHERE id = $1
RETURNING id, role_id, person_id, starts_at, ends_at, version, override
