-- name: lock
-- A role, locked until the change of its schedule is committed.
SELECT id, name, fallback, disabled_at IS NOT NULL AS disabled, fallback_to, zone, layers, owners, swappers, viewers,
       monitors, calendar
FROM roles WHERE id = $1 FOR UPDATE

-- name: shifts
-- Its shifts that are not over; those of long ago change nothing.
SELECT id, role_id, person_id, starts_at, ends_at, version, override
FROM shifts WHERE role_id = $1 AND ends_at > $2 AND cancelled_at IS NULL

-- name: swaps
SELECT id, role_id, shift, giver, taker, shift_starts_at, shift_ends_at, starts_at, ends_at, state, version, said, moved
FROM swaps WHERE role_id = $1 AND state IN ('offered', 'accepted', 'asked')

-- name: swap
SELECT id, role_id, shift, giver, taker, shift_starts_at, shift_ends_at, starts_at, ends_at, state, version, said, moved
FROM swaps WHERE id = $1

-- name: set_rota
UPDATE roles SET zone = $2, layers = $3, version = $4 WHERE id = $1

-- name: set_people
UPDATE roles SET owners = $2, swappers = $3, viewers = $4, monitors = $5, version = $6 WHERE id = $1

-- name: set_calendar
UPDATE roles SET calendar = $2, version = $3 WHERE id = $1

-- name: import_shifts
-- Shifts of a calendar; an event that was imported before stays as it is.
INSERT INTO shifts (id, role_id, person_id, starts_at, ends_at, version, uid)
SELECT u.id, $2, u.person_id, u.starts_at, u.ends_at, $3, u.uid
FROM unnest($1::uuid[], $4::uuid[], $5::timestamptz[], $6::timestamptz[], $7::text[])
    AS u(id, person_id, starts_at, ends_at, uid)
ON CONFLICT (role_id, uid, starts_at) WHERE uid <> '' AND cancelled_at IS NULL DO NOTHING
RETURNING id, role_id, person_id, starts_at, ends_at, version, override

-- name: write_swap
INSERT INTO swaps (id, role_id, shift, giver, taker, shift_starts_at, shift_ends_at, starts_at, ends_at, state, version,
                   said, moved)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
ON CONFLICT (id) DO UPDATE
SET shift_starts_at = excluded.shift_starts_at, shift_ends_at = excluded.shift_ends_at,
    starts_at = excluded.starts_at, ends_at = excluded.ends_at, state = excluded.state, version = excluded.version,
    said = excluded.said, moved = excluded.moved

-- name: move_shift
UPDATE shifts SET starts_at = $2, ends_at = $3, person_id = $4, version = $5 WHERE id = $1 AND cancelled_at IS NULL

-- name: look_again
-- Alerts that go through a role are looked at when it changes hands now, not when it would have changed hands before.
UPDATE deadlines d SET visible_at = $2
FROM escalations e
WHERE d.kind = 'escalate' AND e.message_id = d.message_id AND e.closed_at IS NULL AND d.visible_at > $2
  AND strpos(e.standing, $1) > 0

-- name: turn_again
-- So are those that run without a policy.
UPDATE deadlines SET visible_at = $2, fence = fence + 1 WHERE kind = 'turn' AND ref = $1 AND visible_at > $2

-- name: add_notice
INSERT INTO notices (id, person_id, text) VALUES ($1, $2, $3)

-- name: arm_notice
INSERT INTO deadlines (message_id, person_id, kind, ref, lane, due_at, visible_at)
VALUES ($1, $2, $5, $3, 2, $4, $4)

-- name: notice
SELECT id, person_id, text FROM notices WHERE id = $1
