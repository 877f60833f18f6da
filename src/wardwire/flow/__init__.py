"""What happens: the journey of a message, one file a step, each step one transaction."""
