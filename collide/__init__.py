"""Which definition does the loader bind, and which wheels does that break?"""

__version__ = "0.1.0"
