-- name: find
SELECT digest, message_id FROM identities WHERE source = $1 AND external_id = $2

-- name: make_day
-- The tables of its day: there, unless no core has run since.
SELECT wardwire.make_partitions(($1::timestamptz AT TIME ZONE 'UTC')::date, 1)

-- name: identity
INSERT INTO identities (source, external_id, message_id, digest, result, stored_at) VALUES ($1, $2, $3, $4, '', $5)

-- name: message
-- It begins a thread of its own, and has ended: nobody is called by it.
INSERT INTO messages (id, thread_id, kind, priority, source, external_id, sender_person, content, stored_at, ended_at,
                      ended_why)
VALUES ($1, $1, 'alert', $2, $3, $4, $5, $6, $7, $8, $9)

-- name: delivery
INSERT INTO deliveries (message_id, person_id, version, state, stage, plan, why, kind, priority, sender_person, offered,
                        delivered_at, read_at, response, responded_at)
VALUES ($1, $2, 1, $3, 0, '', $4, 'alert', $5, $6, $7, $8, $8, $9, $10)
