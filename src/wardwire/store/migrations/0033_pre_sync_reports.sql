-- How the last reading of another directory went: whom it would change, and what waits to be confirmed.
ALTER TABLE wardwire.sources ADD COLUMN report text NOT NULL DEFAULT '';
