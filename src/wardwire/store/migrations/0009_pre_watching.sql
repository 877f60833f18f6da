-- What watches the site and must be known after a restart, and to all cores.

-- An alarm that is raised again while it is open is counted, and rings nobody anew; as long as nobody has taken it,
-- the desk is asked again now and then.
ALTER TABLE wardwire.alarms
    ADD COLUMN times          integer NOT NULL DEFAULT 1,
    ADD COLUMN last_raised_at timestamptz,
    ADD COLUMN asked_at       timestamptz;

-- The last canary of each way: channel and unit (all zeros = of no unit). Not those before it.
CREATE TABLE wardwire.canaries (
    channel      text NOT NULL,
    unit         uuid NOT NULL,
    message_id   uuid NOT NULL,
    person_id    uuid NOT NULL,
    sent_at      timestamptz NOT NULL,
    confirmed_at timestamptz,            -- when the last one that got through was confirmed
    took_s       double precision,       -- and how long it took
    PRIMARY KEY (channel, unit)
) WITH (fillfactor = 50);

-- When each feed that is watched was last heard.
CREATE TABLE wardwire.feeds (
    name     text PRIMARY KEY,
    heard_at timestamptz NOT NULL
) WITH (fillfactor = 50);

-- What the auditor had open when it last looked, so that the next one looks at it again, however long nobody looked.
CREATE TABLE wardwire.audit_open (
    node     text PRIMARY KEY,
    upto     uuid NOT NULL,
    messages uuid[] NOT NULL,
    at       timestamptz NOT NULL
);

GRANT SELECT, INSERT, UPDATE, DELETE ON wardwire.canaries, wardwire.feeds TO wardwire_app;
GRANT SELECT ON wardwire.canaries, wardwire.feeds, wardwire.audit_open TO wardwire_readonly;
GRANT SELECT ON wardwire.audit_open TO wardwire_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON wardwire.audit_open TO wardwire_sealer;
