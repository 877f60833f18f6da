-- Messages :begin … as the product leaves them when everything was delivered. :count of them, one each :step s.
CREATE TEMP TABLE past AS
SELECT n, at, sender, recipient,
       (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(noise, 1, 3)
        || '8' || substr(noise, 4, 15))::uuid AS id,
       'n' || substr(noise, 8, 20) AS external_id,
       sha256(noise::bytea) AS digest
FROM (SELECT n, '2000-01-01Z'::timestamptz + (':begin'::timestamptz - '2000-01-01Z')
                + n * interval '1 second' * :step AS at,
             md5(n || ':begin') AS noise,
             md5('former' || (n * 7 + 3) % :people)::uuid AS sender,
             md5('former' || n % :people)::uuid AS recipient
      FROM generate_series(0, :count - 1) AS n) AS drawn
-- next
INSERT INTO people (id, name, version)
SELECT md5('former' || n)::uuid, 'Former nurse ' || n, (SELECT version FROM directory_head)
FROM generate_series(0, :people - 1) AS n ON CONFLICT DO NOTHING
-- next
INSERT INTO inbox_heads (person_id) SELECT md5('former' || n)::uuid FROM generate_series(0, :people - 1) AS n
ON CONFLICT DO NOTHING
-- next
INSERT INTO identities (source, external_id, message_id, digest, result, stored_at)
SELECT 'dev_' || replace(sender::text, '-', ''), external_id, id, digest,
       format('{"message":"msg_%s","thread":"thr_%s","at":"%s","durability":"degraded","recipient_count":1,'
              '"recipients":[{"person":"per_%s","name":"Former nurse","why":"named","reach":"device","tries":"app 30 s"}]}',
              replace(id::text, '-', ''), replace(id::text, '-', ''), at, replace(recipient::text, '-', '')), at
FROM past ORDER BY n
-- next
INSERT INTO messages (id, thread_id, kind, priority, source, external_id, sender_person, sender_device, content, stored_at)
SELECT id, id, 'alert', 'medium', 'dev_' || replace(sender::text, '-', ''), external_id, sender, sender,
       convert_to(format('{"t":"send","id":"%s","to":["per_%s"],"priority":"medium","text":"%s"}', external_id,
                         replace(recipient::text, '-', ''), repeat(substr(external_id, 1, 10), 30)), 'UTF8'), at
FROM past ORDER BY n
-- next
INSERT INTO deliveries (message_id, person_id, version, state, stage, plan, why, kind, priority, sender_person, offered,
                        delivered_at, delivered_by)
SELECT id, recipient, 2, 'delivered', 0, 'app:30', 'named', 'alert', 'medium', sender, '', at + interval '40 ms', recipient
FROM past ORDER BY n
-- next
INSERT INTO inbox (person_id, seq, epoch, event, message_id, at)
SELECT p.recipient, h.seq + p.n / :people + 1, 1, 'new', p.id, p.at
FROM past p JOIN inbox_heads h ON h.person_id = p.recipient ORDER BY p.n
-- next
UPDATE inbox_heads h SET seq = h.seq + c.count
FROM (SELECT recipient, count(*) FROM past GROUP BY 1) c WHERE h.person_id = c.recipient
-- next
INSERT INTO facts (writer, seq, at, kind, message_id, person_id, body, hash)
SELECT md5('writer' || n % 4 || ':begin')::uuid, n / 4 * 2 + kind, at + kind * interval '20 ms',
       (ARRAY['Stored', 'Delivered'])[kind], id, CASE kind WHEN 1 THEN sender ELSE recipient END,
       CASE kind WHEN 1 THEN
           format('{"source":"dev_%s","id":"%s","kind":"alert","priority":"medium","digest":"%s","content":"%s",'
                  '"proof":"%s","durability":"degraded","count":1,"recipients":[["%s","named","app:30"]]}',
                  replace(sender::text, '-', ''), external_id, encode(digest, 'hex'), encode(digest, 'hex'),
                  replace(encode(digest || digest, 'base64'), E'\n', ''), replace(recipient::text, '-', ''))
       ELSE format('{"by":"dev_%s","stage":0}', replace(recipient::text, '-', '')) END,
       digest
FROM past, generate_series(1, 2) AS kind ORDER BY n
-- next
DROP TABLE past
-- next
VACUUM (ANALYZE) identities, messages, deliveries, inbox, inbox_heads, facts
