-- name: of_message
-- The facts of one message, in the order of their instants. `$2` spares the tables of the days before it.
SELECT writer, seq, at, kind, person_id, device_id, body FROM facts
WHERE message_id = $1 AND at >= $2
ORDER BY at, writer, seq

-- name: of_message_beyond
-- The facts of one message since an instant that were not told yet: `$3` and `$4` are the last told number by writer.
SELECT f.writer, f.seq, f.at, f.kind, f.person_id, f.device_id, f.body
FROM facts f LEFT JOIN unnest($3::uuid[], $4::bigint[]) AS told (writer, seq) USING (writer)
WHERE f.message_id = $1 AND f.at >= $2 AND (told.seq IS NULL OR f.seq > told.seq)
ORDER BY f.at, f.writer, f.seq LIMIT $5

-- name: of_messages
-- The facts of some messages, in the order of their instants. `$2` spares the tables of the days before them.
SELECT writer, seq, at, kind, person_id, device_id, body, message_id FROM facts
WHERE message_id = ANY($1::uuid[]) AND at >= $2
ORDER BY at, writer, seq

-- name: beginnings
-- Where chains began: the node and lane of each writer.
SELECT writer, body FROM facts WHERE writer = ANY($1::uuid[]) AND seq = 1

-- name: chains
-- All facts of all chains, each chain in its order.
SELECT writer, seq, at, kind, message_id, person_id, device_id, body, hash FROM facts
WHERE at >= $1 ORDER BY writer, seq

-- name: count
-- How many there are to be read.
SELECT count(*) FROM facts WHERE at >= $1

-- name: signed_since
-- What devices have signed, of one chain, behind a place in it and up to another.
SELECT writer, seq, at, kind, message_id, person_id, device_id, body, hash
FROM facts f
WHERE f.writer = $1 AND f.seq > $2 AND f.seq <= $3
  AND f.kind = ANY($5::text[]) AND f.device_id IS NOT NULL
ORDER BY f.seq LIMIT $4

-- name: responses
-- What people answered, as signed.
SELECT message_id, digest, body FROM responses WHERE message_id = ANY($1::uuid[])

-- name: keys_of_devices
SELECT id, nkey FROM devices WHERE id = ANY($1::uuid[])

-- name: log
-- What is in a log, newest first, before a place in it: (at, writer, seq).
SELECT writer, seq, at, kind, message_id, person_id, device_id, body, hash FROM facts
WHERE at >= $1 AND at <= $2 AND (at, writer, seq) < ($2, $3::uuid, $4::bigint) AND kind = ANY($5::text[])
  AND ($6::uuid IS NULL OR person_id = $6)
ORDER BY at DESC, writer DESC, seq DESC LIMIT $7
