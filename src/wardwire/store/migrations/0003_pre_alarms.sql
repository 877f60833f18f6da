-- A technical alarm has a life of its own: raised, taken by a person, cleared; and it is known which message rings for it.
ALTER TABLE wardwire.alarms
    ADD COLUMN told_by    uuid,
    ADD COLUMN taken_at   timestamptz,
    ADD COLUMN taken_by   text,
    ADD COLUMN cleared_by text,
    ADD COLUMN cleared_why text;
CREATE INDEX alarms_told_by ON wardwire.alarms (told_by) WHERE cleared_at IS NULL;
