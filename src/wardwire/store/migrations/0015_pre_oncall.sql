-- On call: rotations of a role, overrides, swaps, and who answers when nobody holds it.

-- A role that names no person as its fallback has a group (`grp_…`), or '' = the operators' desk: so every role has one.
-- Its rotations are agreed on in wall time of `zone`; '' = it has none.
ALTER TABLE wardwire.roles
    ADD COLUMN fallback_to text   NOT NULL DEFAULT '',
    ADD COLUMN zone        text   NOT NULL DEFAULT '',
    ADD COLUMN layers      text   NOT NULL DEFAULT '[]',
    ADD COLUMN owners      uuid[] NOT NULL DEFAULT '{}',  -- who may change its schedule beside the directory's own
    ADD COLUMN swappers    uuid[] NOT NULL DEFAULT '{}',  -- who may take a shift without being on its schedule
    ADD COLUMN viewers     uuid[] NOT NULL DEFAULT '{}',  -- who may see it; nobody named = everybody
    ADD COLUMN monitors    uuid[] NOT NULL DEFAULT '{}',  -- who gets copies, and is not counted as reached
    ADD COLUMN calendar    bytea CHECK (octet_length(calendar) = 32);  -- digest of its calendar's secret

-- An override goes before every swap, shift and rotation. Former code takes it for a shift that was written later.
ALTER TABLE wardwire.shifts
    ADD COLUMN override boolean NOT NULL DEFAULT false,
    ADD COLUMN uid      text    NOT NULL DEFAULT '';  -- of the calendar's event that it was imported from
CREATE UNIQUE INDEX shifts_uid ON wardwire.shifts (role_id, uid, starts_at) WHERE uid <> '' AND cancelled_at IS NULL;

-- One takes a part of another one's shift, by consent of both. Bound to the shift, whatever its times.
CREATE TABLE wardwire.swaps (
    id              uuid PRIMARY KEY,
    role_id         uuid NOT NULL REFERENCES wardwire.roles,
    shift           text NOT NULL CHECK (shift <> ''),
    giver           uuid NOT NULL REFERENCES wardwire.people,
    taker           uuid NOT NULL REFERENCES wardwire.people,
    shift_starts_at timestamptz NOT NULL,
    shift_ends_at   timestamptz NOT NULL,
    starts_at       timestamptz NOT NULL,
    ends_at         timestamptz NOT NULL,
    state           text NOT NULL,
    said            uuid[] NOT NULL DEFAULT '{}',
    moved           timestamptz[],
    version         bigint NOT NULL,
    CHECK (starts_at < ends_at AND giver <> taker)
);
CREATE INDEX swaps_version ON wardwire.swaps (version);
CREATE INDEX swaps_role ON wardwire.swaps (role_id) WHERE state IN ('offered', 'accepted', 'asked');

GRANT SELECT, INSERT, UPDATE ON wardwire.swaps TO wardwire_app;
GRANT SELECT ON wardwire.swaps TO wardwire_readonly;

-- What a person is to be told at an instant: of a change that concerns them. The deadline of kind `tell` has its id.
CREATE TABLE wardwire.notices (
    id        uuid PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES wardwire.people,
    text      text NOT NULL CHECK (text <> '')
);

GRANT SELECT, INSERT, UPDATE, DELETE ON wardwire.notices TO wardwire_app;
GRANT SELECT ON wardwire.notices TO wardwire_readonly;
