-- name: get
SELECT id, name, title, status, status_until, scopes, disabled_at IS NOT NULL AS disabled, version, in_procedure,
       cover, status_since,
       given_name, family_name, preferred, spoken, sort_name, departments, location, languages, photo, phones,
       ARRAY(SELECT source || ' ' || external_id FROM person_ids i WHERE i.person_id = p.id ORDER BY source) AS ids
FROM people p WHERE id = $1

-- name: lock
-- Nobody else changes this person until the transaction ends.
SELECT 1 FROM people WHERE id = $1 FOR UPDATE

-- name: lock_many
SELECT 1 FROM people WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE

-- name: get_many
SELECT id, name, title, status, status_until, scopes, disabled_at IS NOT NULL AS disabled, version, in_procedure,
       cover, status_since,
       given_name, family_name, preferred, spoken, sort_name, departments, location, languages, photo, phones,
       ARRAY(SELECT source || ' ' || external_id FROM person_ids i WHERE i.person_id = p.id ORDER BY source) AS ids
FROM people p WHERE id = ANY($1::uuid[])

-- name: set_details
UPDATE people
SET given_name = $2, family_name = $3, preferred = $4, spoken = $5, sort_name = $6, departments = $7, location = $8,
    languages = $9, photo = $10, phones = $11
WHERE id = $1

-- name: clear_ids
DELETE FROM person_ids WHERE person_id = $1

-- name: add_id
INSERT INTO person_ids (source, external_id, person_id) VALUES ($1, $2, $3)

-- name: change
-- What is NULL stays as it is; `disabled` true keeps the first time, false clears it.
UPDATE people
SET name = coalesce($2, name), title = coalesce($3, title), scopes = coalesce($4, scopes),
    disabled_at = CASE $5::boolean WHEN true THEN coalesce(disabled_at, $6::timestamptz) WHEN false THEN NULL
                  ELSE disabled_at END,
    version = $7
WHERE id = $1

-- name: set_status
UPDATE people
SET status = $2, status_until = $3, version = $4, in_procedure = $5, cover = $6, status_since = $7
WHERE id = $1

-- name: disarm_back
DELETE FROM deadlines WHERE person_id = $1 AND kind = 'back'

-- name: arm_back
INSERT INTO deadlines (message_id, person_id, kind, ref, lane, due_at, visible_at) VALUES ($1, $1, 'back', $2, 2, $3, $3)

-- name: waiting
-- What came since an instant, and waits for an answer or to be read.
SELECT count(*) FROM deliveries
WHERE person_id = $1 AND message_id >= $2 AND state IN ('pending', 'delivered', 'unreachable') AND read_at IS NULL

-- name: busy
-- Who has something open: a delivery on its way, or one of an alert that runs. A word about themselves is none.
SELECT person_id FROM deadlines WHERE person_id = ANY($1::uuid[]) AND kind NOT IN ('back', 'tell', 'left', 'turn')
UNION
SELECT d.person_id FROM escalations e JOIN deliveries d USING (message_id)
WHERE e.closed_at IS NULL AND d.person_id = ANY($1::uuid[]) AND d.state IN ('pending', 'delivered', 'read', 'accepted')
