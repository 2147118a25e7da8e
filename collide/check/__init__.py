"""Targets on hosts, to one report."""
