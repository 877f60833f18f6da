-- name: list
-- Devices with whose they are and how they stand, in the order of ids; what is NULL does not choose.
SELECT d.id, coalesce(d.person_id, '00000000-0000-0000-0000-000000000000') AS person_id,
       coalesce(p.name, '') AS person, d.name, coalesce(nullif(s.app, ''), d.app_version) AS app,
       d.group_id, g.name AS group_name, d.ownership, d.cost_centre, d.registered_at, d.revoked_at IS NOT NULL AS revoked,
       CASE WHEN d.order_confirmed_at IS NULL THEN d.ordered ELSE '' END AS ordered, d.version,
       s.heard_at, s.about_at, coalesce(s.kind, '') AS kind, coalesce(s.platform, '') AS platform,
       coalesce(s.model, '') AS model, coalesce(s.os, '') AS os, coalesce(s.carrier, '') AS carrier, s.battery, s.charging,
       d.turn, d.unit_id, u.name AS unit, d.held_until
FROM devices d
LEFT JOIN people p ON p.id = d.person_id
LEFT JOIN device_groups g ON g.id = d.group_id
LEFT JOIN places u ON u.id = d.unit_id
LEFT JOIN device_standing s ON s.device_id = d.id
WHERE d.id > $1
  AND ($2::uuid IS NULL OR d.id = $2)
  AND ($3::uuid IS NULL OR d.person_id = $3)
  AND ($4::uuid IS NULL OR d.group_id = $4)
  AND ($5::text IS NULL OR d.ownership = $5)
  AND ($6::text IS NULL OR d.cost_centre = $6)
  AND ($7::text IS NULL OR coalesce(s.platform, '') = $7)
  AND ($8::timestamptz IS NULL OR coalesce(s.heard_at, d.registered_at) < $8)
  AND ($9::uuid IS NULL OR d.unit_id = $9)
  AND ($10::text IS NULL OR $10 = CASE WHEN d.ordered <> '' AND d.order_confirmed_at IS NULL THEN 'lost'
                                     WHEN d.revoked_at IS NOT NULL THEN 'revoked' ELSE 'active' END)
ORDER BY d.id LIMIT $11

-- name: change
-- What is NULL stays; `$7`: the group is set, to none when `$6` is NULL. Not when it is of another version than `$8`.
UPDATE devices
SET name = coalesce($3, name), ownership = coalesce($4, ownership), cost_centre = coalesce($5, cost_centre),
    group_id = CASE WHEN $7 THEN $6 ELSE group_id END, version = $2
WHERE id = $1 AND ($8::bigint IS NULL OR version = $8)
RETURNING coalesce(person_id, '00000000-0000-0000-0000-000000000000')

-- name: exists
SELECT 1 FROM devices WHERE id = $1

-- name: note
-- Devices that were heard. Of several cores that say so one writes, unless another has been told something new.
INSERT INTO device_standing AS s (device_id, heard_at, about_at, kind, platform, model, os, app, carrier, battery,
                                  charging)
SELECT u.* FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[],
                       $8::text[], $9::text[], $10::smallint[], $11::boolean[]) AS u
ORDER BY 1
ON CONFLICT (device_id) DO UPDATE
SET heard_at = greatest(s.heard_at, excluded.heard_at),
    about_at = coalesce(excluded.about_at, s.about_at),
    kind     = CASE WHEN excluded.about_at IS NULL THEN s.kind ELSE excluded.kind END,
    platform = CASE WHEN excluded.about_at IS NULL THEN s.platform ELSE excluded.platform END,
    model    = CASE WHEN excluded.about_at IS NULL THEN s.model ELSE excluded.model END,
    os       = CASE WHEN excluded.about_at IS NULL THEN s.os ELSE excluded.os END,
    app      = CASE WHEN excluded.about_at IS NULL THEN s.app ELSE excluded.app END,
    carrier  = CASE WHEN excluded.about_at IS NULL THEN s.carrier ELSE excluded.carrier END,
    battery  = CASE WHEN excluded.about_at IS NULL THEN s.battery ELSE excluded.battery END,
    charging = CASE WHEN excluded.about_at IS NULL THEN s.charging ELSE excluded.charging END
WHERE excluded.about_at > coalesce(s.about_at, '-infinity') OR excluded.heard_at > s.heard_at + $12::interval

-- name: standing
-- Devices that are let in: how many there are, were heard since `$1`, were never heard, and are lost and have not obeyed.
SELECT count(*) FILTER (WHERE d.revoked_at IS NULL), count(*) FILTER (WHERE d.revoked_at IS NULL AND s.heard_at >= $1),
       count(*) FILTER (WHERE d.revoked_at IS NULL AND s.heard_at IS NULL),
       count(*) FILTER (WHERE d.ordered <> '' AND d.order_confirmed_at IS NULL)
FROM devices d LEFT JOIN device_standing s ON s.device_id = d.id
