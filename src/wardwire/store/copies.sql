-- name: of
-- The copies of messages, each with the message that it is one of.
SELECT c.message_id AS original, m.id, m.thread_id, m.reply_to, m.kind, m.priority, m.source, m.external_id,
       m.sender_person, m.sender_device, m.content, m.expires_at, m.stored_at, m.ended_at, m.ended_why
FROM copies c JOIN messages m ON m.id = c.copy_id
WHERE c.message_id = ANY($1::uuid[]) ORDER BY c.message_id, m.id

-- name: originals
-- Of which messages some are copies.
SELECT copy_id, message_id FROM copies WHERE copy_id = ANY($1::uuid[])

-- name: forget
-- What was stored before an instant; some at a time.
DELETE FROM copies WHERE copy_id IN (SELECT copy_id FROM copies WHERE stored_at < $1 LIMIT $2)
