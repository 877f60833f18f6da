-- name: lines
-- The newest alerts of people before an id with what they say, and what came of each: whom it called, the first who took
-- it (declining is none) and after how long. `$2` sent it; NULL = everybody.
SELECT m.*, d.*
FROM (
    SELECT id, priority, sender_person, source, content, stored_at, ended_at, ended_why FROM messages
    WHERE id < $1 AND kind = 'alert' AND sender_person IS NOT NULL AND ($2::uuid IS NULL OR sender_person = $2)
    ORDER BY id DESC LIMIT $3
) m
CROSS JOIN LATERAL (
    SELECT count(*) AS people, count(delivered_at) AS reached, count(responded_at) AS answered,
           (array_agg(person_id ORDER BY responded_at, person_id))[1:3] AS named,
           (array_agg(person_id ORDER BY responded_at) FILTER (WHERE response <> 'decline'))[1] AS taken_by,
           (array_agg(response ORDER BY responded_at) FILTER (WHERE response <> 'decline'))[1] AS response,
           min(responded_at) FILTER (WHERE response <> 'decline') AS taken_at
    FROM deliveries WHERE message_id = m.id
) d
ORDER BY m.id DESC
