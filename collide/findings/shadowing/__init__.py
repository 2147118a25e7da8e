"""One file for each code of an interposition: its text, its thresholds and what decides it."""
