-- name: keep
-- What is answered to a request, with what it made.
INSERT INTO directory_requests (source, key, digest, answer, stored_at) VALUES ($1, $2, $3, $4, $5)

-- name: repeat
-- What was answered the first time. An UPDATE and not a SELECT: it waits for the standby as the first time did.
UPDATE directory_requests SET repeated_at = $3 WHERE source = $1 AND key = $2 RETURNING digest, answer

-- name: forget
-- Keys older than 90 days may come again as new.
DELETE FROM directory_requests WHERE (source, key) IN
    (SELECT source, key FROM directory_requests WHERE stored_at < $1 LIMIT $2)
