"""Public help for tests: clocks, people, histories, faults. Nothing imports it but tests and the demo."""
