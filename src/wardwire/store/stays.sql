-- name: load
SELECT patient, authority, version, place_id, moves FROM stays WHERE patient = ANY($1::text[])
ORDER BY patient, authority

-- name: forget
-- Patients who have been out since before an instant; some at a time.
WITH old AS (
    DELETE FROM stays WHERE (patient, authority) IN
        (SELECT patient, authority FROM stays WHERE place_id IS NULL AND changed_at < $1 LIMIT $2) RETURNING 1
)
SELECT count(*) FROM old
