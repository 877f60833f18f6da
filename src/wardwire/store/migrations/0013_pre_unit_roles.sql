-- Which role a unit has for a function, such as its charge nurse; no role = none any more.
CREATE TABLE wardwire.unit_roles (
    unit_id  uuid NOT NULL REFERENCES wardwire.places,
    function text NOT NULL CHECK (function <> ''),
    role_id  uuid REFERENCES wardwire.roles,
    version  bigint NOT NULL,
    PRIMARY KEY (unit_id, function)
);
CREATE INDEX unit_roles_version ON wardwire.unit_roles (version);
GRANT SELECT, INSERT, UPDATE ON wardwire.unit_roles TO wardwire_app;
GRANT SELECT ON wardwire.unit_roles TO wardwire_readonly;
