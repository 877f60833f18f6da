-- One batch, one statement, one commit: store/batch.py puts it together from those parts that it has something for.
-- A part names its parameters with @, in the order in which they are given. @now, @ids, @instants and @texts are
-- everybody's: all ids of the batch, its instants, and those of its texts that are mostly the same, each once; a column
-- of such is a column of places in them. Digests, 32 bytes each, stand one behind the other in one value.
-- {deliveries} is the day's own table where all changes are of one day, else the whole.

-- name: message
-- New messages with their identities.
identity AS (
    INSERT INTO identities (source, external_id, message_id, digest, result, stored_at)
    SELECT u.source, u.external_id, @ids[u.id], substr(@digest::bytea, 32 * u.nth::integer - 31, 32), u.result, @now
    FROM unnest(@source::text[], @external_id::text[], @id::text::integer[], @result::text[])
        WITH ORDINALITY AS u(source, external_id, id, result, nth)
), message AS (
    INSERT INTO messages (id, source, external_id, thread_id, reply_to, kind, priority, sender_person, sender_device,
                          content, expires_at, stored_at)
    SELECT @ids[u.id], u.source, u.external_id, @ids[u.thread], @ids[u.reply_to], u.kind, u.priority,
           @ids[u.person], @ids[u.device], u.content, @instants[u.expires_at], @now
    FROM unnest(@source::text[], @external_id::text[], @id::text::integer[], @thread::text::integer[],
                @reply_to::text::integer[], @kind::text::text[], @priority::text::text[], @person::text::integer[],
                @device::text::integer[], @content::bytea[], @expires_at::text::integer[])
        AS u(source, external_id, id, thread, reply_to, kind, priority, person, device, content, expires_at)
    RETURNING 1
)

-- name: delivery
-- New deliveries, of version 1, before their first stage.
delivery AS (
    INSERT INTO deliveries (message_id, person_id, version, state, stage, plan, why, kind, priority, sender_person,
                            offered, escalates)
    SELECT @ids[u.message], @ids[u.person], 1, u.state, 0, u.plan, u.why, u.kind, u.priority, @ids[u.sender],
           @texts[u.offered], u.escalates
    FROM unnest(@message::text::integer[], @person::text::integer[], @state::text::text[], @plan::text::text[],
                @why::text::text[], @kind::text::text[], @priority::text::text[], @sender::text::integer[],
                @offered::text::integer[], @escalates::text::smallint[])
        AS u(message, person, state, plan, why, kind, priority, sender, offered, escalates)
    RETURNING 1
)

-- name: changed
-- Deliveries as they are now, each only if its version is still the one that was decided on.
changed AS (
    UPDATE {deliveries} d
    SET version = u.version, state = u.state, stage = u.stage, delivered_at = @instants[u.delivered_at],
        delivered_by = @ids[u.delivered_by], read_at = @instants[u.read_at],
        response = @texts[u.response], responded_at = @instants[u.responded_at]
    FROM unnest(@message::text::integer[], @person::text::integer[], @expected::text::integer[],
                @version::text::integer[], @state::text::text[], @stage::text::smallint[],
                @delivered_at::text::integer[], @delivered_by::text::integer[], @read_at::text::integer[],
                @response::text::integer[], @responded_at::text::integer[])
        AS u(message, person, expected, version, state, stage, delivered_at, delivered_by, read_at, response,
             responded_at)
    WHERE d.message_id = @ids[u.message] AND d.person_id = @ids[u.person] AND d.version = u.expected
    RETURNING 1
)

-- name: escalation
-- New escalations.
escalation AS (
    INSERT INTO escalations (message_id, version, state, priority, policy, unit, bed, step, round, step_began_at,
                             started_at, source, source_key, seen_at, drill, test, guarded, standing, closed_at,
                             closed_why, policy_id, policy_version)
    SELECT @ids[u.message], u.version, u.state, u.priority, u.policy, @ids[u.unit], @ids[u.bed], u.step, u.round,
           u.step_began, u.started, u.source, u.key, u.seen, u.drill, u.test, u.guarded, u.standing, u.closed, u.why,
           @ids[u.policy_id], u.policy_version
    FROM unnest(@message::text::integer[], @version::text::integer[], @state::text::text[], @priority::text::text[],
                @policy::text[], @unit::text::integer[], @bed::text::integer[], @step::text::smallint[],
                @round::text::smallint[], @step_began::timestamptz[], @started::timestamptz[], @source::text[],
                @key::text[], @seen::timestamptz[], @drill::boolean[], @test::boolean[], @guarded::boolean[],
                @standing::text[], @closed::timestamptz[], @why::text[], @policy_id::text::integer[],
                @policy_version::text::bigint[])
        AS u(message, version, state, priority, policy, unit, bed, step, round, step_began, started, source, key, seen,
             drill, test, guarded, standing, closed, why, policy_id, policy_version)
    RETURNING 1
)

-- name: escalated
-- Escalations as they are now, each only if its version is still the one that was decided on.
escalated AS (
    UPDATE escalations e
    SET version = u.version, state = u.state, priority = u.priority, step = u.step, round = u.round,
        step_began_at = u.step_began, seen_at = u.seen, guarded = u.guarded, standing = u.standing,
        closed_at = u.closed, closed_why = u.why
    FROM unnest(@expected::text::integer[], @message::text::integer[], @version::text::integer[], @state::text::text[], @priority::text::text[],
                @policy::text[], @unit::text::integer[], @bed::text::integer[], @step::text::smallint[],
                @round::text::smallint[], @step_began::timestamptz[], @started::timestamptz[], @source::text[],
                @key::text[], @seen::timestamptz[], @drill::boolean[], @test::boolean[], @guarded::boolean[],
                @standing::text[], @closed::timestamptz[], @why::text[], @policy_id::text::integer[],
                @policy_version::text::bigint[])
        AS u(expected, message, version, state, priority, policy, unit, bed, step, round, step_began, started, source, key, seen,
             drill, test, guarded, standing, closed, why, policy_id, policy_version)
    WHERE e.message_id = @ids[u.message] AND e.version = u.expected
    RETURNING 1
)

-- name: rearmed
-- When claimed deadlines fall due next, or never again: only where they are still as they were claimed.
rearmed AS (
    UPDATE deadlines d SET due_at = u.due_at, visible_at = u.due_at, holder = NULL
    FROM unnest(@message::text::integer[], @person::text::integer[], @kind::text::text[], @ref::text::integer[],
                @fence::text::integer[], @due_at::timestamptz[]) AS u(message, person, kind, ref, fence, due_at)
    WHERE d.message_id = @ids[u.message] AND d.person_id = @ids[u.person] AND d.kind = u.kind AND d.ref = @ids[u.ref]
      AND d.fence = u.fence AND u.due_at IS NOT NULL
), undone AS (
    DELETE FROM deadlines d
    USING unnest(@message::text::integer[], @person::text::integer[], @kind::text::text[], @ref::text::integer[],
                 @fence::text::integer[], @due_at::timestamptz[]) AS u(message, person, kind, ref, fence, due_at)
    WHERE d.message_id = @ids[u.message] AND d.person_id = @ids[u.person] AND d.kind = u.kind AND d.ref = @ids[u.ref]
      AND d.fence = u.fence AND u.due_at IS NULL
)

-- name: armed_new
-- Deadlines of messages that are new in this batch. They cannot be there already, and nothing need look for them.
armed_new AS (
    INSERT INTO deadlines (message_id, person_id, kind, ref, lane, due_at, visible_at)
    SELECT @ids[u.message], @ids[u.person], u.kind, @ids[u.ref], u.lane, @instants[u.due_at], @instants[u.due_at]
    FROM unnest(@message::text::integer[], @person::text::integer[], @kind::text::text[], @ref::text::integer[],
                @lane::text::smallint[], @due_at::text::integer[])
        AS u(message, person, kind, ref, lane, due_at)
)

-- name: armed
-- Deadlines of other messages, which are set, or moved.
armed AS (
    INSERT INTO deadlines AS d (message_id, person_id, kind, ref, lane, due_at, visible_at)
    SELECT @ids[u.message], @ids[u.person], u.kind, @ids[u.ref], u.lane, @instants[u.due_at], @instants[u.due_at]
    FROM unnest(@message::text::integer[], @person::text::integer[], @kind::text::text[], @ref::text::integer[],
                @lane::text::smallint[], @due_at::text::integer[])
        AS u(message, person, kind, ref, lane, due_at)
    ON CONFLICT (message_id, person_id, kind, ref) DO UPDATE
    SET due_at = excluded.due_at, visible_at = excluded.due_at, fence = d.fence + 1, holder = NULL
)

-- name: disarmed
-- Deadlines that are taken away; one that is not there is no fault.
disarmed AS (
    DELETE FROM deadlines d
    USING unnest(@message::text::integer[], @person::text::integer[], @kind::text::text[], @ref::text::integer[])
        AS u(message, person, kind, ref)
    WHERE d.message_id = @ids[u.message] AND d.person_id = @ids[u.person] AND d.kind = u.kind AND d.ref = @ids[u.ref]
)

-- name: fact
-- Facts, behind the head of their chain.
fact AS (
    INSERT INTO facts (writer, seq, at, kind, message_id, person_id, device_id, body, hash)
    SELECT @writer, @seq + u.nth, @now, u.kind, @ids[u.message], @ids[u.person], @ids[u.device], u.body,
           substr(@hashes::bytea, 32 * u.nth::integer - 31, 32)
    FROM unnest(@kind::text::text[], @message::text::integer[], @person::text::integer[], @device::text::integer[],
                @body::text[])
        WITH ORDINALITY AS u(kind, message, person, device, body, nth)
    RETURNING 1
)

-- name: event
-- Events of inboxes. The counters are taken last, in the order of persons: `done` waits for everything before them.
-- By the person's place among the sorted ones: a join would compare every event with every person.
done AS (
    SELECT {before} AS n
), head AS (
    UPDATE inbox_heads h
    SET seq = h.seq + w.n
    FROM (SELECT @ids[u.person] AS person_id, u.n
          FROM unnest(@people::text::integer[], @counts::text::bigint[]) AS u(person, n), done WHERE done.n >= 0) w
    WHERE h.person_id = w.person_id
    RETURNING h.person_id, h.seq - w.n AS base
), heads AS (
    SELECT array_agg(head.person_id ORDER BY head.person_id) AS people,
           array_agg(head.base ORDER BY head.person_id) AS bases
    FROM head
), event AS (
    INSERT INTO inbox (person_id, seq, epoch, event, message_id, at)
    SELECT h.people[u.who], h.bases[u.who] + u.nth, @epoch, u.event, @ids[u.message], @now
    FROM heads h
    CROSS JOIN unnest(@who::text::integer[], @nth::text::bigint[], @event::text::text[], @message::text::integer[])
        AS u(who, nth, event, message)
    WHERE cardinality(h.people) = @persons
    RETURNING 1
)

-- name: attempt
-- The intents of outside channels, in the transaction of the stage that they belong to. A stage that begins
-- again (the last resort of a technical alarm) begins its attempt again.
INSERT INTO attempts (message_id, person_id, endpoint_id, stage, channel, intended_at)
SELECT u.*, $1 FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::smallint[], $6::text[]) AS u
ON CONFLICT (message_id, person_id, endpoint_id, stage)
DO UPDATE SET intended_at = excluded.intended_at, ended_at = NULL, outcome = NULL, detail = NULL

-- name: attempt_ended
-- The result of an attempt, if it is still claimed as it was: whoever was late with theirs changes nothing.
UPDATE attempts a SET ended_at = $1, outcome = u.outcome, detail = u.detail
FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::bigint[])
    AS u(message_id, person_id, endpoint_id, outcome, detail, fence)
WHERE a.message_id = u.message_id AND a.person_id = u.person_id AND a.endpoint_id = u.endpoint_id
  AND a.ended_at IS NULL
  AND EXISTS (SELECT FROM deadlines d WHERE d.message_id = u.message_id AND d.person_id = u.person_id
                                        AND d.kind = 'send' AND d.ref = u.endpoint_id AND d.fence = u.fence)

-- name: replanned
-- How people who are rung again are tried now: by other endpoints than when they were called.
UPDATE deliveries d SET plan = u.plan
FROM unnest($2::uuid[], $3::text[]) AS u(person_id, plan) WHERE d.message_id = $1 AND d.person_id = u.person_id

-- name: copied
-- A message is a copy of another.
INSERT INTO copies (copy_id, message_id, stored_at) VALUES ($1, $2, $3)

-- name: marked
-- What the escalation of somebody who is rung again waits for now.
UPDATE deliveries SET escalates = $3 WHERE message_id = $1 AND person_id = $2

-- name: response
-- What people answered, as their devices signed it.
INSERT INTO responses (message_id, person_id, device_id, digest, body, at)
SELECT u.*, $1 FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::bytea[], $6::bytea[]) AS u

-- name: turn_sooner
-- What was handed back may be somebody else's by now: the role it came through is looked at.
UPDATE deadlines SET visible_at = $1, fence = fence + 1
WHERE message_id = $2 AND kind = 'turn' AND visible_at > $1

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

-- name: notice_told
-- A person was told what concerns them.
DELETE FROM notices WHERE id = $1

-- name: ended_report
-- A source said *end* of what we have not heard of.
INSERT INTO ended_reports (source, source_key, ended_at) VALUES ($1, $2, $3)
ON CONFLICT (source, source_key) DO UPDATE SET ended_at = excluded.ended_at

-- name: stay
-- Where a patient is, if it is still as it was decided on. Has another moved it, the batch is decided anew.
WITH changed AS (
    INSERT INTO stays AS s (patient, authority, version, place_id, moves, changed_at, into_patient, into_authority)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (patient, authority) DO UPDATE
    SET version = excluded.version, place_id = excluded.place_id, moves = excluded.moves,
        changed_at = excluded.changed_at, into_patient = excluded.into_patient, into_authority = excluded.into_authority
    WHERE s.version = excluded.version - 1
    RETURNING 1
)
SELECT guard((SELECT count(*) FROM changed), 1)

-- name: canary
-- A canary of a way, with what is known of the last one that got through.
INSERT INTO canaries (channel, unit, message_id, person_id, sent_at, confirmed_at, took_s)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (channel, unit) DO UPDATE
SET message_id = excluded.message_id, person_id = excluded.person_id, sent_at = excluded.sent_at,
    confirmed_at = excluded.confirmed_at, took_s = excluded.took_s

-- name: alarm
-- Raise a technical alarm. Is it open already (index alarms_open), the batch is undone and decided anew: `alarm_again`.
INSERT INTO alarms (id, kind, subject, detail, message_id, raised_at, told_by) VALUES ($1, $2, $3, $4, $5, $6, $7)

-- name: alarm_again
-- An alarm that is open is raised once more. Was it cleared meanwhile, the batch is undone and decided anew.
WITH changed AS (
    UPDATE alarms SET times = times + 1, detail = $3, last_raised_at = $4
    WHERE kind = $1 AND subject = $2 AND cleared_at IS NULL
    RETURNING 1
)
SELECT guard((SELECT count(*) FROM changed), 1)

-- name: alarm_told
-- Somebody is at the desk now: this message rings for an alarm of which nobody was told.
UPDATE alarms SET told_by = $2, asked_at = $3 WHERE id = $1 AND told_by IS NULL

-- name: alarm_over
-- The cause of an alarm has gone by itself. Is it not open, the batch is undone and decided anew.
WITH changed AS (
    UPDATE alarms SET cleared_by = $3, cleared_why = $4, cleared_at = $5
    WHERE kind = $1 AND subject = $2 AND cleared_at IS NULL
    RETURNING 1
)
SELECT guard((SELECT count(*) FROM changed), 1)

-- name: alarm_taken
-- Somebody has accepted a message that rings for an alarm, the first or a later one of its thread: they see to it,
-- unless another one does already.
UPDATE alarms SET taken_by = $2, taken_at = $3
WHERE told_by = (SELECT thread_id FROM messages WHERE id = $1) AND cleared_at IS NULL AND taken_at IS NULL
