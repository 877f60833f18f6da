-- Devices that are set alike, and what the site, a group and a device say of how devices behave. `layer` is JSON.
CREATE TABLE wardwire.device_groups (
    id          uuid PRIMARY KEY,
    name        text NOT NULL CHECK (name <> ''),
    disabled_at timestamptz,
    version     bigint NOT NULL
);
CREATE UNIQUE INDEX device_groups_name ON wardwire.device_groups (lower(name)) WHERE disabled_at IS NULL;
CREATE INDEX device_groups_version ON wardwire.device_groups (version);

-- Of the site `ref` is all zeros.
CREATE TABLE wardwire.device_settings (
    scope   text NOT NULL CHECK (scope IN ('site', 'group', 'device')),
    ref     uuid NOT NULL,
    layer   text NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (scope, ref)
);
CREATE INDEX device_settings_version ON wardwire.device_settings (version);

ALTER TABLE wardwire.devices ADD COLUMN group_id uuid REFERENCES wardwire.device_groups;

GRANT SELECT, INSERT, UPDATE ON wardwire.device_groups, wardwire.device_settings TO wardwire_app;
GRANT SELECT ON wardwire.device_groups, wardwire.device_settings TO wardwire_readonly;
