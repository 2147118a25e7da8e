"""What follows from the bindings: findings with a code, a severity and evidence."""
