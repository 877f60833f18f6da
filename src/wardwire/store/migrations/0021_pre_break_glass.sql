-- Break-glass access: for one session, for a time, with a reason. Kept for ever, like the facts of it.

CREATE TABLE wardwire.glass_broken (
    id         uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES wardwire.accounts,
    session_id uuid NOT NULL,
    why        text NOT NULL CHECK (why <> ''),
    made_at    timestamptz NOT NULL,
    ends_at    timestamptz NOT NULL CHECK (ends_at > made_at),
    ended_at   timestamptz
);
CREATE INDEX glass_broken_session ON wardwire.glass_broken (session_id, ends_at);

GRANT SELECT, INSERT, UPDATE ON wardwire.glass_broken TO wardwire_app;
