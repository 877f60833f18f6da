-- name: challenge
-- At most $5 of one address at a time; what is too old goes.
WITH gone AS (DELETE FROM passkey_challenges WHERE expires_at <= $3)
INSERT INTO passkey_challenges (digest, account_id, address, expires_at)
SELECT $1, $2, $6, $4
WHERE (SELECT count(*) FROM passkey_challenges WHERE address = $6 AND expires_at > $3) < $5
RETURNING true

-- name: use_challenge
-- Used once, whatever comes of it. NULL: of a sign-in.
DELETE FROM passkey_challenges WHERE digest = $1 AND expires_at > $2 RETURNING account_id

-- name: add
INSERT INTO passkeys (id, number, account_id, public_key, sign_count, name, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7)

-- name: list
SELECT id, number, account_id, public_key, sign_count, name, made_at, used_at FROM passkeys
WHERE account_id = $1 ORDER BY number

-- name: lock
-- Nobody else uses it until the transaction ends: its counter rises once.
SELECT id, number, account_id, public_key, sign_count, name, made_at, used_at FROM passkeys WHERE id = $1 FOR UPDATE

-- name: used
UPDATE passkeys SET sign_count = $2, used_at = $3 WHERE id = $1

-- name: name
UPDATE passkeys SET name = $3 WHERE account_id = $1 AND number = $2 RETURNING name

-- name: remove
DELETE FROM passkeys WHERE account_id = $1 AND ($2::uuid IS NULL OR number = $2) RETURNING name

-- name: count
SELECT count(*) FROM passkeys WHERE account_id = $1
