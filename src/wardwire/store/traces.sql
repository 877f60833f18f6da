-- name: lines
-- The newest messages before an id without what they say, and how far they came; canaries are none. `$3` sent it, `$4`
-- sent it or has it in the inbox.
SELECT m.id, m.kind, m.priority, m.source, m.sender_person, m.stored_at, m.ended_at, m.ended_why, d.*
FROM (
    SELECT id, kind, priority, source, sender_person, stored_at, ended_at, ended_why FROM messages
    WHERE id < $1 AND ($2::text IS NULL OR priority = $2) AND ($3::uuid IS NULL OR sender_person = $3)
      AND ($4::uuid IS NULL OR sender_person = $4 OR id IN (SELECT message_id FROM inbox WHERE person_id = $4))
      AND kind <> 'canary'
    ORDER BY id DESC LIMIT $5
) m
CROSS JOIN LATERAL (
    SELECT count(*) AS people, count(delivered_at) AS reached, count(responded_at) AS answered,
           min(delivered_at) AS first_delivered_at, min(responded_at) AS first_answered_at
    FROM deliveries WHERE message_id = m.id
) d
ORDER BY m.id DESC
