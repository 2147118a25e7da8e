"""The distributions that a wheel requires, as its METADATA has them (Core metadata, PEP 566)."""

from __future__ import annotations

import re
from email.parser import BytesHeaderParser
from functools import lru_cache

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_OF_AN_EXTRA = re.compile(r"\bextra\s*==")


# Asked of one wheel for each library that is not found.
@lru_cache(maxsize=1)
def required(metadata: bytes) -> tuple[str, ...]:
    """The names of the distributions that a wheel requires in any case, in their order.

    Those of extras are left out.
    """
    fields = BytesHeaderParser().parsebytes(metadata).get_all("Requires-Dist", ())
    names = []
    for field in map(str, fields):
        requirement, _, marker = field.partition(";")
        found = _NAME.match(requirement.strip())
        if found and not _OF_AN_EXTRA.search(marker):
            names.append(found[0])
    return tuple(dict.fromkeys(names))
