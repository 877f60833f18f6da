-- name: alerts
-- The alerts of some hours that escalated, in the order in which they were stored.
SELECT m.id, m.priority, m.source, m.content, m.stored_at, m.ended_at
FROM messages m
WHERE m.id >= $1 AND m.id < $2 AND m.kind = 'alert'
  AND EXISTS (SELECT 1 FROM facts f WHERE f.message_id = m.id AND f.at >= $3 AND f.kind IN ('Escalated', 'StepSkipped'))
ORDER BY m.id

-- name: assignments
-- Who had which bed in some hours, as it was written at last.
SELECT id, place_id, person_id, rank, starts_at, ends_at, version, cancelled_at IS NOT NULL AS cancelled
FROM assignments
WHERE cancelled_at IS NULL AND starts_at < $2 AND (ends_at IS NULL OR ends_at > $1)
