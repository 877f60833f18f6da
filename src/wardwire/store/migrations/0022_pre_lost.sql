-- A lost device: it is revoked, and let in for nothing but the order to lock or to wipe itself, until it has said
-- that this is done.
ALTER TABLE wardwire.devices
    ADD COLUMN ordered            text NOT NULL DEFAULT '' CHECK (ordered IN ('', 'lock', 'wipe')),
    ADD COLUMN ordered_at         timestamptz,
    ADD COLUMN ordered_by         text NOT NULL DEFAULT '',
    ADD COLUMN order_told_at      timestamptz,
    ADD COLUMN order_confirmed_at timestamptz;
CREATE INDEX devices_ordered ON wardwire.devices (ordered_at, id) WHERE ordered <> '';
