-- What statuses mean at this site; a status without a row, or with NULL, means what is usual (model/coverage.py).
CREATE TABLE wardwire.status_meanings (
    status  text PRIMARY KEY CHECK (status <> ''),
    rings   text[],
    covered text[],
    version bigint NOT NULL,
    CHECK ((rings IS NULL) = (covered IS NULL))
);
CREATE INDEX status_meanings_version ON wardwire.status_meanings (version);
GRANT SELECT, INSERT, UPDATE ON wardwire.status_meanings TO wardwire_app;
GRANT SELECT ON wardwire.status_meanings TO wardwire_readonly;
