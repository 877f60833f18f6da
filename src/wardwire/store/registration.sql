-- name: person
-- Whose code or device it is to be; None when there is nobody, or somebody disabled.
SELECT name FROM people WHERE id = $1 AND disabled_at IS NULL

-- name: issue
-- A code, by its digest alone. One that is not used is worth nothing once another is issued.
WITH former AS (
    UPDATE registration_codes SET expires_at = $3 WHERE person_id = $2 AND used_at IS NULL AND expires_at > $3
)
INSERT INTO registration_codes (digest, person_id, expires_at) VALUES ($1, $2, $4)

-- name: code
-- A code, locked: of two who redeem it one waits, and finds it used.
SELECT digest, person_id, expires_at, used_at, device_id FROM registration_codes WHERE digest = $1 FOR UPDATE

-- name: use
UPDATE registration_codes SET used_at = $2, device_id = $3 WHERE digest = $1

-- name: add
INSERT INTO devices (id, person_id, name, app_version, nkey, x25519, registered_at, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)

-- name: device
-- A device that is not revoked.
SELECT id, coalesce(person_id, '00000000-0000-0000-0000-000000000000') AS person_id, nkey, x25519 FROM devices WHERE id = $1 AND revoked_at IS NULL

-- name: revoke
-- End a device; one that is revoked already stays as it was.
WITH gone AS (DELETE FROM push_subscriptions WHERE device_id = $1)
UPDATE devices SET revoked_at = $2, revoked_why = $3, version = $4 WHERE id = $1 AND revoked_at IS NULL
RETURNING coalesce(person_id, '00000000-0000-0000-0000-000000000000')

-- name: is_known
SELECT 1 FROM devices WHERE id = $1

-- name: of_person
-- The devices of a person, newest first, with what is known of their last session.
SELECT d.id, coalesce(d.person_id, '00000000-0000-0000-0000-000000000000') AS person_id, d.name, d.app_version, d.registered_at, d.revoked_at, s.opened_at, s.offset_ms, s.replaced
FROM devices d LEFT JOIN sessions s ON s.device_id = d.id
WHERE $1::uuid IS NULL OR d.person_id = $1
ORDER BY d.id DESC LIMIT $2
