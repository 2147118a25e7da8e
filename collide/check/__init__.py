"""Checks targets on hosts, and puts the results together in one report."""
