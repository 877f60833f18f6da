-- name: add
INSERT INTO policy_drafts (id, policy_id, based_on, body, scenes, revision, simulated, approved, author, approver,
                           note, state, made_at, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)

-- name: lock
-- A draft, locked until its change is committed.
SELECT id, policy_id, based_on, body, scenes, revision, simulated, approved, author, approver, note, state
FROM policy_drafts WHERE id = $1 FOR UPDATE

-- name: change
UPDATE policy_drafts
SET policy_id = $2, based_on = $3, body = $4, scenes = $5, revision = $6, simulated = $7, approved = $8, author = $9,
    approver = $10, note = $11, state = $12, changed_at = $13
WHERE id = $1

-- name: read
SELECT id, policy_id, based_on, body, scenes, revision, simulated, approved, author, approver, note, state
FROM policy_drafts WHERE id = $1

-- name: open
-- A page of the drafts that are open, in the order in which they were begun.
SELECT id, policy_id, based_on, body, scenes, revision, simulated, approved, author, approver, note, state
FROM policy_drafts WHERE state = 'open' AND id > $1 ORDER BY id LIMIT $2

-- name: versions
-- Every version of a policy, the first one first, numbered.
SELECT row_number() OVER (ORDER BY version) AS number, steps, author, approver, note, made_at
FROM policy_versions WHERE policy_id = $1 ORDER BY version

-- name: last_scenes
-- What a policy was last tried on.
SELECT scenes FROM policy_drafts
WHERE policy_id = $1 AND state = 'published' ORDER BY changed_at DESC, id DESC LIMIT 1
