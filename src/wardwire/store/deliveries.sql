-- name: load
-- Deliveries as they stand, by key.
SELECT d.message_id, d.person_id, d.version, d.state, d.stage, d.plan, d.kind, d.priority, d.sender_person, d.offered,
       d.delivered_at, d.delivered_by, d.read_at, d.response, d.responded_at, d.escalates
FROM unnest($1::uuid[], $2::uuid[]) AS k(message_id, person_id)
JOIN deliveries d ON d.message_id = k.message_id AND d.person_id = k.person_id

-- name: load_messages
-- All deliveries of some messages.
SELECT message_id, person_id, version, state, stage, plan, kind, priority, sender_person, offered,
       delivered_at, delivered_by, read_at, response, responded_at, escalates
FROM deliveries WHERE message_id = ANY($1::uuid[])

-- name: as_sender
-- How the deliveries of senders' own messages stand, as far as a sender is told live; at most $3 a message.
SELECT d.message_id, d.person_id, d.version, d.state, d.stage, d.plan, d.kind, d.priority, d.sender_person, d.offered,
       d.delivered_at, d.delivered_by, d.read_at, d.response, d.responded_at, d.escalates
FROM unnest($1::uuid[], $2::uuid[]) AS k(message_id, sender)
CROSS JOIN LATERAL (SELECT * FROM deliveries x
                    WHERE x.message_id = k.message_id AND x.sender_person = k.sender
                      AND x.state NOT IN ('pending', 'taken', 'cancelled', 'cleared')
                    ORDER BY x.person_id LIMIT $3) d

-- name: page
-- Deliveries of a message by the ids of their people, and why each got it.
SELECT message_id, person_id, version, state, stage, plan, kind, priority, sender_person, offered,
       delivered_at, delivered_by, read_at, response, responded_at, escalates, why
FROM deliveries WHERE message_id = $1 AND person_id > $2 ORDER BY person_id LIMIT $3

-- name: count_states
-- How many deliveries of a message are in each state.
SELECT state, count(*) AS count FROM deliveries WHERE message_id = $1 GROUP BY state ORDER BY state

-- name: reasons
-- Why each person got a message: for its trace.
SELECT person_id, why FROM deliveries WHERE message_id = $1

-- name: for_role
-- Who got a message because a role ($3) was theirs, or because they cover for its holder ($4).
SELECT person_id FROM deliveries
WHERE message_id = $1 AND (person_id = $2 OR strpos(why, $3) > 0 OR why = $4)
ORDER BY person_id

-- name: all_reasons
-- Why each person got each of some messages.
SELECT message_id, person_id, why FROM deliveries WHERE message_id = ANY($1::uuid[])
