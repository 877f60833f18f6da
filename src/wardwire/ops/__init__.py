"""Running it: embedded engines, certificates, backup, health."""
