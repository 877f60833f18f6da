-- Where people come from: other directories, from which change of theirs a reading goes on, and who reads one now.
CREATE TABLE wardwire.sources (
    name       text PRIMARY KEY CHECK (name <> ''),
    mark       text NOT NULL DEFAULT '',
    whole_at   timestamptz,
    tried_at   timestamptz,
    done_at    timestamptz,
    said       text NOT NULL DEFAULT '',
    held_by    text NOT NULL DEFAULT '',
    held_until timestamptz
);
GRANT SELECT, INSERT, UPDATE ON wardwire.sources TO wardwire_app;
GRANT SELECT ON wardwire.sources TO wardwire_readonly;
