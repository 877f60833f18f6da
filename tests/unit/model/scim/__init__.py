"""SCIM's rules, each alone."""
