"""The distributions that a wheel requires, as its METADATA has them (Core metadata, PEP 566)."""

from __future__ import annotations

import re
from email.parser import BytesHeaderParser

from collide.support import limits
from collide.support.errors import InputError
from collide.wheels.archive import Archive

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_OF_AN_EXTRA = re.compile(r"\bextra\s*==")


def required(path: str) -> tuple[str, ...]:
    """The names of the distributions that a wheel requires in any case, in their order.

    Those of extras are left out. None of a wheel that has no METADATA or cannot be read: its
    problems are told elsewhere.
    """
    try:
        with Archive(path) as archive:
            name = f"{archive.record.rpartition('/')[0]}/METADATA"
            found = [entry for entry in archive.entries if entry.name == name]
            if not found:
                return ()
            limits.hold("python-size", found[-1].size)
            text = bytes(archive.inflated(found[-1]))
    except (InputError, OSError):
        return ()
    fields = BytesHeaderParser().parsebytes(text).get_all("Requires-Dist", ())
    names = []
    for field in map(str, fields):
        requirement, _, marker = field.partition(";")
        name_found = _NAME.match(requirement.strip())
        if name_found and not _OF_AN_EXTRA.search(marker):
            names.append(name_found[0])
    return tuple(dict.fromkeys(names))
