-- Escalations: the running workflow of each alert that has a policy, until a week after it was closed.

CREATE TABLE wardwire.escalations (
    message_id     uuid PRIMARY KEY,
    version        integer NOT NULL,
    state          text NOT NULL,
    priority       text NOT NULL,
    policy_id      uuid NOT NULL,
    policy_version bigint NOT NULL,
    policy         text NOT NULL,           -- the whole policy as it was when the alert began, JSON
    unit           uuid,
    bed            uuid,
    step           smallint NOT NULL,
    round          smallint NOT NULL,
    step_began_at  timestamptz NOT NULL,
    started_at     timestamptz NOT NULL,
    source         text NOT NULL,
    source_key     text NOT NULL,           -- the source's own name of the alert, or empty
    seen_at        timestamptz,             -- when the source last reported it
    drill          boolean NOT NULL,
    test           boolean NOT NULL,
    guarded        boolean NOT NULL,        -- not to be begun twice at its place
    standing       text NOT NULL,           -- whom it waits for, who has it, and since when, JSON
    closed_at      timestamptz,
    closed_why     text NOT NULL
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);
-- One open alert of a key of a source, and one running call of a policy at a place.
CREATE UNIQUE INDEX escalations_source_key ON wardwire.escalations (source, source_key)
    WHERE closed_at IS NULL AND source_key <> '';
CREATE UNIQUE INDEX escalations_guarded ON wardwire.escalations (policy_id, coalesce(bed, unit))
    WHERE closed_at IS NULL AND guarded;
CREATE INDEX escalations_closed ON wardwire.escalations (closed_at) WHERE closed_at IS NOT NULL;

-- A source said *end* of an alert that we had not heard of: its beginning, if it comes late, rings nobody.
CREATE TABLE wardwire.ended_reports (
    source     text NOT NULL,
    source_key text NOT NULL,
    ended_at   timestamptz NOT NULL,
    PRIMARY KEY (source, source_key)
);

-- Whether the escalation of a delivery's message waits for its answer (1), or for receipts as well (2).
ALTER TABLE wardwire.deliveries ADD COLUMN escalates smallint NOT NULL DEFAULT 0;

ALTER TABLE wardwire.endpoints DROP CONSTRAINT endpoints_kind_check;
ALTER TABLE wardwire.endpoints ADD CONSTRAINT endpoints_kind_check
    CHECK (kind IN ('email', 'pager', 'phone', 'sms', 'voice'));

GRANT SELECT, INSERT, UPDATE, DELETE ON wardwire.escalations, wardwire.ended_reports TO wardwire_app;
GRANT SELECT ON wardwire.escalations, wardwire.ended_reports TO wardwire_readonly;
