"""Results as text and JSON, one module for each command; those of ``check`` in a folder."""
