-- name: add
INSERT INTO api_keys (id, source, secret, scopes, made_at, version) VALUES ($1, $2, $3, $4, $5, $6)

-- name: revoke
UPDATE api_keys SET revoked_at = coalesce(revoked_at, $2), version = $3 WHERE id = $1
RETURNING id, source, secret, scopes, true AS revoked
