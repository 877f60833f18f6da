-- name: claim
-- Take what is due: the urgent lanes first, the oldest first. The claim is a lease: until `$3`, or `$6` for an attempt
-- on an outside channel, nobody else sees it.
-- It waits for no disk: lost in a crash it is as if it had never been made, and what is done under it commits after it.
-- But for such an attempt, which leaves the house before anything else is committed.
WITH claimed AS (
    UPDATE deadlines d SET visible_at = CASE d.kind WHEN 'send' THEN $6::timestamptz ELSE $3::timestamptz END, fence = d.fence + 1, holder = $4
    FROM (
        SELECT message_id, person_id, kind, ref FROM deadlines
        WHERE visible_at <= $1 AND lane = $5
        ORDER BY lane, visible_at LIMIT $2 FOR UPDATE SKIP LOCKED
    ) due
    WHERE d.message_id = due.message_id AND d.person_id = due.person_id AND d.kind = due.kind AND d.ref = due.ref
    RETURNING d.message_id, d.person_id, d.kind, d.ref, d.lane, d.due_at, d.fence, d.visible_at
), waits AS (
    SELECT set_config('synchronous_commit', CASE WHEN bool_or(kind = 'send') THEN 'on' ELSE 'off' END, true)
    FROM claimed
)
SELECT claimed.* FROM claimed CROSS JOIN waits

-- name: give_back
-- What could not be done falls due again soon, if it is still claimed as it was.
UPDATE deadlines d SET visible_at = $1, holder = NULL
FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::bigint[]) AS u(message_id, person_id, kind, ref, fence)
WHERE d.message_id = u.message_id AND d.person_id = u.person_id AND d.kind = u.kind AND d.ref = u.ref
  AND d.fence = u.fence AND d.holder = $7

-- name: next
-- When the next one of each lane falls due: the first entry of its index, however many are armed.
SELECT (SELECT min(visible_at) FROM deadlines WHERE lane = 0),
       (SELECT min(visible_at) FROM deadlines WHERE lane = 1),
       (SELECT min(visible_at) FROM deadlines WHERE lane = 2)

-- name: sooner
-- Somebody learned that waiting is useless (no responders): the deadline falls due now; without `whatever` only where
-- another stage follows (a plan's stages stand apart by blanks).
UPDATE deadlines d SET visible_at = $1
FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::boolean[]) AS u(message_id, person_id, ref, whatever)
WHERE d.message_id = u.message_id AND d.person_id = u.person_id AND d.kind = 'confirm' AND d.ref = u.ref
  AND d.visible_at > $1
  AND (u.whatever OR EXISTS (SELECT 1 FROM deliveries v WHERE v.message_id = u.message_id
                             AND v.person_id = u.person_id AND position(' ' IN v.plan) > 0))

-- name: count
-- How many are armed, and how many of them are late by more than an interval.
SELECT count(*) AS armed, count(*) FILTER (WHERE visible_at < $1) AS late FROM deadlines

-- name: leaving
-- The version of somebody's delivery, as long as the deadline by which they are let go is as it was claimed.
SELECT d.version FROM deadlines l JOIN deliveries d USING (message_id, person_id)
WHERE l.message_id = $1 AND l.person_id = $2 AND l.kind = 'leave' AND l.ref = $3 AND l.fence = $4
