-- What people say of themselves, and who covers for them.

-- In procedure: former code, which does not know it, reads the status beside it: do not disturb.
-- A cover is written as model/coverage.py has it; status_since is when the status began.
ALTER TABLE wardwire.people
    ADD COLUMN in_procedure boolean NOT NULL DEFAULT false,
    ADD COLUMN cover        text    NOT NULL DEFAULT '',
    ADD COLUMN status_since timestamptz;
