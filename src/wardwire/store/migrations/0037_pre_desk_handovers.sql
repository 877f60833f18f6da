-- The operators' desk changes hands: who leaves, what is open, and whoever has taken it over. What messages say is not
-- copied: `items` names them. `note` and the notes of items are the operator's own words.

CREATE TABLE wardwire.desk_handovers (
    id          uuid PRIMARY KEY,
    giver       uuid NOT NULL,
    note        text NOT NULL,
    items       jsonb NOT NULL,
    made_at     timestamptz NOT NULL,
    accepted_by uuid,
    accepted_at timestamptz,
    replaced_at timestamptz,
    CHECK ((accepted_by IS NULL) = (accepted_at IS NULL))
);
CREATE INDEX desk_handovers_open ON wardwire.desk_handovers (id) WHERE accepted_at IS NULL AND replaced_at IS NULL;

GRANT SELECT, INSERT, UPDATE, DELETE ON wardwire.desk_handovers TO wardwire_app;
REVOKE ALL ON wardwire.desk_handovers FROM wardwire_readonly;
