"""The composition root of a core process: builds every object, by hand, in order. Knows all, decides nothing."""
