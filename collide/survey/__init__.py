"""Checks many wheels: what an index, a mirror or a list of requirements holds, as a dataset.

A wheel is checked by ``collide check`` itself, in a process of its own, so a row says what the
command says. Only this package imports the libraries of the extra ``survey``.
"""
