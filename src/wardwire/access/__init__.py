"""Credentials to Caller: one door for every edge."""
