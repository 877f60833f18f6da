-- name: add
INSERT INTO glass_broken (id, account_id, session_id, why, made_at, ends_at) VALUES ($1, $2, $3, $4, $5, $6)

-- name: end
UPDATE glass_broken SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL AND ends_at > $2 RETURNING account_id

-- name: get
SELECT g.id, g.account_id, a.person_id, g.why, g.made_at, g.ends_at, g.ended_at
FROM glass_broken g JOIN accounts a ON a.id = g.account_id WHERE g.id = $1

-- name: list
SELECT g.id, g.account_id, a.person_id, g.why, g.made_at, g.ends_at, g.ended_at
FROM glass_broken g JOIN accounts a ON a.id = g.account_id
WHERE g.id < $1 AND ($2::uuid IS NULL OR g.account_id = $2) ORDER BY g.id DESC LIMIT $3
