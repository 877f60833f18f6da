-- name: load
SELECT whom, wrong, until, spent, at, known FROM guesses WHERE whom = ANY($1::bytea[])

-- name: lock
SELECT whom, wrong, until, spent, at, known FROM guesses WHERE whom = ANY($1::bytea[]) ORDER BY whom FOR UPDATE

-- name: write
INSERT INTO guesses (whom, wrong, until, spent, at, known)
SELECT * FROM unnest($1::bytea[], $2::integer[], $3::timestamptz[], $4::double precision[], $5::timestamptz[],
                     $6::boolean[])
ON CONFLICT (whom) DO UPDATE
SET wrong = excluded.wrong, until = excluded.until, spent = excluded.spent, at = excluded.at, known = excluded.known

-- name: forget
DELETE FROM guesses WHERE whom = ANY($1::bytea[])

-- name: trim
-- What is long ago, and beyond so many of those who are not known the longest silent; what somebody else is changing
-- now is not old.
DELETE FROM guesses WHERE whom IN (
    SELECT whom FROM guesses
    WHERE (known AND at <= $1) OR (NOT known AND at <= $2) OR (NOT known AND at <= (
        SELECT at FROM guesses WHERE NOT known ORDER BY at DESC OFFSET $3 LIMIT 1))
    LIMIT 1000 FOR UPDATE SKIP LOCKED)
