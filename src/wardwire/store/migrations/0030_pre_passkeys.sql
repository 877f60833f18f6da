-- Passkeys (WebAuthn): what an authenticator has made for an account. The public key is none to hide; that somebody has
-- one is their own matter all the same.

CREATE TABLE wardwire.passkeys (
    id         bytea PRIMARY KEY CHECK (octet_length(id) BETWEEN 1 AND 1023),
    number     uuid NOT NULL UNIQUE,
    account_id uuid NOT NULL REFERENCES wardwire.accounts,
    public_key bytea NOT NULL,
    sign_count bigint NOT NULL,
    name       text NOT NULL,
    made_at    timestamptz NOT NULL,
    used_at    timestamptz
);
CREATE INDEX passkeys_account ON wardwire.passkeys (account_id);

-- What an authenticator is asked to sign: by its digest, for a few minutes, used once.
CREATE TABLE wardwire.passkey_challenges (
    digest     bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
    account_id uuid,
    address    text NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX passkey_challenges_expires ON wardwire.passkey_challenges (expires_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON wardwire.passkeys, wardwire.passkey_challenges TO wardwire_app;
REVOKE ALL ON wardwire.passkeys, wardwire.passkey_challenges FROM wardwire_readonly;
