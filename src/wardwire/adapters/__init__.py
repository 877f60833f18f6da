"""Other systems, a folder each: how they speak, and how what they say becomes a report or a submission of ours."""
