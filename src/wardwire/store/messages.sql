-- name: load
-- Messages, with what they say.
SELECT id, thread_id, reply_to, kind, priority, source, external_id, sender_person, sender_device, content,
       expires_at, stored_at, ended_at, ended_why
FROM messages WHERE id = ANY($1::uuid[])

-- name: sent_by
-- The newest messages of a source or person, before an id; canaries are none.
SELECT id, thread_id, reply_to, kind, priority, source, external_id, sender_person, sender_device, content,
       expires_at, stored_at, ended_at, ended_why
FROM messages
WHERE id < $1 AND ($2::text IS NULL OR source = $2) AND ($3::uuid IS NULL OR sender_person = $3)
  AND kind <> 'canary'
ORDER BY id DESC LIMIT $4

-- name: fanout
SELECT people, whys, done FROM fanouts WHERE message_id = $1
