-- name: load
-- Escalations by message, and those that are open under a source's key, or at a place; with whether the alarm is open
-- that says that nobody answers.
SELECT e.message_id, e.version, e.state, e.priority, e.policy, e.unit, e.bed, e.step, e.round, e.step_began_at,
       e.started_at, e.source, e.source_key, e.seen_at, e.drill, e.test, e.guarded, e.standing, e.closed_at, e.closed_why,
       a.id IS NOT NULL AS alarmed
FROM escalations e
LEFT JOIN alarms a ON a.kind = 'unanswered' AND a.subject = 'msg_' || replace(e.message_id::text, '-', '')
                  AND a.cleared_at IS NULL
WHERE e.message_id = ANY($1::uuid[])
   OR (e.closed_at IS NULL AND e.source_key <> '' AND (e.source, e.source_key) IN
       (SELECT * FROM unnest($2::text[], $3::text[])))
   OR (e.closed_at IS NULL AND e.guarded AND (e.policy_id, coalesce(e.bed, e.unit)) IN
       (SELECT * FROM unnest($4::uuid[], $5::uuid[])))

-- name: load_messages
-- Escalations by message alone: what every look needs.
SELECT e.message_id, e.version, e.state, e.priority, e.policy, e.unit, e.bed, e.step, e.round, e.step_began_at,
       e.started_at, e.source, e.source_key, e.seen_at, e.drill, e.test, e.guarded, e.standing, e.closed_at, e.closed_why,
       a.id IS NOT NULL AS alarmed
FROM escalations e
LEFT JOIN alarms a ON a.kind = 'unanswered' AND a.subject = 'msg_' || replace(e.message_id::text, '-', '')
                  AND a.cleared_at IS NULL WHERE e.message_id = ANY($1::uuid[])

-- name: looks
-- Escalations by message with all that a look asks for, in one trip: the message, and all its deliveries.
SELECT e.message_id, e.version, e.state, e.priority, e.policy, e.unit, e.bed, e.step, e.round, e.step_began_at,
       e.started_at, e.source, e.source_key, e.seen_at, e.drill, e.test, e.guarded, e.standing, e.closed_at, e.closed_why,
       a.id IS NOT NULL AS alarmed,
       (SELECT ROW(m.id, m.thread_id, m.reply_to, m.kind, m.priority, m.source, m.external_id, m.sender_person,
                   m.sender_device, m.content, m.expires_at, m.stored_at, m.ended_at, m.ended_why)
        FROM messages m WHERE m.id = e.message_id) AS message,
       ARRAY(SELECT ROW(d.message_id, d.person_id, d.version, d.state, d.stage, d.plan, d.kind, d.priority,
                        d.sender_person, d.offered, d.delivered_at, d.delivered_by, d.read_at, d.response,
                        d.responded_at, d.escalates)
             FROM deliveries d WHERE d.message_id = e.message_id) AS deliveries
FROM escalations e
LEFT JOIN alarms a ON a.kind = 'unanswered' AND a.subject = 'msg_' || replace(e.message_id::text, '-', '')
                  AND a.cleared_at IS NULL WHERE e.message_id = ANY($1::uuid[])

-- name: ended
-- Which of some keys were ended before they began, lately.
SELECT r.source, r.source_key FROM ended_reports r
JOIN unnest($1::text[], $2::text[]) AS k(source, source_key) ON k.source = r.source AND k.source_key = r.source_key
WHERE r.ended_at > $3

-- name: open
-- Every escalation that is open, the oldest first; with when it is looked at next.
SELECT e.message_id, e.version, e.state, e.priority, e.policy, e.unit, e.bed, e.step, e.round, e.step_began_at,
       e.started_at, e.source, e.source_key, e.seen_at, e.drill, e.test, e.guarded, e.standing, e.closed_at, e.closed_why,
       false AS alarmed, d.due_at
FROM escalations e
LEFT JOIN deadlines d ON d.message_id = e.message_id AND d.kind = 'escalate'
WHERE e.closed_at IS NULL AND e.message_id > $1 AND ($2::text IS NULL OR e.source = $2)
ORDER BY e.message_id LIMIT $3

-- name: team_calls
-- Open escalations that call a team: of some messages, and those that some people are called by or have sent.
SELECT e.message_id FROM escalations e
WHERE e.closed_at IS NULL AND e.policy LIKE '%"quorum"%'
  AND (e.message_id = ANY($2::uuid[])
       OR EXISTS (SELECT 1 FROM deliveries d WHERE d.message_id = e.message_id AND d.person_id = ANY($1::uuid[]))
       OR EXISTS (SELECT 1 FROM messages m WHERE m.id = e.message_id AND m.sender_person = ANY($1::uuid[])))

-- name: drills
-- Drills that are open, or were closed within a week, the newest first.
SELECT e.message_id, e.version, e.state, e.priority, e.policy, e.unit, e.bed, e.step, e.round, e.step_began_at,
       e.started_at, e.source, e.source_key, e.seen_at, e.drill, e.test, e.guarded, e.standing, e.closed_at, e.closed_why,
       false AS alarmed
FROM escalations e
WHERE e.drill AND e.message_id < $1 AND ($2::text IS NULL OR e.source = $2)
ORDER BY e.message_id DESC LIMIT $3

-- name: forget
-- What was closed before an instant, and ends without a beginning; some at a time.
WITH old AS (
    DELETE FROM escalations WHERE message_id IN
        (SELECT message_id FROM escalations WHERE closed_at < $1 LIMIT $3) RETURNING 1
), reports AS (
    DELETE FROM ended_reports WHERE ended_at < $2 RETURNING 1
)
SELECT count(*) FROM old
