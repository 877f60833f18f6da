-- Whose a device is and who pays for it; and how it stands: what it says of itself, and when it was last heard.

ALTER TABLE wardwire.devices
    ADD COLUMN ownership   text NOT NULL DEFAULT '' CHECK (ownership IN ('', 'hospital', 'own')),
    ADD COLUMN cost_centre text NOT NULL DEFAULT '';

-- Beside the directory, not in it: a device that is heard is no change of the directory. Written coarsely.
CREATE TABLE wardwire.device_standing (
    device_id uuid PRIMARY KEY,
    heard_at  timestamptz NOT NULL,
    about_at  timestamptz,
    kind      text NOT NULL DEFAULT '',
    platform  text NOT NULL DEFAULT '',
    model     text NOT NULL DEFAULT '',
    os        text NOT NULL DEFAULT '',
    app       text NOT NULL DEFAULT '',
    carrier   text NOT NULL DEFAULT '',
    battery   smallint CHECK (battery BETWEEN 0 AND 100),
    charging  boolean
) WITH (fillfactor = 80);

GRANT SELECT, INSERT, UPDATE ON wardwire.device_standing TO wardwire_app;
GRANT SELECT ON wardwire.device_standing TO wardwire_readonly;
