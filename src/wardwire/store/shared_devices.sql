-- name: lock
-- A device that is not revoked, as it stands.
SELECT id, person_id, turn, held_until, unit_id, wrong_badges, wrong_since
FROM devices WHERE id = $1 AND revoked_at IS NULL FOR UPDATE

-- name: turn
-- It goes to somebody, or to nobody: another turn.
UPDATE devices SET person_id = $2, held_until = $3, turn = turn + 1, version = $4, wrong_badges = 0, wrong_since = NULL,
       unit_id = coalesce($5, unit_id)
WHERE id = $1 RETURNING turn

-- name: end_session
DELETE FROM sessions WHERE device_id = $1

-- name: wrong
UPDATE devices SET wrong_badges = $2, wrong_since = $3 WHERE id = $1

-- name: due
-- Devices whose time is over.
SELECT id FROM devices WHERE held_until <= $1 ORDER BY held_until LIMIT $2

-- name: release
-- What was on its way to somebody's only device, or lay on it unread, goes on from here: a deadline each, due now.
INSERT INTO deadlines (message_id, person_id, kind, ref, lane, due_at, visible_at)
SELECT d.message_id, d.person_id, 'gone', $2, CASE d.priority WHEN 'code' THEN 0 WHEN 'high' THEN 1 ELSE 2 END, $3, $3
FROM (SELECT DISTINCT message_id FROM inbox WHERE person_id = $1 AND message_id >= $4) i
JOIN deliveries d ON d.message_id = i.message_id AND d.person_id = $1 AND d.message_id >= $4
WHERE (d.state = 'pending' OR (d.state = 'delivered' AND d.delivered_by = $2))
  AND NOT EXISTS (SELECT 1 FROM devices o WHERE o.person_id = $1 AND o.revoked_at IS NULL AND o.id <> $2)
ON CONFLICT (message_id, person_id, kind, ref) DO UPDATE SET visible_at = excluded.visible_at

-- name: badge
-- Whose badge it is; not of somebody disabled.
SELECT p.id FROM badges b JOIN people p ON p.id = b.person_id WHERE b.digest = $1 AND p.disabled_at IS NULL

-- name: put_badge
-- A person has one badge: another one takes its place.
INSERT INTO badges (digest, person_id, set_at, set_by) VALUES ($1, $2, $3, $4)
ON CONFLICT (person_id) DO UPDATE SET digest = excluded.digest, set_at = excluded.set_at, set_by = excluded.set_by

-- name: end_badge
DELETE FROM badges WHERE person_id = $1 RETURNING person_id

-- name: person
SELECT 1 FROM people WHERE id = $1 AND disabled_at IS NULL

-- name: unit
SELECT 1 FROM places WHERE id = $1 AND kind = 'unit' AND disabled_at IS NULL
