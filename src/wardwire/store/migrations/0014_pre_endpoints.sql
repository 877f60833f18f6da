-- When an endpoint is used: whether it is known to work, for emergencies alone, until a date, not at quiet times.

ALTER TABLE wardwire.endpoints
    ADD COLUMN verified_at    timestamptz,
    ADD COLUMN emergency_only boolean NOT NULL DEFAULT false,
    ADD COLUMN until_at       timestamptz,
    ADD COLUMN quiet          text[] NOT NULL DEFAULT '{}';
