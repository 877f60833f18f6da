-- Places, who has which bed, and escalation policies.

-- Units with their rooms and beds.
CREATE TABLE wardwire.places (
    id          uuid PRIMARY KEY,
    kind        text NOT NULL CHECK (kind IN ('unit', 'room', 'bed')),
    name        text NOT NULL CHECK (name <> ''),
    parent      uuid REFERENCES wardwire.places,
    policy      uuid,
    disabled_at timestamptz,
    version     bigint NOT NULL,
    CHECK ((kind = 'unit') = (parent IS NULL))
);
CREATE UNIQUE INDEX places_name ON wardwire.places (kind, lower(name)) WHERE disabled_at IS NULL;
CREATE INDEX places_version ON wardwire.places (version);

-- Who has a bed when; half-open [starts_at, ends_at), without an end until changed. The latest written of overlapping ones of a rank wins.
CREATE TABLE wardwire.assignments (
    id           uuid PRIMARY KEY,
    place_id     uuid NOT NULL REFERENCES wardwire.places,
    person_id    uuid NOT NULL REFERENCES wardwire.people,
    rank         text NOT NULL CHECK (rank IN ('primary', 'secondary', 'tertiary')),
    starts_at    timestamptz NOT NULL,
    ends_at      timestamptz,
    cancelled_at timestamptz,
    version      bigint NOT NULL,
    CHECK (starts_at < ends_at)
);
CREATE INDEX assignments_version ON wardwire.assignments (version);

-- Escalation policies as they are now; `version` is the directory's at their last change. `steps` is JSON.
CREATE TABLE wardwire.policies (
    id             uuid PRIMARY KEY,
    name           text NOT NULL CHECK (name <> ''),
    steps          text NOT NULL,
    loops          smallint NOT NULL DEFAULT 0,
    still_active_s double precision,
    ask_wait_s     double precision NOT NULL,
    disabled_at    timestamptz,
    version        bigint NOT NULL
);
CREATE UNIQUE INDEX policies_name ON wardwire.policies (lower(name)) WHERE disabled_at IS NULL;
CREATE INDEX policies_version ON wardwire.policies (version);
ALTER TABLE wardwire.places ADD CONSTRAINT places_policy_fkey FOREIGN KEY (policy) REFERENCES wardwire.policies;

-- What every policy ever was: written with each change, and never again.
CREATE TABLE wardwire.policy_versions (
    policy_id uuid NOT NULL REFERENCES wardwire.policies,
    version   bigint NOT NULL,
    steps     text NOT NULL,
    made_at   timestamptz NOT NULL,
    PRIMARY KEY (policy_id, version)
);

GRANT SELECT, INSERT, UPDATE ON wardwire.places, wardwire.assignments, wardwire.policies TO wardwire_app;
GRANT SELECT, INSERT ON wardwire.policy_versions TO wardwire_app;
GRANT SELECT ON wardwire.places, wardwire.assignments, wardwire.policies, wardwire.policy_versions TO wardwire_readonly;
