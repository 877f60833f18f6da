"""The documents, and the generator of those parts that the code already knows."""
