"""The same questions after a change of an object or of a host."""
