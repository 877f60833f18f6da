-- name: put
-- A device's address; the same again changes nothing.
INSERT INTO push_subscriptions AS s (device_id, endpoint, p256dh, auth, since) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (device_id) DO UPDATE
SET endpoint = excluded.endpoint, p256dh = excluded.p256dh, auth = excluded.auth, since = excluded.since
WHERE (s.endpoint, s.p256dh, s.auth) IS DISTINCT FROM (excluded.endpoint, excluded.p256dh, excluded.auth)
RETURNING device_id

-- name: end
DELETE FROM push_subscriptions WHERE device_id = $1 RETURNING device_id
