"""SCIM 2.0 (RFC 7643, RFC 7644) as pure rules: what a user and a group are, filters, paths, changes."""
