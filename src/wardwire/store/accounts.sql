-- name: get
SELECT a.id, a.person_id, a.login, a.roles, a.units, a.disabled_at IS NOT NULL AS disabled,
       s.password IS NOT NULL AS password, s.password_long AS long, s.totp_set AS second_factor
FROM accounts a JOIN account_secrets s ON s.account_id = a.id
WHERE a.id = $1

-- name: list
SELECT a.id, a.person_id, a.login, a.roles, a.units, a.disabled_at IS NOT NULL AS disabled,
       s.password IS NOT NULL AS password, s.password_long AS long, s.totp_set AS second_factor
FROM accounts a JOIN account_secrets s ON s.account_id = a.id
WHERE a.id > $1 AND ($2::text IS NULL OR a.login = $2) AND ($3::uuid IS NULL OR a.person_id = $3)
ORDER BY a.id LIMIT $4

-- name: add
WITH added AS (
    INSERT INTO accounts (id, person_id, login, roles, units, made_at) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id
)
INSERT INTO account_secrets (account_id) SELECT id FROM added

-- name: change
-- What is NULL stays; `disabled` true keeps the first time, false clears it.
UPDATE accounts
SET login = coalesce($2, login), roles = coalesce($3, roles), units = coalesce($4, units),
    disabled_at = CASE $5::boolean WHEN true THEN coalesce(disabled_at, $6::timestamptz) WHEN false THEN NULL
                  ELSE disabled_at END
WHERE id = $1

-- name: administrators
-- How many can sign in as one, beside the one that is named.
SELECT count(*) FROM accounts a JOIN account_secrets s ON s.account_id = a.id JOIN people p ON p.id = a.person_id
WHERE 'administrator' = ANY(a.roles) AND a.disabled_at IS NULL AND p.disabled_at IS NULL AND s.password IS NOT NULL
  AND a.id IS DISTINCT FROM $1

-- name: lock_administrators
SELECT pg_advisory_xact_lock(hashtext('administrators'))

-- name: administrators_among
-- Whose account is that of an administrator who could sign in if they were not disabled.
SELECT a.person_id FROM accounts a JOIN account_secrets s ON s.account_id = a.id
WHERE 'administrator' = ANY(a.roles) AND a.disabled_at IS NULL AND s.password IS NOT NULL
  AND a.person_id = ANY($1::uuid[])
ORDER BY a.person_id

-- name: person
SELECT name FROM people WHERE id = $1 AND disabled_at IS NULL

-- name: secrets_by_login
SELECT a.id, a.person_id, p.name, a.login, s.password, s.password_long, s.totp, s.totp_set, s.totp_used, s.recovery
FROM accounts a JOIN account_secrets s ON s.account_id = a.id JOIN people p ON p.id = a.person_id
WHERE a.login = $1 AND a.disabled_at IS NULL AND p.disabled_at IS NULL

-- name: secrets_by_external
-- Of whoever bears this id in another system.
SELECT a.id, a.person_id, p.name, a.login, s.password, s.password_long, s.totp, s.totp_set, s.totp_used, s.recovery
FROM person_ids i JOIN accounts a ON a.person_id = i.person_id JOIN account_secrets s ON s.account_id = a.id
JOIN people p ON p.id = a.person_id
WHERE i.source = $1 AND i.external_id = $2 AND a.disabled_at IS NULL AND p.disabled_at IS NULL

-- name: secrets
-- Nobody else changes them until the transaction ends: a code is used once.
SELECT a.id, a.person_id, p.name, a.login, s.password, s.password_long, s.totp, s.totp_set, s.totp_used, s.recovery
FROM accounts a JOIN account_secrets s ON s.account_id = a.id JOIN people p ON p.id = a.person_id
WHERE a.id = $1 AND a.disabled_at IS NULL AND p.disabled_at IS NULL FOR UPDATE OF a, s

-- name: set_password
UPDATE account_secrets SET password = $2, password_long = $3 WHERE account_id = $1

-- name: set_totp
UPDATE account_secrets SET totp = $2, totp_set = $3, totp_used = $4, recovery = $5 WHERE account_id = $1

-- name: add_code
-- One that is not used is worth nothing once another is issued.
WITH former AS (
    UPDATE account_codes SET expires_at = $3
    WHERE account_id IS NOT DISTINCT FROM $2 AND used_at IS NULL AND expires_at > $3
)
INSERT INTO account_codes (digest, account_id, made_at, expires_at) VALUES ($1, $2, $3, $4)

-- name: use_code
-- Of two who use a code one waits, and finds it used.
UPDATE account_codes SET used_at = $2 WHERE digest = $1 AND used_at IS NULL AND expires_at > $2
RETURNING account_id IS NULL AS first, account_id

-- name: first_codes
SELECT count(*) FROM account_codes WHERE account_id IS NULL

-- name: code
-- Whose names a password with this code must not contain.
SELECT c.account_id IS NULL AS first, a.login, p.name, coalesce(s.totp_set, false) AS totp_set
FROM account_codes c LEFT JOIN accounts a ON a.id = c.account_id LEFT JOIN people p ON p.id = a.person_id
LEFT JOIN account_secrets s ON s.account_id = a.id
WHERE c.digest = $1 AND c.used_at IS NULL AND c.expires_at > $2
