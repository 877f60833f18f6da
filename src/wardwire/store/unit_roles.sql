-- name: put
INSERT INTO unit_roles (unit_id, function, role_id, version) VALUES ($1, $2, $3, $4)
ON CONFLICT (unit_id, function) DO UPDATE SET role_id = EXCLUDED.role_id, version = EXCLUDED.version
