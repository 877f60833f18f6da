"""Sources of people, alone."""
