"""References bound to definitions, and which of them are shadowed."""
