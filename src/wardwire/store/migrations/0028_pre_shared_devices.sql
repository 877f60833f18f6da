-- Shared devices: they belong to a unit and are taken by a person for a shift, by badge. `turn` counts who had it: 0 =
-- it is not shared. While nobody has it, it is nobody's.

ALTER TABLE wardwire.devices
    ALTER COLUMN person_id DROP NOT NULL,
    ADD COLUMN unit_id       uuid REFERENCES wardwire.places,
    ADD COLUMN turn          bigint NOT NULL DEFAULT 0,
    ADD COLUMN held_until    timestamptz,
    ADD COLUMN wrong_badges  integer NOT NULL DEFAULT 0,
    ADD COLUMN wrong_since   timestamptz,
    ADD CONSTRAINT devices_person CHECK (person_id IS NOT NULL OR turn > 0);
CREATE INDEX devices_held ON wardwire.devices (held_until) WHERE held_until IS NOT NULL;

ALTER TABLE wardwire.sessions ADD COLUMN turn bigint NOT NULL DEFAULT 0;

-- A badge is kept as a keyed digest (HMAC-SHA256 under a key of the site's) and nothing else.
CREATE TABLE wardwire.badges (
    digest    bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
    person_id uuid NOT NULL UNIQUE REFERENCES wardwire.people,
    set_at    timestamptz NOT NULL,
    set_by    text NOT NULL
);

GRANT SELECT, INSERT, UPDATE, DELETE ON wardwire.badges TO wardwire_app;
GRANT DELETE ON wardwire.sessions TO wardwire_app;
REVOKE ALL ON wardwire.badges FROM wardwire_readonly;
