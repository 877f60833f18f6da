"""Upgrades: the former code's database and processes, and this code's beside them."""
