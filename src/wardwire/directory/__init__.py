"""Changes to what the journey consults: people, groups, roles, endpoints. Every change is a fact."""
