"""Writes and reads profile files."""
