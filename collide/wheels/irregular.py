"""What is wrong with a wheel's archive, where readers of ZIP disagree or an installer refuses.

The directory at the end of an archive says what it holds, and so do the headers before the
members; zipfile, with which pip reads, goes by the directory, others by the headers. The
package index refuses archives that give two answers: it reads records from the first byte to
the last (``warehouse/utils/zipfiles.py``, ``validate_zipfile``, whose messages are quoted).
"""

from __future__ import annotations

import posixpath

from collide.support.records import NamedTuple
from collide.wheels.plain import ENCRYPTED, LEAVES, refused_place
from collide.wheels.zip_records import HEADER, STORAGE, RecordWalk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from collide.support.file_bytes import Sliced
    from collide.wheels.zip_directory import Entry

OUTSIDE, NOWHERE, SEVERAL_INFO = "outside", "nowhere", "several-info"
AMBIGUOUS, LINK = "ambiguous", "link"
PIP, INDEX = "pip", "the index"


class Irregularity(NamedTuple):
    """One thing that is wrong with some members: a ``kind``, and what ``by`` says of it.

    ``refused`` is whether ``by`` takes the archive for it; otherwise readers differ.
    """

    kind: str
    members: tuple[str, ...]
    by: str
    said: str
    refused: bool = True

    @property
    def sentence(self) -> str:
        """What follows, or who refuses it in which words."""
        return f'{self.by}: "{self.said}"' if self.refused else self.said


def irregularities(
    data: Sliced, entries: Sequence[Entry], distribution: str
) -> tuple[Irregularity, ...]:
    """All that is wrong, grouped by kind and by what is said of it.

    ``entries`` are the members by the directory of the archive ``data``.
    """
    walk = RecordWalk(data, entries)
    walk.run()
    found = [(kind, name, INDEX, said, True) for kind, name, said in walk.found]
    found += [(HEADER, name, PIP, said, True) for name, said in walk.unreadable]
    found += [(AMBIGUOUS, name, PIP, said, False) for name, said in walk.differing]
    found += _of_names(entries, distribution)
    found += _of_storage(entries, walk.links)
    groups: dict[tuple[str, str, str, bool], list[str]] = {}
    for kind, name, by, said, refused in found:
        groups.setdefault((kind, by, said, refused), []).append(name)
    return tuple(
        Irregularity(kind, tuple(sorted({n for n in names if n})), by, said, refused)
        for (kind, by, said, refused), names in sorted(groups.items())
    )


# -- where members are installed ------------------------------------------------------------------


_Found = tuple[str, str, str, str, bool]


def _of_names(entries: Sequence[Entry], distribution: str) -> Iterator[_Found]:
    infos = {top for e in entries if (top := e.name.partition("/")[0]).endswith(".dist-info")}
    if len(infos) > 1:
        for info in infos:
            yield SEVERAL_INFO, info, PIP, "multiple .dist-info directories found", True
    places: dict[str, dict[str, None]] = {}
    for entry in entries:
        name = entry.name
        if said := refused_place(name):
            yield OUTSIDE if said == LEAVES else NOWHERE, name, PIP, said, True
        elif said := _unlike_path(name):
            yield AMBIGUOUS, name, PIP, said, False
        if not name.endswith("/"):
            places.setdefault(_place(name, distribution), {})[name] = None
    for names in places.values():
        if len(names) > 1:
            for name in names:
                said = "of several that are installed at its place, the last stays"
                yield AMBIGUOUS, name, PIP, said, False


def _unlike_path(name: str) -> str | None:
    """What readers make another path of, in a name that pip takes."""
    parts = name.removesuffix("/").split("/")
    if "\\" in name:
        return "a backslash is a separator on Windows"
    if parts[0].endswith(":"):
        return "what ends with a colon is a drive on Windows"
    if not {"..", "", "."}.isdisjoint(parts):
        return "its name is no relative path below the wheel"
    return None


def _place(name: str, distribution: str) -> str:
    """Where below site-packages a member is installed; of other schemes the name itself."""
    for scheme in ("purelib", "platlib"):
        name = name.removeprefix(f"{distribution}.data/{scheme}/")
    return posixpath.normpath(name) if "/." in name or "//" in name or name[:1] == "." else name


def _of_storage(entries: Iterable[Entry], links: Iterable[str]) -> Iterator[_Found]:
    for entry in entries:
        if entry.method not in (0, 8):
            said = "File does not use a supported compression type"
            yield STORAGE, entry.name, INDEX, said, True
        if entry.flags & ENCRYPTED:
            yield STORAGE, entry.name, PIP, "is encrypted, password required for extraction", True
    for name in links:
        yield LINK, name, PIP, "a symbolic link is installed as a file of its text", False
