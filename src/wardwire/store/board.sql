-- name: running
-- The worst of what escalates and is open: code before the rest, what nobody has before what somebody has, the oldest
-- first; with what counts its changes, and how many there are in all. $1: only of these units; NULL = of all.
WITH open AS MATERIALIZED (
    SELECT e.message_id, e.unit, e.version, count(*) OVER () AS total
    FROM escalations e
    WHERE e.closed_at IS NULL AND ($1::uuid[] IS NULL OR e.unit = ANY($1::uuid[]))
    ORDER BY array_position(ARRAY['code', 'high', 'medium', 'low'], e.priority), e.state = 'held', e.message_id
    LIMIT $2
)
SELECT o.message_id, o.unit, o.version + (SELECT coalesce(sum(d.version + 1), 0) FROM deliveries d
                                          WHERE d.message_id = o.message_id) AS changes, o.total
FROM open o

-- name: recent
-- Of the last $2 messages from an id on: the alerts that do not escalate and have not ended, the newest first.
SELECT m.id AS message_id, (SELECT coalesce(sum(d.version + 1), 0) FROM deliveries d
                            WHERE d.message_id = m.id) AS changes
FROM (SELECT id, kind, ended_at FROM messages WHERE id >= $1 ORDER BY id DESC LIMIT $2) m
WHERE m.kind = 'alert' AND m.ended_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM escalations e WHERE e.message_id = m.id)
ORDER BY m.id DESC LIMIT $3

-- name: closed
-- Why some escalations were closed; what was forgotten, or never was one, is left out.
SELECT message_id, closed_why FROM escalations WHERE message_id = ANY($1::uuid[]) AND closed_at IS NOT NULL

-- name: watchers
-- What the accounts of some people make of them.
SELECT person_id, roles, units FROM accounts WHERE person_id = ANY($1::uuid[]) AND disabled_at IS NULL

-- name: desk
-- Another text after each change of what the operators' desk is to see to. Of alarms: one raised is among the latest, and
-- is never open again once it was cleared; how many are taken, and how often those that are open were raised, only grows
-- until one of them is cleared. Of hand-overs: each is among the latest, and is over once.
SELECT concat_ws('.',
    (SELECT concat_ws('.', count(*), count(taken_at), coalesce(sum(times), 0)) FROM alarms WHERE cleared_at IS NULL),
    (SELECT count(*) FROM desk_handovers WHERE accepted_at IS NULL AND replaced_at IS NULL),
    md5(concat(
        (SELECT string_agg(id::text, ' ' ORDER BY id) FROM (SELECT id FROM alarms ORDER BY id DESC LIMIT 8) latest),
        (SELECT string_agg(id::text, ' ' ORDER BY id) FROM (SELECT id FROM desk_handovers ORDER BY id DESC LIMIT 4) latest)
    ))
) AS mark
