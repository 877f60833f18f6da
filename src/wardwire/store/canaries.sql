-- name: flown
-- The last canary of each way. What got through: a device has confirmed it; of other channels, a provider has taken it.
SELECT c.channel, c.unit, c.message_id, c.sent_at,
       CASE WHEN c.channel = 'app' THEN d.delivered_at ELSE a.sent_at END AS through_at, c.confirmed_at, c.took_s
FROM canaries c
LEFT JOIN deliveries d ON d.message_id = c.message_id AND d.person_id = c.person_id
LEFT JOIN LATERAL (
    SELECT min(t.ended_at) AS sent_at FROM attempts t
    WHERE t.message_id = c.message_id AND t.person_id = c.person_id AND t.outcome = 'sent'
) a ON c.channel <> 'app'
ORDER BY c.channel, c.unit

-- name: forget
-- Ways that are proved no more.
DELETE FROM canaries c USING unnest($1::text[], $2::uuid[]) AS u(channel, unit)
WHERE c.channel = u.channel AND c.unit = u.unit
