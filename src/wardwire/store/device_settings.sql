-- name: put_group
INSERT INTO device_groups (id, name, version) VALUES ($1, $2, $3)

-- name: change_group
UPDATE device_groups SET name = coalesce($2, name), version = $5,
       disabled_at = CASE WHEN $3 THEN coalesce(disabled_at, $4) WHEN $3 IS NULL THEN disabled_at END
WHERE id = $1 RETURNING id, name, disabled_at IS NOT NULL AS disabled

-- name: put_layer
INSERT INTO device_settings (scope, ref, layer, version) VALUES ($1, $2, $3, $4)
ON CONFLICT (scope, ref) DO UPDATE SET layer = excluded.layer, version = excluded.version

-- name: move
-- Devices that are not revoked come into a group, or into none.
UPDATE devices SET group_id = $2, version = $3 WHERE id = ANY($1::uuid[]) AND revoked_at IS NULL RETURNING id
