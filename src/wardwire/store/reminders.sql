-- name: add
INSERT INTO reminders (id, name, days, times, zone, until, recipients, policy, place, priority, subject, text, author,
                       made_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)

-- name: arm
INSERT INTO deadlines (message_id, person_id, kind, ref, lane, due_at, visible_at)
VALUES ($1, $2, 'remind', $3, $4, $5, $5)

-- name: cancel
-- Cancel it, if nobody has.
UPDATE reminders SET cancelled_at = $2, cancelled_by = $3 WHERE id = $1 AND cancelled_at IS NULL RETURNING id

-- name: disarm
-- Whatever of it is to come.
DELETE FROM deadlines WHERE kind = 'remind' AND ref = $1

-- name: read
SELECT id, name, days, times, zone, until, recipients, policy, place, priority, subject, text, author, cancelled_by,
       (SELECT min(due_at) FROM deadlines d WHERE d.kind = 'remind' AND d.ref = reminders.id) AS next_at
FROM reminders WHERE id = $1

-- name: list
-- A page of those that nobody has cancelled, in the order in which they were made.
SELECT id, name, days, times, zone, until, recipients, policy, place, priority, subject, text, author, cancelled_by,
       (SELECT min(due_at) FROM deadlines d WHERE d.kind = 'remind' AND d.ref = reminders.id) AS next_at
FROM reminders WHERE cancelled_at IS NULL AND id > $1 ORDER BY id LIMIT $2
