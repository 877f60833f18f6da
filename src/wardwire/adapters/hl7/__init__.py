"""HL7 v2 over MLLP: alarms as IHE PCD-04 reports them, and critical results."""
