-- name: lock
-- Devices that may open a session in their turn, with the one that they have. The share lock makes a revocation wait: whoever
-- revokes then sees the session, and its connection.
SELECT d.id AS device_id, s.session_id, s.client_nonce, s.opened_at, s.server_id, s.client_id, s.offset_ms,
       s.replaced, s.limited, s.turn
FROM unnest($1::uuid[], $2::bigint[]) AS k(id, turn)
JOIN devices d ON d.id = k.id AND d.turn = k.turn AND d.revoked_at IS NULL
LEFT JOIN sessions s ON s.device_id = d.id
ORDER BY d.id
FOR SHARE OF d

-- name: put
-- Open sessions; each takes the place of the one before.
INSERT INTO sessions AS s (device_id, session_id, client_nonce, opened_at, server_id, client_id, offset_ms, replaced,
                           limited, turn)
SELECT u.* FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::timestamptz[], $5::text[], $6::bigint[], $7::bigint[],
                       $8::bigint[], $9::boolean[], $10::bigint[]) AS u
ORDER BY 1
ON CONFLICT (device_id) DO UPDATE
SET session_id = excluded.session_id, client_nonce = excluded.client_nonce, opened_at = excluded.opened_at,
    server_id = excluded.server_id, client_id = excluded.client_id, offset_ms = excluded.offset_ms,
    replaced = excluded.replaced, limited = excluded.limited, turn = excluded.turn

-- name: load
-- The sessions of some devices.
SELECT device_id, session_id, client_nonce, opened_at, server_id, client_id, offset_ms, replaced, limited, turn
FROM sessions WHERE device_id = ANY($1::uuid[])

-- name: limited
-- Devices that are too old.
SELECT device_id FROM sessions WHERE limited
