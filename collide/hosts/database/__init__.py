"""Gives the shipped hosts by name."""

from __future__ import annotations

import posixpath
from functools import cache

from collide.hosts.database.reader import Database, Summary
from collide.loader.host import Host

_DIRECTORY = posixpath.dirname(__file__)
DATABASE_FILE = f"{_DIRECTORY}/hosts.db"
"""The shipped database; :mod:`collide.hosts.database.reader` describes its format."""


@cache
def database() -> Database:
    """The shipped database, opened once."""
    return Database(DATABASE_FILE)


def shipped_names() -> tuple[str, ...]:
    """The names of the shipped hosts, sorted."""
    return database().names


def shipped_summary(name: str) -> Summary:
    """What is known of the shipped host ``name`` without loading it."""
    return database().summary(name)


def load_shipped(name: str) -> Host:
    """The shipped host ``name``, one of :func:`shipped_names`."""
    return database().load(name)
