"""Hosts: extracted from a binary, recorded in a profile, shipped in a database."""
