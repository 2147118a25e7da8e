"""Finds which functions of an object call which, in its machine code."""
