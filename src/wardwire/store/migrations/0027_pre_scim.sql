-- What a provisioning system keeps here by SCIM: a user's name there, and what it has said of them (`kept`, JSON);
-- `deleted_at`: it has taken them back, and its name is free. The person stays, disabled.
CREATE TABLE wardwire.scim_users (
    person_id  uuid PRIMARY KEY REFERENCES wardwire.people,
    user_name  text NOT NULL CHECK (user_name <> ''),
    folded     text NOT NULL,
    kept       text NOT NULL,
    deleted_at timestamptz
);
CREATE UNIQUE INDEX scim_users_name ON wardwire.scim_users (folded) WHERE deleted_at IS NULL;
CREATE INDEX scim_users_deleted ON wardwire.scim_users (person_id) WHERE deleted_at IS NOT NULL;

-- Who a group is in another system: there no other group bears this id.
CREATE TABLE wardwire.group_ids (
    source      text NOT NULL CHECK (source <> ''),
    external_id text NOT NULL CHECK (external_id <> ''),
    group_id    uuid NOT NULL REFERENCES wardwire.groups,
    CONSTRAINT group_ids_of_no_other PRIMARY KEY (source, external_id),
    UNIQUE (group_id, source)
);

GRANT SELECT, INSERT, UPDATE ON wardwire.scim_users TO wardwire_app;
GRANT SELECT, INSERT, DELETE ON wardwire.group_ids TO wardwire_app;
GRANT SELECT ON wardwire.scim_users, wardwire.group_ids TO wardwire_readonly;
