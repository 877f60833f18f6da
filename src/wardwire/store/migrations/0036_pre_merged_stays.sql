-- A patient's number that was merged into another (HL7 A40): what is said of it is said of that one.
ALTER TABLE wardwire.stays
    ADD COLUMN into_patient text,
    ADD COLUMN into_authority text;
