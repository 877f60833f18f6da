-- Mapping tables of listeners, as the site has edited them: the newest of a listener is in force, and without one (or
-- where its text is null) the file that the settings name. Nothing of them is ever changed or removed.

CREATE TABLE wardwire.mapping_tables (
    listener text NOT NULL CHECK (length(listener) BETWEEN 1 AND 100),
    version  bigint NOT NULL,
    text     text CHECK (length(text) <= 20000),
    made_at  timestamptz NOT NULL,
    made_by  text NOT NULL,
    PRIMARY KEY (listener, version)
);

GRANT SELECT, INSERT ON wardwire.mapping_tables TO wardwire_app;
GRANT SELECT ON wardwire.mapping_tables TO wardwire_readonly;
