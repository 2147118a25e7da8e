"""Judges a process as it is: what its loader has bound, and whether that has ended it."""
