-- Accounts: with what people sign in. What guards them stands apart, and not even who reads all else reads it.

CREATE TABLE wardwire.accounts (
    id          uuid PRIMARY KEY,
    person_id   uuid NOT NULL CONSTRAINT accounts_person_fkey REFERENCES wardwire.people,
    login       text NOT NULL CHECK (login = lower(login)),
    roles       text[] NOT NULL CHECK (cardinality(roles) > 0),
    units       uuid[] NOT NULL DEFAULT '{}',
    made_at     timestamptz NOT NULL,
    disabled_at timestamptz
);
CREATE UNIQUE INDEX accounts_person ON wardwire.accounts (person_id);
CREATE UNIQUE INDEX accounts_login ON wardwire.accounts (login);

-- `password` is Argon2id as a PHC string. `totp_used` is the last half minute of which a code was taken.
CREATE TABLE wardwire.account_secrets (
    account_id    uuid PRIMARY KEY REFERENCES wardwire.accounts,
    password      text,
    password_long boolean NOT NULL DEFAULT false,
    totp          bytea,
    totp_set      boolean NOT NULL DEFAULT false,
    totp_used     bigint NOT NULL DEFAULT 0,
    recovery      bytea[] NOT NULL DEFAULT '{}'
);

-- One-time codes with which a password is chosen. Without an account: that of the first administrator.
CREATE TABLE wardwire.account_codes (
    digest     bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
    account_id uuid REFERENCES wardwire.accounts,
    made_at    timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);

CREATE TABLE wardwire.account_sessions (
    id         uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES wardwire.accounts,
    secret     bytea NOT NULL CHECK (octet_length(secret) = 32),
    made_at    timestamptz NOT NULL,
    seen_at    timestamptz NOT NULL,
    address    text NOT NULL DEFAULT '',
    agent      text NOT NULL DEFAULT '',
    ended_at   timestamptz
);
CREATE INDEX account_sessions_open ON wardwire.account_sessions (account_id) WHERE ended_at IS NULL;

GRANT SELECT, INSERT, UPDATE ON
    wardwire.accounts, wardwire.account_secrets, wardwire.account_codes, wardwire.account_sessions TO wardwire_app;
GRANT DELETE ON wardwire.account_codes, wardwire.account_sessions TO wardwire_app;
REVOKE ALL ON wardwire.account_secrets, wardwire.account_codes, wardwire.account_sessions FROM wardwire_readonly;
