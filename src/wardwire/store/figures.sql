-- name: traffic
-- How many messages were stored in each slot, by priority: `$2` is the first instant, `$3` how long a slot is.
SELECT date_bin($3::interval, stored_at, $2) AS slot, priority, count(*) AS stored FROM messages
WHERE id >= $1 AND kind NOT IN ('canary', 'copy', 'test') AND source <> 'on paper'
GROUP BY slot, priority ORDER BY slot, priority

-- name: waits
-- How long the first confirmation of a device took, by slot and priority, in seconds from when the message was stored.
SELECT date_bin($3::interval, d.stored_at, $2) AS slot, d.priority, count(*) AS people,
       count(d.waited) AS reached,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY d.waited) AS half_s,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY d.waited) AS most_s
FROM (
    SELECT m.stored_at, d.priority, extract(epoch FROM d.delivered_at - m.stored_at) AS waited
    FROM deliveries d JOIN messages m ON m.id = d.message_id
    WHERE d.message_id >= $1 AND m.id >= $1 AND d.kind NOT IN ('canary', 'copy', 'test') AND m.source <> 'on paper'
) d
GROUP BY slot, d.priority ORDER BY slot, d.priority

-- name: responses
-- How soon people were reached and answered, by what `$3` names: `priority`, `role` (by which they were called), `unit`
-- (of the alert) or `day`. Drills and tests are not counted; unanswered counts those who were offered an answer. What was
-- made by hand is counted with the rest, and said.
SELECT d.key, count(*) AS people, count(d.delivered) AS reached, count(*) FILTER (WHERE d.asked) AS asked,
       count(d.responded) AS answered,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY d.delivered) AS delivered_half_s,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY d.delivered) AS delivered_most_s,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY d.responded) AS answered_half_s,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY d.responded) AS answered_most_s,
       count(*) FILTER (WHERE d.source = 'on paper') AS paper
FROM (
    SELECT CASE $3
               WHEN 'priority' THEN d.priority
               WHEN 'role' THEN coalesce(substring(d.why FROM 'rol_[0-9a-f]{32}'), '')
               WHEN 'unit' THEN coalesce(u.name, '')
               ELSE to_char(m.stored_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')
           END AS key,
           m.source, d.offered <> '' AS asked,
           extract(epoch FROM d.delivered_at - m.stored_at) AS delivered,
           extract(epoch FROM d.responded_at - m.stored_at) AS responded
    FROM deliveries d
    JOIN messages m ON m.id = d.message_id
    LEFT JOIN escalations e ON e.message_id = d.message_id
    LEFT JOIN places u ON u.id = e.unit
    WHERE d.message_id >= $1 AND d.message_id < $2 AND m.id >= $1 AND m.id < $2
      AND d.kind NOT IN ('canary', 'copy', 'test') AND NOT coalesce(e.test, false) AND NOT coalesce(e.drill, false)
) d
GROUP BY d.key ORDER BY d.key LIMIT 1000

-- name: usage
-- What was sent on each day (UTC), and by how many.
SELECT (stored_at AT TIME ZONE 'UTC')::date AS day, count(*) AS messages,
       count(*) FILTER (WHERE kind = 'alert') AS alerts, count(*) FILTER (WHERE kind = 'chat') AS chats,
       count(DISTINCT sender_person) AS senders, count(DISTINCT source) FILTER (WHERE sender_person IS NULL) AS systems
FROM messages
WHERE id >= $1 AND id < $2 AND kind NOT IN ('canary', 'copy', 'test')
GROUP BY day ORDER BY day
