-- Drafts of policies, and who wrote and approved each version.
CREATE TABLE wardwire.policy_drafts (
    id         uuid PRIMARY KEY,
    policy_id  uuid NOT NULL,           -- of the policy that it changes, or of the one to be made
    based_on   bigint NOT NULL,         -- that policy's version when the draft was begun; 0 = it is to be made
    body       text NOT NULL,           -- the whole policy, JSON
    scenes     text NOT NULL DEFAULT '[]',
    revision   integer NOT NULL,
    simulated  integer NOT NULL DEFAULT 0,
    approved   integer NOT NULL DEFAULT 0,
    author     text NOT NULL,
    approver   text NOT NULL DEFAULT '',
    note       text NOT NULL DEFAULT '',
    state      text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'published', 'dropped')),
    made_at    timestamptz NOT NULL,
    changed_at timestamptz NOT NULL
);
CREATE INDEX policy_drafts_open ON wardwire.policy_drafts (id) WHERE state = 'open';

ALTER TABLE wardwire.policy_versions
    ADD COLUMN author   text NOT NULL DEFAULT '',
    ADD COLUMN approver text NOT NULL DEFAULT '',
    ADD COLUMN note     text NOT NULL DEFAULT '';

GRANT SELECT, INSERT, UPDATE ON wardwire.policy_drafts TO wardwire_app;
GRANT SELECT ON wardwire.policy_drafts TO wardwire_readonly;
