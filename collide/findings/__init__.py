"""What follows from the bindings: findings with codes, severities and evidence."""
