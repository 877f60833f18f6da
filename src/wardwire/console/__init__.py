"""What browsers are shown: the built apps, and the few pages that must work without a script."""
