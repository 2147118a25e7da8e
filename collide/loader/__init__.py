"""Loads objects and looks symbols up as the loaders of glibc and musl do; nothing is executed.

``Rule 6.2`` in a docstring is a section of the loader's rules as ``tests/tools/conformance.py``
lists them; the tests that are marked with it let the real loader judge.
"""
