"""Clinical messages that reach the right person, prove it, and go on to the next when nobody answers."""

__version__ = "0.1.0"
