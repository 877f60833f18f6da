-- name: lock
-- Somebody's preferences, locked until their change is committed.
SELECT owner, kind, profiles, zone, version FROM preferences WHERE owner = $1 FOR UPDATE

-- name: put
INSERT INTO preferences (owner, kind, profiles, zone, version) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (owner) DO UPDATE SET profiles = EXCLUDED.profiles, zone = EXCLUDED.zone, version = EXCLUDED.version
