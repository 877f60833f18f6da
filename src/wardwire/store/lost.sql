-- name: order
-- A device is lost: it is revoked, if it was not before, and has an order. A lock gives way to a wipe, never the other
-- way round; the same order again changes nothing.
WITH gone AS (DELETE FROM push_subscriptions WHERE device_id = $1)
UPDATE devices SET revoked_at = coalesce(revoked_at, $2), revoked_why = coalesce(revoked_why, $3), ordered = $4,
       ordered_at = $2, ordered_by = $5, order_told_at = NULL, order_confirmed_at = NULL, version = $6
WHERE id = $1 AND (ordered = '' OR (ordered = 'lock' AND $4 = 'wipe'))

-- name: told
-- The device was given its order, for the first time.
UPDATE devices SET order_told_at = $3 WHERE id = $1 AND ordered_at = $2 AND order_told_at IS NULL RETURNING coalesce(person_id, '00000000-0000-0000-0000-000000000000')

-- name: confirmed
-- The device says that it is done.
UPDATE devices SET order_confirmed_at = $3, order_told_at = coalesce(order_told_at, $3), version = $4
WHERE id = $1 AND ordered_at = $2 AND order_confirmed_at IS NULL RETURNING coalesce(person_id, '00000000-0000-0000-0000-000000000000')

-- name: one
SELECT id, coalesce(person_id, '00000000-0000-0000-0000-000000000000'), name, coalesce(revoked_why, ''), ordered, ordered_at, ordered_by, order_told_at,
       order_confirmed_at
FROM devices WHERE id = $1 AND ordered <> ''

-- name: ordered
-- Which of these devices are lost and have not obeyed, or have changed hands just now.
SELECT id FROM devices
WHERE id = ANY($1::uuid[]) AND ((ordered <> '' AND order_confirmed_at IS NULL) OR revoked_at IS NULL)

-- name: list
-- Lost devices, of one person or of all, the newest order first, after one of them.
SELECT id, coalesce(person_id, '00000000-0000-0000-0000-000000000000'), name, coalesce(revoked_why, ''), ordered, ordered_at, ordered_by, order_told_at,
       order_confirmed_at
FROM devices
WHERE ordered <> '' AND ($3::uuid IS NULL OR person_id = $3)
  AND ($1::uuid IS NULL OR (ordered_at, id) < (SELECT ordered_at, id FROM devices WHERE id = $1))
ORDER BY ordered_at DESC, id DESC LIMIT $2
