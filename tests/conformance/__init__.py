"""Every adapter, channel and carrier of one kind through the same suite."""
