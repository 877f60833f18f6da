"""Where people come from: other directories, read and never written."""
