"""What the Python code of a wheel or a tree opens when its packages are imported, and how.

The code is parsed, never executed (:mod:`collide.wheels.python`). Only files that hold one of
the words that openings need are looked at, and the ``__init__`` files above them.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Mapping

from collide.support import limits
from collide.support.errors import InputError
from collide.wheels.plan import OPENS, Plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collide.support.inflate import Contents

# Most files have none of these, and a literal is found sooner.
_IN_OPENING = (b"dlopen", b"DLL(", b"LoadLibrary(", b"RTLD_")
NEVER_IMPORTED = re.compile(r"/(?:tests?|testing|_?examples?)/")
"""Where files are that no import of a package runs."""


def read_plan(
    site: str, names: Mapping[str, str], files: Iterable[str], read: Callable[[str], Contents]
) -> Plan:
    """The plan of the packages below ``site``.

    ``files`` are the installed paths of all files, ``read`` gives the contents of one, ``names``
    the names that output uses. A file that cannot be read or parsed is in the plan with the
    reason.
    """
    listed = frozenset(files)
    unread: dict[str, str] = {}
    texts: dict[str, bytes] = {}

    def read_text(path: str) -> bytes:
        try:
            text = bytes(read(path))
            limits.hold("python-size", len(text))
        except (InputError, OSError) as e:
            unread[names.get(path, path)] = e.reason if isinstance(e, InputError) else str(e)
            return b""
        return text

    for path in sorted(path for path in listed if path.endswith(".py")):
        if not path.startswith(f"{site}/") or NEVER_IMPORTED.search(path, len(site)):
            continue
        text = read_text(path)
        if any(part in text for part in _IN_OPENING) and re.search(OPENS, text):
            texts[path] = text
    if not texts:
        return Plan(unread=tuple(sorted(unread.items())))
    from collide.wheels.python.follow import follow_imports  # late: start-up
    from collide.wheels.python.imports import Sources  # late: start-up

    asked = frozenset(texts)
    for path in _packages_above(asked, site):
        if path in listed and path not in texts:
            texts[path] = read_text(path)
    followed = follow_imports(Sources(site, listed, texts, names), asked)
    return followed._replace(unread=tuple(sorted({**unread, **dict(followed.unread)}.items())))


def _packages_above(paths: Iterable[str], site: str) -> list[str]:
    found: set[str] = set()
    for path in paths:
        directory = posixpath.dirname(path)
        while len(directory) > len(site):
            found.add(f"{directory}/__init__.py")
            directory = posixpath.dirname(directory)
    return sorted(found)
