"""The tests, by what they need: unit nothing, store a database, stories a whole server."""
