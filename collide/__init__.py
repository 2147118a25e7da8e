"""collide computes what binds where when a wheel is opened in a host."""

__version__ = "0.1.0"
