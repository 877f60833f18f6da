-- name: count_open
SELECT count(*) FROM alarms WHERE cleared_at IS NULL

-- name: list
-- Alarms that are open, or with `$1` all of them, the newest first.
SELECT id, kind, subject, detail, message_id, raised_at, cleared_at FROM alarms
WHERE $1 OR cleared_at IS NULL ORDER BY raised_at DESC LIMIT $2
