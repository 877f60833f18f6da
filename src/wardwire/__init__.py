"""Wardwire: clinical messages that reach the right person, prove it, and go on when nobody answers."""

__version__ = "0.1.0"
