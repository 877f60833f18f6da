-- name: count_open
SELECT count(*) FROM alarms WHERE cleared_at IS NULL

-- name: open
-- Kind and subject of each that is open.
SELECT kind, subject FROM alarms WHERE cleared_at IS NULL

-- name: claim_asks
-- The messages of alarms that nobody sees to and about which the desk was last asked before `$2` (NULL = never ask), of
-- alerts that nobody answers before `$3`; claimed by one asker.
UPDATE alarms SET asked_at = $1
WHERE cleared_at IS NULL AND taken_at IS NULL AND told_by IS NOT NULL
  AND greatest(raised_at, asked_at) <= CASE WHEN kind = 'unanswered' THEN $3::timestamptz ELSE $2::timestamptz END
RETURNING told_by

-- name: untold
-- Alarms that nobody sees to and of which nobody was told, because nobody was at the desk.
SELECT id, detail FROM alarms WHERE cleared_at IS NULL AND taken_at IS NULL AND told_by IS NULL

-- name: settled
-- Messages that still ring for alarms that were taken or cleared since an instant, and whether they were cleared.
SELECT a.told_by, a.cleared_at IS NOT NULL AS over
FROM alarms a
WHERE a.told_by IS NOT NULL AND greatest(a.taken_at, a.cleared_at) >= $1
  AND EXISTS (SELECT 1 FROM deliveries d WHERE d.message_id = a.told_by
              AND d.state IN ('pending', 'unreachable', 'delivered', 'read'))

-- name: was_raised
-- Whether one of this kind and subject was raised since an instant, open or not.
SELECT EXISTS (SELECT 1 FROM alarms WHERE kind = $1 AND subject = $2 AND raised_at >= $3)

-- name: list
-- Alarms that are open, or with `$1` all of them, the newest first.
SELECT id, kind, subject, detail, message_id, told_by, raised_at, taken_at, taken_by, cleared_at, cleared_by, cleared_why,
       times, last_raised_at
FROM alarms
WHERE ($1 OR cleared_at IS NULL) AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3

-- name: one
SELECT id, kind, subject, detail, message_id, told_by, raised_at, taken_at, taken_by, cleared_at, cleared_by, cleared_why,
       times, last_raised_at
FROM alarms WHERE id = $1

-- name: lock
-- One alarm, locked until its change is committed.
SELECT id, kind, subject, detail, message_id, told_by, raised_at, taken_at, taken_by, cleared_at, cleared_by, cleared_why,
       times, last_raised_at
FROM alarms WHERE id = $1 FOR UPDATE

-- name: take
UPDATE alarms SET taken_by = $2, taken_at = $3 WHERE id = $1

-- name: clear
UPDATE alarms SET cleared_by = $2, cleared_why = $3, cleared_at = $4 WHERE id = $1
