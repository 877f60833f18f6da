-- Alerts that begin again and again at set times, until somebody cancels them. When each begins next is its deadline.
CREATE TABLE wardwire.reminders (
    id           uuid PRIMARY KEY,
    name         text NOT NULL CHECK (name <> ''),
    days         smallint[] NOT NULL,
    times        smallint[] NOT NULL,
    zone         text NOT NULL,
    until        timestamptz,
    recipients   text[] NOT NULL,
    policy       text NOT NULL,
    place        text NOT NULL,
    priority     text NOT NULL,
    subject      text NOT NULL,
    text         text NOT NULL,
    author       text NOT NULL,
    made_at      timestamptz NOT NULL,
    cancelled_at timestamptz,
    cancelled_by text NOT NULL DEFAULT ''
);
CREATE INDEX reminders_living ON wardwire.reminders (id) WHERE cancelled_at IS NULL;
GRANT SELECT, INSERT, UPDATE ON wardwire.reminders TO wardwire_app;
GRANT SELECT (id, name, days, times, zone, until, recipients, policy, place, priority, author, made_at, cancelled_at,
              cancelled_by) ON wardwire.reminders TO wardwire_readonly;
