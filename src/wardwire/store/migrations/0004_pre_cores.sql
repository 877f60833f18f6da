-- The core processes of a site, each with its last sign of life. A row is a place, not a process: whoever is started
-- again takes the row of the one before.
CREATE TABLE wardwire.cores (
    name      text PRIMARY KEY,
    node      text NOT NULL,
    serves    text NOT NULL,
    version   text NOT NULL,
    since     timestamptz NOT NULL,
    beat_at   timestamptz NOT NULL,
    silent_at timestamptz,
    ended_at  timestamptz
) WITH (fillfactor = 50);
GRANT SELECT, INSERT, UPDATE, DELETE ON wardwire.cores TO wardwire_app;
GRANT SELECT ON wardwire.cores TO wardwire_readonly;
