"""Mirrors src/wardwire one to one; no database, no waiting."""
