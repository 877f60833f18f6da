"""Kill, freeze, cut, drop, fill: seeded and replayable; nothing acknowledged may be lost."""
