"""The hash that auditwheel puts into the file name of a library that it brings into a wheel.

``libz.so.1`` becomes ``libz-8a4ee26d.so.1``: the first digits of a SHA-256 of the contents
(``auditwheel/repair.py``, ``copylib``).
"""

from __future__ import annotations

import re

HASH = r"-[0-9a-f]{8,}"
"""A regular expression for the hash and the hyphen before it, behind which a dot stands."""

_GRAFTED = re.compile(rf"{HASH}(?=\.)")
_HASHES = re.compile(rf"(?:{HASH})+(?=\.|$)")


def is_grafted(name: str) -> bool:
    """Whether a file name has such a hash."""
    return _GRAFTED.search(name) is not None


def without_hash(name: str) -> str:
    """A file name, or its part before the first dot, without its hash.

    It has two where the library that was brought in comes from a wheel itself.
    """
    return _HASHES.sub("", name, count=1)
