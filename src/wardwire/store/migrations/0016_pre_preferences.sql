-- How a person, a group or a role wants to be tried: profiles, JSON; none = nothing is preferred any more.
CREATE TABLE wardwire.preferences (
    owner    uuid PRIMARY KEY,
    kind     text NOT NULL CHECK (kind IN ('per', 'grp', 'rol')),
    profiles text NOT NULL,
    zone     text NOT NULL DEFAULT '',
    version  bigint NOT NULL
);
CREATE INDEX preferences_version ON wardwire.preferences (version);
GRANT SELECT, INSERT, UPDATE ON wardwire.preferences TO wardwire_app;
GRANT SELECT ON wardwire.preferences TO wardwire_readonly;
