"""The sample ward of `wardwire demo`: its people, what they say to each other, and how that is shown and counted."""
