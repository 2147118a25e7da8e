"""Processes as they are in memory: running ones and core files, their objects and stacks."""
