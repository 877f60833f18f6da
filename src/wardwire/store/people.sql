-- name: add
INSERT INTO people (id, name, title, scopes, status, version) VALUES ($1, $2, $3, $4, 'available', $5)

-- name: add_inbox
-- The counter of what a person's devices hear: there from the first moment on.
INSERT INTO inbox_heads (person_id) VALUES ($1)

-- name: get
SELECT id, name, title, status, status_until, scopes, disabled_at IS NOT NULL AS disabled
FROM people WHERE id = $1

-- name: change
-- What is NULL stays as it is; `disabled` true keeps the first time, false clears it.
UPDATE people
SET name = coalesce($2, name), title = coalesce($3, title), scopes = coalesce($4, scopes),
    disabled_at = CASE $5::boolean WHEN true THEN coalesce(disabled_at, $6::timestamptz) WHEN false THEN NULL
                  ELSE disabled_at END,
    version = $7
WHERE id = $1
RETURNING id, name, title, status, status_until, scopes, disabled_at IS NOT NULL AS disabled

-- name: set_status
UPDATE people SET status = $2, status_until = $3, version = $4 WHERE id = $1
RETURNING id, name, title, status, status_until, scopes, disabled_at IS NOT NULL AS disabled

-- name: add_endpoint
INSERT INTO endpoints (id, person_id, kind, address, version) VALUES ($1, $2, $3, $4, $5)

-- name: change_endpoint
UPDATE endpoints
SET address = coalesce($2, address),
    disabled_at = CASE $3::boolean WHEN true THEN coalesce(disabled_at, $4::timestamptz) WHEN false THEN NULL
                  ELSE disabled_at END,
    version = $5
WHERE id = $1
RETURNING id, person_id, kind, address, disabled_at IS NOT NULL AS disabled
