-- The foundation: who there is, what was said, who must get it, by when, and what happened.
--
-- Laid out so that the cost of a message does not grow with history: messages, deliveries, attempts, inbox and
-- facts are cut by day and archived by dropping a partition; deadlines holds only what is still to come.
-- No foreign keys on the tables of the hot path: a partition must be droppable, and every row there is written
-- by one statement of one batch (store/batch.sql), which is their guard.

CREATE SCHEMA IF NOT EXISTS wardwire;
GRANT USAGE ON SCHEMA wardwire TO wardwire_app, wardwire_sealer, wardwire_readonly;
ALTER DEFAULT PRIVILEGES IN SCHEMA wardwire GRANT SELECT ON TABLES TO wardwire_readonly;

-- The site ------------------------------------------------------------------------------------------------------

-- One row. `epoch` rises when another PostgreSQL timeline opens service: every cursor carries it.
CREATE TABLE wardwire.site (
    only_row        boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    site_id         uuid NOT NULL,
    epoch           bigint NOT NULL DEFAULT 1,
    timeline        bigint NOT NULL DEFAULT 0,
    -- Site time = the database's clock + offset_us; changed by compare-and-set only (store/site.sql).
    clock_offset_us bigint NOT NULL DEFAULT 0,
    clock_step      bigint NOT NULL DEFAULT 0,
    clock_seen      timestamptz NOT NULL,
    -- Written by the prober once a second: the durable no-op commit behind /readyz.
    probe           bigint NOT NULL DEFAULT 0,
    probe_at        timestamptz
);

-- Directory -----------------------------------------------------------------------------------------------------

-- Dense counter of directory changes: taken inside the changing transaction, so a reader that holds version n
-- has seen every change up to n (a sequence would not promise that).
CREATE TABLE wardwire.directory_head (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    version  bigint NOT NULL
);
INSERT INTO wardwire.directory_head (version) VALUES (0);

CREATE TABLE wardwire.people (
    id           uuid PRIMARY KEY,
    name         text NOT NULL CHECK (name <> ''),
    title        text NOT NULL DEFAULT '',
    status       text NOT NULL DEFAULT 'available'
                 CHECK (status IN ('available', 'busy', 'do_not_disturb', 'off')),
    status_until timestamptz,
    scopes       text[] NOT NULL DEFAULT '{}',
    disabled_at  timestamptz,
    version      bigint NOT NULL
);
CREATE INDEX people_version ON wardwire.people (version);
CREATE INDEX people_name ON wardwire.people (lower(name));

CREATE TABLE wardwire.endpoints (
    id          uuid PRIMARY KEY,
    person_id   uuid NOT NULL REFERENCES wardwire.people,
    kind        text NOT NULL CHECK (kind IN ('email')),
    address     text NOT NULL CHECK (address <> ''),
    disabled_at timestamptz,
    version     bigint NOT NULL
);
CREATE INDEX endpoints_version ON wardwire.endpoints (version);

-- An app endpoint is a device: its public keys, made on the device. The server never holds a private one.
CREATE TABLE wardwire.devices (
    id            uuid PRIMARY KEY,
    person_id     uuid NOT NULL REFERENCES wardwire.people,
    name          text NOT NULL,
    app_version   text NOT NULL DEFAULT '',
    nkey          text NOT NULL UNIQUE,
    x25519        bytea NOT NULL CHECK (octet_length(x25519) = 32),
    registered_at timestamptz NOT NULL,
    revoked_at    timestamptz,
    revoked_why   text,
    version       bigint NOT NULL
);
CREATE INDEX devices_version ON wardwire.devices (version);

CREATE TABLE wardwire.groups (
    id          uuid PRIMARY KEY,
    name        text NOT NULL CHECK (name <> ''),
    members     uuid[] NOT NULL DEFAULT '{}' CHECK (cardinality(members) <= 10000),
    disabled_at timestamptz,
    version     bigint NOT NULL
);
CREATE UNIQUE INDEX groups_name ON wardwire.groups (lower(name)) WHERE disabled_at IS NULL;
CREATE INDEX groups_version ON wardwire.groups (version);

CREATE TABLE wardwire.roles (
    id          uuid PRIMARY KEY,
    name        text NOT NULL CHECK (name <> ''),
    fallback    uuid REFERENCES wardwire.people,
    disabled_at timestamptz,
    version     bigint NOT NULL
);
CREATE UNIQUE INDEX roles_name ON wardwire.roles (lower(name)) WHERE disabled_at IS NULL;
CREATE INDEX roles_version ON wardwire.roles (version);

-- Who holds a role when; half-open [starts_at, ends_at). The latest written of overlapping shifts wins.
CREATE TABLE wardwire.shifts (
    id           uuid PRIMARY KEY,
    role_id      uuid NOT NULL REFERENCES wardwire.roles,
    person_id    uuid NOT NULL REFERENCES wardwire.people,
    starts_at    timestamptz NOT NULL,
    ends_at      timestamptz NOT NULL,
    cancelled_at timestamptz,
    version      bigint NOT NULL,
    CHECK (starts_at < ends_at)
);
CREATE INDEX shifts_version ON wardwire.shifts (version);

CREATE TABLE wardwire.api_keys (
    id         uuid PRIMARY KEY,
    source     text NOT NULL CHECK (source <> ''),
    secret     bytea NOT NULL CHECK (octet_length(secret) = 32),
    scopes     text[] NOT NULL,
    made_at    timestamptz NOT NULL,
    revoked_at timestamptz,
    version    bigint NOT NULL
);
CREATE INDEX api_keys_version ON wardwire.api_keys (version);

CREATE TABLE wardwire.registration_codes (
    digest     bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
    person_id  uuid NOT NULL REFERENCES wardwire.people,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz,
    device_id  uuid
);

-- The session of a device: opened by its signed hello; any core can check its frames by this row.
CREATE TABLE wardwire.sessions (
    device_id    uuid PRIMARY KEY REFERENCES wardwire.devices,
    session_id   uuid NOT NULL,
    client_nonce bytea NOT NULL,
    opened_at    timestamptz NOT NULL,
    server_id    text NOT NULL,
    client_id    bigint NOT NULL,
    offset_ms    bigint NOT NULL,
    replaced     bigint NOT NULL DEFAULT 0,
    limited      boolean NOT NULL DEFAULT false  -- speaks an old protocol: gets `code` and nothing else
) WITH (fillfactor = 70);

-- The message path ----------------------------------------------------------------------------------------------

-- (source, external_id) -> what was answered the first time. Kept 90 days. Narrow, and its ids sort by time
-- within a source, so that inserts stay on few pages however many are stored.
CREATE TABLE wardwire.identities (
    source      text NOT NULL,
    external_id text NOT NULL,
    message_id  uuid NOT NULL,
    digest      bytea NOT NULL,
    result      text NOT NULL,
    stored_at   timestamptz NOT NULL,
    repeated_at timestamptz,
    PRIMARY KEY (source, external_id)
) WITH (fillfactor = 95);
CREATE INDEX identities_stored_at ON wardwire.identities USING brin (stored_at);

-- What was said. Written once; only the end is added. `content` is the sender's own statement as bytes,
-- `content_scheme` 0 = as stated (JSON, UTF-8); other numbers are left for sealed forms.
CREATE TABLE wardwire.messages (
    id             uuid NOT NULL,
    thread_id      uuid NOT NULL,
    reply_to       uuid,
    kind           text NOT NULL,
    priority       text NOT NULL,
    source         text NOT NULL,
    external_id    text NOT NULL,
    sender_person  uuid,
    sender_device  uuid,
    content        bytea NOT NULL,
    content_scheme smallint NOT NULL DEFAULT 0,
    expires_at     timestamptz,
    stored_at      timestamptz NOT NULL,
    ended_at       timestamptz,
    ended_why      text,
    PRIMARY KEY (id)
) PARTITION BY RANGE (id);

-- Message x person, and where it stands (model/delivery.py). `version` guards every change: a writer that
-- decided on an older one changes nothing.
CREATE TABLE wardwire.deliveries (
    message_id     uuid NOT NULL,
    person_id      uuid NOT NULL,
    version        integer NOT NULL,
    state          text NOT NULL,
    stage          smallint NOT NULL,
    plan           text NOT NULL,
    why            text NOT NULL,
    kind           text NOT NULL,
    priority       text NOT NULL,
    sender_person  uuid,
    offered        text NOT NULL,
    delivered_at   timestamptz,
    delivered_by   uuid,
    read_at        timestamptz,
    response       text,
    responded_at   timestamptz,
    PRIMARY KEY (message_id, person_id)
) PARTITION BY RANGE (message_id);

-- Delivery x outside endpoint x time. The device channel has none: its attempt is the delivery's stage.
CREATE TABLE wardwire.attempts (
    message_id  uuid NOT NULL,
    person_id   uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    stage       smallint NOT NULL,
    channel     text NOT NULL,
    intended_at timestamptz NOT NULL,
    ended_at    timestamptz,
    outcome     text,
    detail      text,
    PRIMARY KEY (message_id, person_id, endpoint_id, stage)
) PARTITION BY RANGE (message_id);

-- What a device must hear, dense per person: the one order that devices follow.
CREATE TABLE wardwire.inbox_heads (
    person_id uuid PRIMARY KEY REFERENCES wardwire.people,
    seq       bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 30);

CREATE TABLE wardwire.inbox (
    person_id  uuid NOT NULL,
    seq        bigint NOT NULL,
    epoch      bigint NOT NULL,
    event      text NOT NULL,
    message_id uuid NOT NULL,
    at         timestamptz NOT NULL,
    PRIMARY KEY (person_id, seq, at)
) PARTITION BY RANGE (at);

-- Everything that must happen by a time, and nothing else. A claim moves `visible_at` to the end of its lease:
-- whoever died with it gives it back by the mere passing of time. `fence` counts the claims.
CREATE TABLE wardwire.deadlines (
    message_id uuid NOT NULL,
    person_id  uuid NOT NULL,
    kind       text NOT NULL,
    ref        uuid NOT NULL,
    lane       smallint NOT NULL,
    due_at     timestamptz NOT NULL,
    visible_at timestamptz NOT NULL,
    fence      integer NOT NULL DEFAULT 0,
    holder     uuid,
    PRIMARY KEY (message_id, person_id, kind, ref)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);
CREATE INDEX deadlines_visible ON wardwire.deadlines (lane, visible_at);

-- The frozen recipients of a large message, until they are all expanded into deliveries.
CREATE TABLE wardwire.fanouts (
    message_id uuid PRIMARY KEY,
    people     uuid[] NOT NULL,
    whys       text[] NOT NULL,
    done       integer NOT NULL DEFAULT 0
);

-- Technical alarms that are open or were.
CREATE TABLE wardwire.alarms (
    id         uuid PRIMARY KEY,
    kind       text NOT NULL,
    subject    text NOT NULL,
    detail     text NOT NULL,
    message_id uuid,
    raised_at  timestamptz NOT NULL,
    cleared_at timestamptz
);
CREATE UNIQUE INDEX alarms_open ON wardwire.alarms (kind, subject) WHERE cleared_at IS NULL;

-- Audit ---------------------------------------------------------------------------------------------------------

-- Append-only, one chain per writer. `body` is text, not jsonb: the hash is over its exact bytes.
CREATE TABLE wardwire.facts (
    writer     uuid NOT NULL,
    seq        bigint NOT NULL,
    at         timestamptz NOT NULL,
    kind       text NOT NULL,
    message_id uuid,
    person_id  uuid,
    device_id  uuid,
    body       text NOT NULL,
    hash       bytea NOT NULL,
    PRIMARY KEY (writer, seq, at)
) PARTITION BY RANGE (at);
CREATE INDEX facts_message ON wardwire.facts (message_id) WHERE message_id IS NOT NULL;

-- The sealed head of each chain: a cut tail is found by it.
CREATE TABLE wardwire.audit_heads (
    writer    uuid PRIMARY KEY,
    seq       bigint NOT NULL,
    hash      bytea NOT NULL,
    sealed_at timestamptz NOT NULL
);

-- Tables by day -------------------------------------------------------------------------------------------------

CREATE TABLE wardwire.messages_default PARTITION OF wardwire.messages DEFAULT;
CREATE TABLE wardwire.deliveries_default PARTITION OF wardwire.deliveries DEFAULT WITH (fillfactor = 75);
CREATE TABLE wardwire.attempts_default PARTITION OF wardwire.attempts DEFAULT;
CREATE TABLE wardwire.inbox_default PARTITION OF wardwire.inbox DEFAULT;
CREATE TABLE wardwire.facts_default PARTITION OF wardwire.facts DEFAULT;

-- The first UUIDv7 of a day (RFC 9562 §5.7: 48 bits of Unix milliseconds, then the rest zero).
CREATE FUNCTION wardwire.first_id_of(day date) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM day::timestamp) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

-- Make the partitions of `days` days from `first` on; those that exist are left as they are. Returns how many
-- were made. Runs with the owner's rights, so that no core needs them.
CREATE FUNCTION wardwire.make_partitions(first date, days integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = wardwire, pg_temp AS $$
DECLARE
    day date;
    made integer := 0;
    name text;
    parent text;
    low text;
    high text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('wardwire.make_partitions'));
    FOR day IN SELECT first + n FROM generate_series(0, days - 1) AS n LOOP
        FOREACH parent IN ARRAY ARRAY['messages', 'deliveries', 'attempts', 'inbox', 'facts'] LOOP
            name := parent || '_' || to_char(day, 'YYYYMMDD');
            CONTINUE WHEN to_regclass('wardwire.' || name) IS NOT NULL;
            IF parent IN ('inbox', 'facts') THEN
                low := quote_literal(day::text || ' 00:00:00+00');
                high := quote_literal((day + 1)::text || ' 00:00:00+00');
            ELSE
                low := quote_literal(first_id_of(day)::text);
                high := quote_literal(first_id_of(day + 1)::text);
            END IF;
            EXECUTE format('CREATE TABLE wardwire.%I PARTITION OF wardwire.%I FOR VALUES FROM (%s) TO (%s)%s',
                           name, parent, low, high,
                           CASE WHEN parent = 'deliveries' THEN ' WITH (fillfactor = 75)' ELSE '' END);
            -- The path changes a day's deliveries by their own table's name: no cost per kept day.
            IF parent = 'deliveries' THEN
                EXECUTE format('GRANT SELECT, UPDATE ON wardwire.%I TO wardwire_app', name);
            END IF;
            made := made + 1;
        END LOOP;
    END LOOP;
    RETURN made;
END $$;

-- Raise when a batch was decided on a state that is no longer so: the whole batch is undone and decided anew.
CREATE FUNCTION wardwire.guard(changed bigint, expected bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF changed <> expected THEN
        RAISE EXCEPTION 'decided on % changes, % were still so', expected, changed USING ERRCODE = 'WW001';
    END IF;
    RETURN true;
END $$;

-- Rights --------------------------------------------------------------------------------------------------------

GRANT SELECT, INSERT, UPDATE ON
    wardwire.site, wardwire.directory_head, wardwire.people, wardwire.endpoints, wardwire.devices,
    wardwire.groups, wardwire.roles, wardwire.shifts, wardwire.api_keys, wardwire.registration_codes,
    wardwire.sessions, wardwire.messages, wardwire.deliveries, wardwire.attempts, wardwire.inbox_heads,
    wardwire.alarms
    TO wardwire_app;
GRANT SELECT, UPDATE ON wardwire.deliveries_default TO wardwire_app;
GRANT SELECT ON wardwire.messages_default, wardwire.inbox_default, wardwire.facts_default TO wardwire_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON wardwire.identities, wardwire.deadlines, wardwire.fanouts TO wardwire_app;
GRANT SELECT, INSERT ON wardwire.inbox, wardwire.facts TO wardwire_app;
GRANT SELECT ON wardwire.facts TO wardwire_sealer;
GRANT SELECT ON wardwire.audit_heads TO wardwire_app;
GRANT SELECT, INSERT, UPDATE ON wardwire.audit_heads TO wardwire_sealer;
GRANT SELECT ON ALL TABLES IN SCHEMA wardwire TO wardwire_readonly;
REVOKE ALL ON FUNCTION wardwire.make_partitions(date, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION wardwire.make_partitions(date, integer) TO wardwire_app;
