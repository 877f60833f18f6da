-- name: repeat
-- What was answered the first time. An UPDATE and not a SELECT: the repeat writes, so it waits for the standby
-- as the first time did, and cannot be answered from a row that a failover would take away.
UPDATE identities i SET repeated_at = $1
FROM unnest($2::text[], $3::text[]) AS u(source, external_id)
WHERE i.source = u.source AND i.external_id = u.external_id
RETURNING i.source, i.external_id, i.message_id, i.digest, i.result

-- name: result
-- What was answered the first time: only for telling the story.
SELECT result FROM identities WHERE source = $1 AND external_id = $2

-- name: forget_named
-- Those of one source whose names begin alike.
DELETE FROM identities WHERE source = $1 AND starts_with(external_id, $2) AND stored_at < $3

-- name: forget
-- Identities older than 90 days may come again as new.
DELETE FROM identities WHERE (source, external_id) IN
    (SELECT source, external_id FROM identities WHERE stored_at < $1 LIMIT $2)
