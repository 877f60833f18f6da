-- Which messages are silent copies, and of which one: they follow what becomes of it.
CREATE TABLE wardwire.copies (
    copy_id    uuid PRIMARY KEY,
    message_id uuid NOT NULL,
    stored_at  timestamptz NOT NULL
);
CREATE INDEX copies_message ON wardwire.copies (message_id);
CREATE INDEX copies_stored_at ON wardwire.copies USING brin (stored_at);

GRANT SELECT, INSERT, DELETE ON wardwire.copies TO wardwire_app;
GRANT SELECT ON wardwire.copies TO wardwire_readonly;
