"""Checks of the tree itself, for `make check`."""
