"""What can be said of the app without a browser."""
