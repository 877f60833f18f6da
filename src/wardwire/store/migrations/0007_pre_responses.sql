-- What people answered, byte for byte as their devices signed it: content, kept as long as its message. The fact of an
-- answer holds the digest of these bytes with the signature, so that both can be checked again.
CREATE TABLE wardwire.responses (
    message_id uuid NOT NULL,
    person_id  uuid NOT NULL,
    device_id  uuid NOT NULL,
    at         timestamptz NOT NULL,
    digest     bytea NOT NULL,
    body       bytea NOT NULL
) PARTITION BY RANGE (message_id);
CREATE INDEX responses_message ON wardwire.responses (message_id);
CREATE TABLE wardwire.responses_default PARTITION OF wardwire.responses DEFAULT;
GRANT SELECT, INSERT ON wardwire.responses TO wardwire_app;
GRANT SELECT ON wardwire.responses_default TO wardwire_app;
GRANT SELECT ON wardwire.responses, wardwire.responses_default TO wardwire_readonly;

-- As before, with one table more a day.
CREATE OR REPLACE FUNCTION wardwire.make_partitions(first date, days integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = wardwire, pg_temp AS $$
DECLARE
    day date;
    made integer := 0;
    name text;
    parent text;
    low text;
    high text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('wardwire.make_partitions'));
    FOR day IN SELECT first + n FROM generate_series(0, days - 1) AS n LOOP
        FOREACH parent IN ARRAY ARRAY['messages', 'deliveries', 'attempts', 'responses', 'inbox', 'facts'] LOOP
            name := parent || '_' || to_char(day, 'YYYYMMDD');
            CONTINUE WHEN to_regclass('wardwire.' || name) IS NOT NULL;
            IF parent IN ('inbox', 'facts') THEN
                low := quote_literal(day::text || ' 00:00:00+00');
                high := quote_literal((day + 1)::text || ' 00:00:00+00');
            ELSE
                low := quote_literal(first_id_of(day)::text);
                high := quote_literal(first_id_of(day + 1)::text);
            END IF;
            EXECUTE format('CREATE TABLE wardwire.%I PARTITION OF wardwire.%I FOR VALUES FROM (%s) TO (%s)%s',
                           name, parent, low, high,
                           CASE WHEN parent = 'deliveries' THEN ' WITH (fillfactor = 75)' ELSE '' END);
            -- The path changes a day's deliveries by their own table's name: no cost per kept day.
            IF parent = 'deliveries' THEN
                EXECUTE format('GRANT SELECT, UPDATE ON wardwire.%I TO wardwire_app', name);
            END IF;
            made := made + 1;
        END LOOP;
    END LOOP;
    RETURN made;
END $$;
