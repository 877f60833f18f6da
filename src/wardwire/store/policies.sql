-- name: add
INSERT INTO policies (id, name, steps, loops, still_active_s, ask_wait_s, version)
VALUES ($1, $2, $3, $4, $5, $6, $7)

-- name: lock
-- A policy, locked until its change is committed.
SELECT id, name, steps, loops, still_active_s, ask_wait_s, version, disabled_at IS NOT NULL AS disabled
FROM policies WHERE id = $1 FOR UPDATE

-- name: change
UPDATE policies
SET name = $2, steps = $3, loops = $4, still_active_s = $5, ask_wait_s = $6, version = $7,
    disabled_at = CASE $8::boolean WHEN true THEN coalesce(disabled_at, $9::timestamptz) ELSE NULL END
WHERE id = $1

-- name: keep_version
-- What the policy is from now on, kept for good.
INSERT INTO policy_versions (policy_id, version, steps, made_at, author, approver, note)
VALUES ($1, $2, $3, $4, $5, $6, $7)
