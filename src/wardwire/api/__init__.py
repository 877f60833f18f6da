"""The HTTP contract: wire shapes in, model types out."""
