"""A whole server, named people, a clock that we move; one hazard or promise a file."""
