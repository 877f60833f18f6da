"""The clinician's app in a real browser, on a site in this process."""
