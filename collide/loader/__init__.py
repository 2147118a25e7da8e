"""What a dynamic loader does: search, load, look up."""
