"""What the tree promises about itself: floors, clocks, documents, locks."""
