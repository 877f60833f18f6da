-- name: heard
-- When feeds were heard; the latest word of any core counts.
INSERT INTO feeds AS f (name, heard_at)
SELECT * FROM unnest($1::text[], $2::timestamptz[])
ON CONFLICT (name) DO UPDATE SET heard_at = greatest(f.heard_at, excluded.heard_at)

-- name: watched
-- A feed that is watched from now on counts as heard now.
INSERT INTO feeds (name, heard_at) SELECT name, $2 FROM unnest($1::text[]) AS u(name) ON CONFLICT (name) DO NOTHING

-- name: last
SELECT name, heard_at FROM feeds WHERE name = ANY($1::text[])
