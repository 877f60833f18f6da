"""NATS: the client, nkeys, the auth callout. It carries; it stores nothing that matters."""
