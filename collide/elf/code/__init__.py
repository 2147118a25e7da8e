"""Which functions of an object call which, read from its machine code."""
