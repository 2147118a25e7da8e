"""Reads what is checked: wheels, directories and shared objects."""
