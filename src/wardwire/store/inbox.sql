-- name: heads
-- The number of the last event of each person.
SELECT person_id, seq FROM inbox_heads WHERE person_id = ANY($1::uuid[])

-- name: events
-- A person's events after a number, in order; and whether they have the message only because another one covers.
SELECT i.seq, i.epoch, i.event, i.message_id, i.at, coalesce(d.why LIKE 'covered:%', false)
FROM inbox i LEFT JOIN deliveries d ON d.message_id = i.message_id AND d.person_id = i.person_id
WHERE i.person_id = $1 AND i.seq > $2 AND i.seq <= $3 ORDER BY i.seq LIMIT $4

-- name: last_events
-- Of each message the last event after a number, oldest first; `code` only where that is asked.
SELECT l.seq, l.epoch, l.event, l.message_id, l.at,
       coalesce((SELECT d.why LIKE 'covered:%' FROM deliveries d WHERE d.message_id = l.message_id AND d.person_id = $1),
                false)
FROM (SELECT DISTINCT ON (i.message_id) i.seq, i.epoch, i.event, i.message_id, i.at FROM inbox i
      WHERE i.person_id = $1 AND i.seq > $2 AND i.seq <= $3
      ORDER BY i.message_id, i.seq DESC) l
WHERE NOT $5 OR EXISTS (SELECT 1 FROM messages m WHERE m.id = l.message_id AND m.priority = 'code')
ORDER BY l.seq LIMIT $4

-- name: outcomes
-- How the deliveries of a sender's own messages stand, of those that are no longer under way; at most $3 a message.
SELECT d.message_id, d.person_id, d.version, d.state, d.stage, d.plan, d.kind, d.priority, d.sender_person, d.offered,
       d.delivered_at, d.delivered_by, d.read_at, d.response, d.responded_at, d.escalates
FROM unnest($1::uuid[]) AS k(message_id)
CROSS JOIN LATERAL (SELECT * FROM deliveries x
                    WHERE x.message_id = k.message_id AND x.sender_person = $2 AND x.state <> 'pending'
                    ORDER BY x.person_id LIMIT $3) d

-- name: holders
-- Of messages that somebody has taken: the delivery of who answered first.
SELECT DISTINCT ON (message_id) message_id, person_id, version, state, stage, plan, kind, priority, sender_person,
       offered, delivered_at, delivered_by, read_at, response, responded_at, escalates
FROM deliveries WHERE message_id = ANY($1::uuid[]) AND state IN ('accepted', 'answered')
ORDER BY message_id, responded_at
