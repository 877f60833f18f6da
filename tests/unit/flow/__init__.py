"""The steps of the journey, without engines."""
