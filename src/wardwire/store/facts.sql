-- name: append
-- Facts with their places in one writer's chain.
INSERT INTO facts (writer, seq, at, kind, message_id, person_id, device_id, body, hash)
SELECT $1, $2 + u.nth, $3, u.kind, u.message_id, u.person_id, u.device_id, u.body, u.hash
FROM unnest($4::text[], $5::uuid[], $6::uuid[], $7::uuid[], $8::text[], $9::bytea[])
    WITH ORDINALITY AS u(kind, message_id, person_id, device_id, body, hash, nth)
