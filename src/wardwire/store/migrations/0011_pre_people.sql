-- What else is known of a person, their numbers in other systems, and sites with their buildings.

ALTER TABLE wardwire.people
    ADD COLUMN given_name  text NOT NULL DEFAULT '',
    ADD COLUMN family_name text NOT NULL DEFAULT '',
    ADD COLUMN preferred   text NOT NULL DEFAULT '',
    ADD COLUMN spoken      text NOT NULL DEFAULT '',
    ADD COLUMN sort_name   text NOT NULL DEFAULT '',
    ADD COLUMN departments text[] NOT NULL DEFAULT '{}',
    ADD COLUMN location    text NOT NULL DEFAULT '',
    ADD COLUMN languages   text[] NOT NULL DEFAULT '{}',
    ADD COLUMN photo       text NOT NULL DEFAULT '',
    ADD COLUMN phones      text[] NOT NULL DEFAULT '{}';

-- Who somebody is in another system: there nobody else bears this id. A change bumps the person's version.
CREATE TABLE wardwire.person_ids (
    source      text NOT NULL CHECK (source <> ''),
    external_id text NOT NULL CHECK (external_id <> ''),
    person_id   uuid NOT NULL REFERENCES wardwire.people,
    CONSTRAINT person_ids_of_nobody_else PRIMARY KEY (source, external_id),
    UNIQUE (person_id, source)
);

-- Sites and their buildings stand apart from units, rooms and beds: former code that reads places knows no other kind.
CREATE TABLE wardwire.areas (
    id          uuid PRIMARY KEY,
    kind        text NOT NULL CHECK (kind IN ('site', 'building')),
    name        text NOT NULL CHECK (name <> ''),
    parent      uuid REFERENCES wardwire.areas,
    zone        text NOT NULL DEFAULT '',
    disabled_at timestamptz,
    version     bigint NOT NULL,
    CHECK ((kind = 'site') = (parent IS NULL)),
    CHECK ((kind = 'site') = (zone <> ''))
);
CREATE UNIQUE INDEX areas_name ON wardwire.areas (kind, lower(name)) WHERE disabled_at IS NULL;
CREATE INDEX areas_version ON wardwire.areas (version);
ALTER TABLE wardwire.places ADD COLUMN area uuid REFERENCES wardwire.areas;

GRANT SELECT, INSERT, UPDATE ON wardwire.areas TO wardwire_app;
GRANT SELECT, INSERT, DELETE ON wardwire.person_ids TO wardwire_app;
GRANT SELECT ON wardwire.areas, wardwire.person_ids TO wardwire_readonly;
