"""How long tests wait for a database that nothing is wrong with."""

from __future__ import annotations

# A machine that runs many tests at once stands still for seconds at times; that is not what most of them are about.
PATIENT_S = 60.0
