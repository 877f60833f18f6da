-- What was answered to a request that made something of the directory, by the key that its sender gave it. Written
-- with what it made; kept 90 days. A secret is not in the answer that is kept.
CREATE TABLE wardwire.directory_requests (
    source      text NOT NULL,
    key         text NOT NULL,
    digest      bytea NOT NULL,
    answer      text NOT NULL,
    stored_at   timestamptz NOT NULL,
    repeated_at timestamptz,
    PRIMARY KEY (source, key)
);
CREATE INDEX directory_requests_stored_at ON wardwire.directory_requests (stored_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON wardwire.directory_requests TO wardwire_app;
GRANT SELECT ON wardwire.directory_requests TO wardwire_readonly;
