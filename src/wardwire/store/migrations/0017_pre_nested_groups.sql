-- Groups within groups, and groups made by a rule. Former code sees such a group's own members alone.

ALTER TABLE wardwire.groups
    ADD COLUMN within uuid[] NOT NULL DEFAULT '{}',
    ADD COLUMN rule   text NOT NULL DEFAULT '';
CREATE INDEX groups_nested ON wardwire.groups (id) WHERE within <> '{}';
