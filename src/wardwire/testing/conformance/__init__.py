"""Suites that every adapter and every channel must pass: `adapters.py`, `channels.py`. A wrong one fails them."""
