"""Ways out that are not a device connection."""
