"""Each query against a real PostgreSQL, on every major that we support."""
