-- The auditor's own questions, asked as a role that can only read, in words of their own: nothing of the writers is
-- shared. Each costs by what is new and what is open, and not by what is kept.

-- name: horizon
-- All transactions below the first number have ended; the second is above whatever has begun. (The upper end of a
-- snapshot would not do: it is one past what has *ended*.) It takes a number of its own, and writes nothing.
SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS ended_below,
       pg_current_xact_id()::text::bigint AS begun_below

-- name: fresh
-- Messages after a cursor, in order. `for_nobody`: without end, recipients, recipients to come, or escalation.
SELECT m.id,
       m.ended_at IS NULL
       AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.message_id = m.id)
       AND NOT EXISTS (SELECT 1 FROM fanouts f WHERE f.message_id = m.id)
       AND NOT EXISTS (SELECT 1 FROM escalations e WHERE e.message_id = m.id) AS for_nobody
FROM messages m
WHERE m.id > $1 AND m.id <= $2
ORDER BY m.id
LIMIT $3

-- name: older
-- Older messages that something waits for: looked at from the start on, however old they are.
SELECT DISTINCT message_id FROM deadlines WHERE message_id <= $1 AND kind = 'confirm'

-- name: forgotten
-- Older messages of which a delivery is open, whether anything waits for it or not. Reads all that is kept: asked only
-- where nobody has left behind what was open.
SELECT DISTINCT message_id FROM deliveries WHERE message_id <= $1 AND state = 'pending'

-- name: left_open
-- What was open when an auditor last looked, and up to where it had counted.
SELECT upto, messages FROM audit_open ORDER BY upto DESC LIMIT 1

-- name: leave_open
INSERT INTO audit_open AS o (node, upto, messages, at) VALUES ('site', $1, $2, $3)
ON CONFLICT (node) DO UPDATE SET upto = excluded.upto, messages = excluded.messages, at = excluded.at
WHERE excluded.upto >= o.upto

-- name: told
-- The messages that open alarms about the law name first.
SELECT subject FROM alarms WHERE kind = 'conservation' AND cleared_at IS NULL

-- name: for_nobody
-- Which of some messages are without end, recipients, recipients to come, or escalation.
SELECT m.id FROM messages m
WHERE m.id = ANY($1::uuid[]) AND m.ended_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.message_id = m.id)
  AND NOT EXISTS (SELECT 1 FROM fanouts f WHERE f.message_id = m.id)
  AND NOT EXISTS (SELECT 1 FROM escalations e WHERE e.message_id = m.id)

-- name: growing
-- Messages that may get more recipients, each with whether something is armed by which it goes on.
SELECT e.message_id,
       EXISTS (SELECT 1 FROM deadlines l WHERE l.message_id = e.message_id AND l.kind = 'escalate') AS armed
FROM escalations e
WHERE e.closed_at IS NULL AND e.message_id <= $1
UNION ALL
SELECT f.message_id,
       EXISTS (SELECT 1 FROM deadlines l WHERE l.message_id = f.message_id AND l.kind = 'expand') AS armed
FROM fanouts f
WHERE f.message_id <= $1

-- name: held
-- All deliveries of some messages, with what keeps each of them from silence.
SELECT d.message_id, d.person_id, d.state, coalesce(u.name, '') AS unit,
       coalesce(e.test, false) OR coalesce(e.drill, false) OR d.kind IN ('canary', 'copy', 'test') OR d.escalates >= 4 AS test,
       EXISTS (SELECT 1 FROM deadlines l WHERE l.message_id = d.message_id AND l.person_id = d.person_id
               AND l.kind = 'confirm') AS armed
FROM deliveries d
LEFT JOIN escalations e ON e.message_id = d.message_id
LEFT JOIN places u ON u.id = e.unit
WHERE d.message_id = ANY($1::uuid[])

-- name: keep_report
-- A day's signed books; a later look at the same day takes the place of an earlier one.
INSERT INTO audit_reports (day, node, content, signature, at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (day, node) DO UPDATE
SET content = excluded.content, signature = excluded.signature, at = excluded.at

-- name: reports
SELECT day, node, content, signature, at FROM audit_reports WHERE $1::date IS NULL OR day = $1 ORDER BY day DESC, node
LIMIT 1000
