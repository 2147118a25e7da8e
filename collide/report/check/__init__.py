"""The formats of `collide check`."""
