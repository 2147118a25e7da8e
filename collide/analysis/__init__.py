"""One target on one host: what is opened, bound, reached and interposed."""
