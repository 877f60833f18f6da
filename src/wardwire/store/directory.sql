-- name: version
-- The newest version of the directory.
SELECT version FROM directory_head

-- name: next_version
-- Begin a change of the directory: one at a time, so that the version is dense.
UPDATE directory_head SET version = version + 1 RETURNING version

-- name: people
SELECT id, name, title, status, status_until, scopes, disabled_at IS NOT NULL AS disabled, version, in_procedure,
       cover, status_since,
       given_name, family_name, preferred, spoken, sort_name, departments, location, languages, photo, phones,
       ARRAY(SELECT source || ' ' || external_id FROM person_ids i WHERE i.person_id = p.id ORDER BY source) AS ids
FROM people p WHERE version > $1

-- name: endpoints
SELECT id, person_id, kind, address, verified_at, emergency_only, until_at, quiet, disabled_at IS NOT NULL AS disabled
FROM endpoints WHERE version > $1

-- name: devices
-- A shared device that nobody has is of the person 0 (model/shared_device.py).
SELECT id, coalesce(person_id, '00000000-0000-0000-0000-000000000000') AS person_id, name, app_version, nkey, x25519, revoked_at IS NOT NULL AS revoked,
       CASE WHEN order_confirmed_at IS NULL THEN ordered ELSE '' END AS ordered, ordered_at,
       group_id, turn, unit_id, held_until
FROM devices WHERE version > $1

-- name: device_groups
SELECT id, name, disabled_at IS NOT NULL AS disabled FROM device_groups WHERE version > $1

-- name: device_settings
SELECT scope, ref, layer FROM device_settings WHERE version > $1

-- name: groups
SELECT id, name, members, within, rule, disabled_at IS NOT NULL AS disabled FROM groups WHERE version > $1

-- name: roles
SELECT id, name, fallback, disabled_at IS NOT NULL AS disabled, fallback_to, zone, layers, owners, swappers, viewers,
       monitors, calendar
FROM roles WHERE version > $1

-- name: shifts
SELECT id, role_id, person_id, starts_at, ends_at, version, override, cancelled_at IS NOT NULL AS cancelled
FROM shifts WHERE version > $1

-- name: swaps
SELECT id, role_id, shift, giver, taker, shift_starts_at, shift_ends_at, starts_at, ends_at, state, version, said, moved
FROM swaps WHERE version > $1

-- name: keys
SELECT id, source, secret, scopes, revoked_at IS NOT NULL AS revoked FROM api_keys WHERE version > $1

-- name: places
-- A unit stands in an area: a site, or a building of one.
SELECT id, kind, name, parent, NULL::uuid AS policy, zone, disabled_at IS NOT NULL AS disabled, version
FROM areas WHERE version > $1
UNION ALL
SELECT id, kind, name, coalesce(parent, area), policy, '', disabled_at IS NOT NULL, version
FROM places WHERE version > $1

-- name: assignments
SELECT id, place_id, person_id, rank, starts_at, ends_at, version, cancelled_at IS NOT NULL AS cancelled
FROM assignments
WHERE version > $1 AND (ends_at IS NULL OR ends_at > (SELECT clock_seen FROM site) - interval '2 days')

-- name: policies
SELECT id, name, steps, loops, still_active_s, ask_wait_s, version, disabled_at IS NOT NULL AS disabled
FROM policies WHERE version > $1

-- name: unit_roles
SELECT unit_id, function, role_id FROM unit_roles WHERE version > $1

-- name: preferences
SELECT owner, kind, profiles, zone, version FROM preferences WHERE version > $1

-- name: status_meanings
SELECT status, rings, covered, version FROM status_meanings WHERE version > $1
