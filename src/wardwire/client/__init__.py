"""The typed client of the device protocol: what tests, the demo and the command line use as a device."""
