"""Wheels rewritten so that no host can take symbols from them, and the proof."""
