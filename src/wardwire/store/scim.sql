-- name: users
-- What is kept of some people.
SELECT person_id, user_name, kept, deleted_at IS NOT NULL AS deleted FROM scim_users WHERE person_id = ANY($1::uuid[])

-- name: every_user
-- What is kept of everybody who was not taken back.
SELECT person_id, user_name, kept, false AS deleted FROM scim_users WHERE deleted_at IS NULL

-- name: named
-- Who has a name now.
SELECT person_id FROM scim_users WHERE folded = $1 AND deleted_at IS NULL

-- name: known_as
-- Who somebody is by their id elsewhere.
SELECT person_id FROM person_ids WHERE source = $1 AND external_id = $2

-- name: deleted
-- Who was taken back.
SELECT person_id FROM scim_users WHERE deleted_at IS NOT NULL

-- name: keep
INSERT INTO scim_users (person_id, user_name, folded, kept, deleted_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (person_id) DO UPDATE
SET user_name = excluded.user_name, folded = excluded.folded, kept = excluded.kept, deleted_at = excluded.deleted_at

-- name: endpoints
-- Where somebody is reached; nobody else changes it until the transaction ends.
SELECT id, person_id, kind, address, verified_at, emergency_only, until_at, quiet, disabled_at IS NOT NULL AS disabled
FROM endpoints WHERE person_id = $1 ORDER BY id FOR UPDATE

-- name: group_ids
-- The ids of some groups in one system.
SELECT group_id, external_id FROM group_ids WHERE source = $1 AND group_id = ANY($2::uuid[])

-- name: group_known_as
SELECT group_id FROM group_ids WHERE source = $1 AND external_id = $2

-- name: clear_group_id
DELETE FROM group_ids WHERE source = $1 AND group_id = $2

-- name: add_group_id
INSERT INTO group_ids (source, external_id, group_id) VALUES ($1, $2, $3)

-- name: groups_of
-- All groups of one system, by their ids there.
SELECT external_id, group_id FROM group_ids WHERE source = $1

-- name: people_of
-- All people of one system, by their ids there.
SELECT external_id, person_id FROM person_ids WHERE source = $1
