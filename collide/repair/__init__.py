"""Rewrites wheels so that no host can take symbols from them, and proves the result."""
