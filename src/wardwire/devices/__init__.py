"""People's devices in real time: frames, session, hub, registration."""
