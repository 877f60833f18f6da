"""What is true: frozen types and pure rules. No I/O, no clock, no logging."""
