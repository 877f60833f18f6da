"""What is kept: SQL and nothing else, one noun a file, the .sql beside the .py."""
