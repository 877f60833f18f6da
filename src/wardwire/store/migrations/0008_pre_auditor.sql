-- The auditor looks every few seconds at what is open: it must not read a week of closed escalations for that.
CREATE INDEX escalations_open ON wardwire.escalations (message_id) WHERE closed_at IS NULL;

-- Its books of each day, signed: `content` is JSON, byte for byte as it was signed (Ed25519).
CREATE TABLE wardwire.audit_reports (
    day       date NOT NULL,
    node      text NOT NULL,
    content   bytea NOT NULL,
    signature bytea NOT NULL,
    at        timestamptz NOT NULL,
    PRIMARY KEY (day, node)
);
GRANT SELECT, INSERT, UPDATE ON wardwire.audit_reports TO wardwire_sealer;
GRANT SELECT ON wardwire.audit_reports TO wardwire_readonly, wardwire_app;
