"""What a package's Python code opens when it is imported: read from its syntax, never executed."""
