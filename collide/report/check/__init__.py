"""The formats of ``collide check``, one module for each."""
