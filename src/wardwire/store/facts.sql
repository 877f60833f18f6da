-- name: append
-- Facts with their places in one writer's chain.
INSERT INTO facts (writer, seq, at, kind, message_id, person_id, device_id, body, hash)
SELECT $1, u.*
FROM unnest($2::bigint[], $3::timestamptz[], $4::text[], $5::uuid[], $6::uuid[], $7::uuid[], $8::text[],
            $9::bytea[]) AS u
