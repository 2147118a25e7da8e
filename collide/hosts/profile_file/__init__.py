"""Profile files: hosts written and read."""
