-- name: add
INSERT INTO account_sessions (id, account_id, secret, made_at, seen_at, address, agent)
VALUES ($1, $2, $3, $4, $4, $5, $6)

-- name: get
-- A session with whoever it is of, as they may now.
SELECT s.id, s.account_id, a.person_id, s.made_at, s.seen_at, s.address, s.agent,
       s.ended_at IS NOT NULL OR a.disabled_at IS NOT NULL OR p.disabled_at IS NOT NULL AS ended,
       s.secret, a.roles, a.units, p.scopes,
       (SELECT g.id FROM glass_broken g
        WHERE g.session_id = s.id AND g.ends_at > $2 AND g.ended_at IS NULL ORDER BY g.ends_at DESC LIMIT 1) AS broken
FROM account_sessions s JOIN accounts a ON a.id = s.account_id JOIN people p ON p.id = a.person_id
WHERE s.id = $1

-- name: seen
UPDATE account_sessions SET seen_at = $2 WHERE id = $1 AND seen_at < $2

-- name: list
SELECT s.id, s.account_id, a.person_id, s.made_at, s.seen_at, s.address, s.agent, false AS ended
FROM account_sessions s JOIN accounts a ON a.id = s.account_id
WHERE s.ended_at IS NULL AND s.seen_at > $3 AND s.made_at > $4 AND s.id > $1
  AND ($2::uuid IS NULL OR s.account_id = $2)
ORDER BY s.id LIMIT $5

-- name: end
UPDATE account_sessions SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL RETURNING account_id

-- name: end_all
UPDATE account_sessions SET ended_at = $2 WHERE account_id = $1 AND ended_at IS NULL AND id IS DISTINCT FROM $3
RETURNING id

-- name: forget
-- What ended long ago, by itself or not.
DELETE FROM account_sessions WHERE made_at < $1
