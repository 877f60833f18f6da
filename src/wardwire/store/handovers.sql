-- name: candidates
-- What may be open of what a person has sent, the newest first: alerts since an id that have not ended, with what they
-- say and how far they came with anybody.
SELECT m.id, m.content, m.priority, m.stored_at,
       ARRAY(SELECT DISTINCT d.state FROM deliveries d WHERE d.message_id = m.id) AS states
FROM messages m
WHERE m.sender_person = $1 AND m.id >= $2 AND m.kind = 'alert' AND m.ended_at IS NULL
ORDER BY m.id DESC LIMIT $3

-- name: calls
-- Code calls that run, whoever has made them.
SELECT message_id FROM escalations WHERE closed_at IS NULL AND priority = 'code' ORDER BY message_id LIMIT $1

-- name: alarms
-- Technical alarms that nobody has, or that whoever leaves has.
SELECT id FROM alarms WHERE cleared_at IS NULL AND (taken_by IS NULL OR taken_by = $1) ORDER BY id LIMIT $2

-- name: about_alarms
SELECT id, detail, raised_at, cleared_at FROM alarms WHERE id = ANY($1::uuid[])

-- name: open_of
-- Whether messages still run: the escalation, where there is one, else the message itself.
SELECT m.id, coalesce(e.closed_at, m.ended_at) AS ended_at
FROM messages m LEFT JOIN escalations e ON e.message_id = m.id
WHERE m.id = ANY($1::uuid[])

-- name: insert
INSERT INTO desk_handovers (id, giver, note, items, made_at) VALUES ($1, $2, $3, $4, $5)

-- name: replace
-- Whoever hands over anew takes back what nobody has accepted yet.
UPDATE desk_handovers SET replaced_at = $2 WHERE giver = $1 AND accepted_at IS NULL AND replaced_at IS NULL

-- name: forget
DELETE FROM desk_handovers WHERE made_at < $1

-- name: lock
SELECT id, giver, note, items, made_at, accepted_by, accepted_at, replaced_at
FROM desk_handovers WHERE id = $1 FOR UPDATE

-- name: list
SELECT id, giver, note, items, made_at, accepted_by, accepted_at, replaced_at
FROM desk_handovers WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $2

-- name: accept
UPDATE desk_handovers SET accepted_by = $2, accepted_at = $3 WHERE id = $1

-- name: pass_alarms
-- Of these alarms those that whoever leaves has, and that are not over, go to whoever comes.
UPDATE alarms SET taken_by = $3, taken_at = $4
WHERE id = ANY($1::uuid[]) AND taken_by = $2 AND cleared_at IS NULL
RETURNING id, kind, message_id
