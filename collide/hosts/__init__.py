"""Makes hosts: from a binary, from a profile file, or from the shipped database."""
