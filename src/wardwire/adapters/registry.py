"""The only list of adapters."""

from __future__ import annotations

from wardwire.adapters.contract import Registration
from wardwire.adapters.hl7.registration import REGISTRATION as HL7

ADAPTERS: tuple[Registration, ...] = (HL7,)
