-- Wrong guesses at signing in, counted for all cores together: of an account, of an address, of an account where it is
-- known; each under a digest, because people type passwords into the wrong field.

CREATE TABLE wardwire.guesses (
    whom  bytea PRIMARY KEY CHECK (octet_length(whom) = 32),
    wrong integer NOT NULL,
    until timestamptz,
    spent double precision NOT NULL,
    at    timestamptz NOT NULL,
    known boolean NOT NULL
);
CREATE INDEX guesses_unknown ON wardwire.guesses (at) WHERE NOT known;
CREATE INDEX guesses_known ON wardwire.guesses (at) WHERE known;

GRANT SELECT, INSERT, UPDATE, DELETE ON wardwire.guesses TO wardwire_app;
REVOKE ALL ON wardwire.guesses FROM wardwire_readonly;
