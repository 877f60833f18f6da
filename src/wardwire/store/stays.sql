-- name: load
-- The stays of some numbers, and those that they were merged into, one after the other.
WITH RECURSIVE found AS (
    SELECT patient, authority, version, place_id, moves, into_patient, into_authority
    FROM stays WHERE patient = ANY($1::text[])
    UNION
    SELECT s.patient, s.authority, s.version, s.place_id, s.moves, s.into_patient, s.into_authority
    FROM found f JOIN stays s ON s.patient = f.into_patient AND s.authority = f.into_authority
)
SELECT * FROM found ORDER BY patient, authority

-- name: about
-- Open alerts whose words, or those that their source has said since, have one of some numbers in them.
SELECT DISTINCT e.message_id
FROM escalations e
JOIN messages m ON m.id = e.message_id
JOIN unnest($1::text[]) AS n(number)
  ON position(convert_to(n.number, 'UTF8') IN m.content) > 0 OR position(n.number IN e.standing) > 0
WHERE e.closed_at IS NULL

-- name: forget
-- Patients who have been out since before an instant; some at a time. What was merged is kept for longer.
WITH old AS (
    DELETE FROM stays WHERE (patient, authority) IN
        (SELECT patient, authority FROM stays
         WHERE place_id IS NULL AND changed_at < CASE WHEN into_patient IS NULL THEN $1::timestamptz ELSE $3::timestamptz END LIMIT $2)
    RETURNING 1
)
SELECT count(*) FROM old
