-- name: days
-- The days that have a table of deliveries of their own.
SELECT to_date(right(c.relname, 8), 'YYYYMMDD') AS day
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'wardwire.deliveries'::regclass AND c.relname ~ '_[0-9]{8}$'

-- name: make
-- Make the partitions of some days; returns how many were missing.
SELECT wardwire.make_partitions($1, $2)

-- name: strays
-- Rows that found no partition of their day: there must be none.
SELECT (SELECT count(*) FROM (SELECT 1 FROM messages_default LIMIT 1000) s)
     + (SELECT count(*) FROM (SELECT 1 FROM responses_default LIMIT 1000) s)
     + (SELECT count(*) FROM (SELECT 1 FROM inbox_default LIMIT 1000) s)
     + (SELECT count(*) FROM (SELECT 1 FROM facts_default LIMIT 1000) s)

-- name: open
-- Messages of a day that are not over: a deadline is armed.
SELECT count(*) FROM deadlines WHERE message_id >= $1 AND message_id < $2

-- name: detach
-- As the owner: take a day's tables away.
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'wardwire' AND c.relkind = 'r' AND c.relname ~ ('^(messages|deliveries|attempts|responses|inbox|facts)_' || $1 || '$')
