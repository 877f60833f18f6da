-- name: read
-- The site's row, with the database's own clock beside it.
SELECT site_id, epoch, clock_offset_us, clock_step, clock_seen, clock_timestamp() AS wall FROM site

-- name: seen
-- How far the site's time has come: after a restart of everything it does not begin before this.
UPDATE site SET clock_seen = greatest(clock_seen, $1)

-- name: shift
-- Compare and set: of all cores that saw the step, one changes the offset, and the others read it.
UPDATE site SET clock_offset_us = $1, clock_step = clock_step + 1 WHERE clock_step = $2
RETURNING clock_step

-- name: probe
-- The durable no-op commit behind /readyz.
UPDATE site SET probe = probe + 1, probe_at = $1 RETURNING probe
