"""The way in from outside: one HTTPS port for pages, the API and devices in browsers."""
