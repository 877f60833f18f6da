-- name: claim
-- Let one reader have a source for a while; nobody who reads it already is disturbed. `$5`: only if it was last tried by then.
INSERT INTO sources AS s (name, held_by, held_until, tried_at) VALUES ($1, $2, $4, $3)
ON CONFLICT (name) DO UPDATE SET held_by = $2, held_until = $4, tried_at = $3
WHERE (s.held_until IS NULL OR s.held_until <= $3) AND ($5::timestamptz IS NULL OR coalesce(s.tried_at <= $5, true))
RETURNING mark, whole_at

-- name: release
-- What is NULL stays as it is.
UPDATE sources
SET held_by = '', held_until = NULL, said = $3, mark = coalesce($4, mark), whole_at = coalesce($5, whole_at),
    done_at = coalesce($6, done_at), report = coalesce($7, report)
WHERE name = $1 AND held_by = $2

-- name: list
SELECT name, mark, whole_at, tried_at, done_at, said, held_until FROM sources ORDER BY name

-- name: report
SELECT report FROM sources WHERE name = $1
