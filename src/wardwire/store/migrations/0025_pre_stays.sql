-- Where patients are, by what an admission system says (HL7 ADT): a number, a place, and the last movements as JSON.
-- `place_id` NULL = out, or somewhere that nobody has entered. `version` guards every change.
CREATE TABLE wardwire.stays (
    patient    text NOT NULL CHECK (patient <> ''),
    authority  text NOT NULL,
    version    bigint NOT NULL,
    place_id   uuid,
    moves      text NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (patient, authority)
);
CREATE INDEX stays_out ON wardwire.stays (changed_at) WHERE place_id IS NULL;
GRANT SELECT, INSERT, UPDATE, DELETE ON wardwire.stays TO wardwire_app;
