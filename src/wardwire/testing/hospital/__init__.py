"""The sample hospital: units, beds, 800 people with shifts and habits, and what happens there. Pure and seeded.

Nothing here knows a server. `wardwire simulate` and the demo enter it and play it; benchmarks and faults use its
traffic.
"""
