-- What even the barest durable messenger writes: identity, message, delivery, and a dense inbox per person.
CREATE TABLE identities (
    source      text NOT NULL,
    external_id text NOT NULL,
    message_id  uuid NOT NULL,
    stored_at   timestamptz NOT NULL,
    repeated_at timestamptz,
    PRIMARY KEY (source, external_id)
);
CREATE TABLE messages (
    id        uuid PRIMARY KEY,
    source    text NOT NULL,
    content   bytea NOT NULL,
    stored_at timestamptz NOT NULL
);
CREATE TABLE deliveries (
    message_id   uuid NOT NULL,
    person_id    uuid NOT NULL,
    state        text NOT NULL,
    delivered_at timestamptz,
    PRIMARY KEY (message_id, person_id)
) WITH (fillfactor = 70);
CREATE TABLE inbox_heads (
    person_id uuid PRIMARY KEY,
    seq       bigint NOT NULL
) WITH (fillfactor = 30);
CREATE TABLE inbox (
    person_id  uuid NOT NULL,
    seq        bigint NOT NULL,
    event      text NOT NULL,
    message_id uuid NOT NULL,
    at         timestamptz NOT NULL,
    PRIMARY KEY (person_id, seq)
);
-- For W5: what is due when, to whom it is told, and until when nobody else may take it.
CREATE TABLE due (
    id         uuid PRIMARY KEY,
    device     text NOT NULL,
    visible_at timestamptz NOT NULL
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);
CREATE INDEX due_visible_at ON due (visible_at);
