-- name: write
-- One batch, one statement, one commit. Every part is a table of arrays, most of them empty most of the time.
-- {deliveries} is the day's own table where all changes are of one day, else the whole.
-- Counters of inboxes are taken last, in the order of persons: `done` waits for everything before them.
WITH identity AS (
    INSERT INTO identities (source, external_id, message_id, digest, result, stored_at)
    SELECT u.source, u.external_id, u.message_id, u.digest, u.result, $1
    FROM unnest($2::text[], $3::text[], $4::text::uuid[], $5::bytea[], $6::text[])
        AS u(source, external_id, message_id, digest, result)
), message AS (
    INSERT INTO messages (id, thread_id, reply_to, kind, priority, source, external_id, sender_person, sender_device,
                          content, expires_at, stored_at)
    SELECT u.*, $1
    FROM unnest($4::text::uuid[], $7::text::uuid[], $8::text::uuid[], $9::text::text[], $10::text::text[], $2::text[], $3::text[], $11::text::uuid[],
                $12::text::uuid[], $13::bytea[], $14::timestamptz[]) AS u
    RETURNING 1
), delivery AS (
    INSERT INTO deliveries (message_id, person_id, version, state, stage, plan, why, kind, priority, sender_person,
                            offered)
    SELECT u.message_id, u.person_id, 1, u.state, 0, u.plan, u.why, u.kind, u.priority, u.sender_person, u.offered
    FROM unnest($15::text::uuid[], $16::text::uuid[], $17::text::text[], $18::text::text[], $19::text::text[], $20::text::text[], $21::text::text[],
                $22::text::uuid[], $23::text[])
        AS u(message_id, person_id, state, plan, why, kind, priority, sender_person, offered)
    RETURNING 1
), changed AS (
    UPDATE {deliveries} d
    SET version = u.version, state = u.state, stage = u.stage, delivered_at = u.delivered_at,
        delivered_by = u.delivered_by, read_at = u.read_at, response = u.response, responded_at = u.responded_at
    FROM unnest($24::text::uuid[], $25::text::uuid[], $26::text::integer[], $27::text::integer[], $28::text::text[], $29::text::smallint[],
                $30::timestamptz[], $31::text::uuid[], $32::timestamptz[], $33::text[], $34::timestamptz[])
        AS u(message_id, person_id, expected, version, state, stage, delivered_at, delivered_by, read_at, response,
             responded_at)
    WHERE d.message_id = u.message_id AND d.person_id = u.person_id AND d.version = u.expected
    RETURNING 1
), armed AS (
    INSERT INTO deadlines AS d (message_id, person_id, kind, ref, lane, due_at, visible_at)
    SELECT u.*, u.due_at
    FROM unnest($35::text::uuid[], $36::text::uuid[], $37::text::text[], $38::text::uuid[], $39::text::smallint[], $40::timestamptz[])
        AS u(message_id, person_id, kind, ref, lane, due_at)
    ON CONFLICT (message_id, person_id, kind, ref) DO UPDATE
    SET due_at = excluded.due_at, visible_at = excluded.due_at, fence = d.fence + 1, holder = NULL
), disarmed AS (
    DELETE FROM deadlines d
    USING unnest($41::text::uuid[], $42::text::uuid[], $43::text::text[], $44::text::uuid[]) AS u(message_id, person_id, kind, ref)
    WHERE d.message_id = u.message_id AND d.person_id = u.person_id AND d.kind = u.kind AND d.ref = u.ref
), fact AS (
    INSERT INTO facts (writer, seq, at, kind, message_id, person_id, device_id, body, hash)
    SELECT $45, $46 + u.nth, $1, u.kind, u.message_id, u.person_id, u.device_id, u.body, u.hash
    FROM unnest($47::text::text[], $48::text::uuid[], $49::text::uuid[], $50::text::uuid[], $51::text[], $52::bytea[])
        WITH ORDINALITY AS u(kind, message_id, person_id, device_id, body, hash, nth)
    RETURNING 1
), done AS (
    SELECT (SELECT count(*) FROM message) + (SELECT count(*) FROM delivery) + (SELECT count(*) FROM fact) AS n,
           (SELECT count(*) FROM changed) AS changes
), head AS (
    UPDATE inbox_heads h
    SET seq = h.seq + w.n
    FROM (SELECT u.person_id, u.n FROM unnest($53::text::uuid[], $54::text::bigint[]) AS u(person_id, n), done
          WHERE done.n >= 0) w
    WHERE h.person_id = w.person_id
    RETURNING h.person_id, h.seq - w.n AS base
), heads AS (
    SELECT array_agg(head.person_id ORDER BY head.person_id) AS people,
           array_agg(head.base ORDER BY head.person_id) AS bases
    FROM head
), event AS (
    -- By the person's place among the sorted ones: a join would compare every event with every person.
    INSERT INTO inbox (person_id, seq, epoch, event, message_id, at)
    SELECT h.people[u.who], h.bases[u.who] + u.nth, $55, u.event, u.message_id, $1
    FROM heads h
    CROSS JOIN unnest($56::text::integer[], $57::text::bigint[], $58::text::text[], $59::text::uuid[])
        AS u(who, nth, event, message_id)
    WHERE cardinality(h.people) = $62
    RETURNING 1
)
SELECT heads.people, heads.bases,
       guard((SELECT changes FROM done), $60),
       guard((SELECT count(*) FROM event), $61)
FROM heads

-- name: attempt
-- The intents of outside channels, in the transaction of the stage that they belong to. A stage that begins
-- again (the last resort of a technical alarm) begins its attempt again.
INSERT INTO attempts (message_id, person_id, endpoint_id, stage, channel, intended_at)
SELECT u.*, $1 FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::smallint[], $6::text[]) AS u
ON CONFLICT (message_id, person_id, endpoint_id, stage)
DO UPDATE SET intended_at = excluded.intended_at, ended_at = NULL, outcome = NULL, detail = NULL

-- name: attempt_ended
-- The result of an attempt; the first result stays.
UPDATE attempts a SET ended_at = $1, outcome = u.outcome, detail = u.detail
FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[])
    AS u(message_id, person_id, endpoint_id, outcome, detail)
WHERE a.message_id = u.message_id AND a.person_id = u.person_id AND a.endpoint_id = u.endpoint_id
  AND a.ended_at IS NULL

-- name: end_message
-- The end of a message as a whole.
UPDATE messages m SET ended_at = $1, ended_why = u.why
FROM unnest($2::uuid[], $3::text[]) AS u(id, why) WHERE m.id = u.id AND m.ended_at IS NULL

-- name: fanout
-- The frozen recipients of a large message.
INSERT INTO fanouts (message_id, people, whys) VALUES ($1, $2, $3)

-- name: fanout_done
-- How far the recipients of a large message are expanded; guarded by the count before.
WITH changed AS (UPDATE fanouts SET done = $2 WHERE message_id = $1 AND done = $3 RETURNING 1)
SELECT guard((SELECT count(*) FROM changed), 1)

-- name: fanout_end
-- All recipients are expanded.
DELETE FROM fanouts WHERE message_id = $1

-- name: alarm
-- Raise a technical alarm; one that is open already stays as it is.
INSERT INTO alarms AS a (id, kind, subject, detail, message_id, raised_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (kind, subject) WHERE cleared_at IS NULL DO UPDATE SET detail = a.detail
