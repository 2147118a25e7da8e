"""The records that a survey hands about: what is asked for, wheels, hosts, tasks."""

from __future__ import annotations

import hashlib
from pathlib import Path

from collide.support.records import NamedTuple

_BLOCK = 1 << 20


class Asked(NamedTuple):
    """What an input names: a project with the versions that may be taken, or one wheel.

    ``address`` is the path or URL of a wheel, ``listed_at`` that of the simple index to ask,
    empty for the one of ``--index``.
    """

    project: str = ""
    specifier: str = ""
    address: str = ""
    listed_at: str = ""


class Wheel(NamedTuple):
    """A wheel to check; ``sha256`` is empty and ``size`` (bytes) 0 as long as they are not known.

    ``uploaded`` is a date as ``2026-11-29``, empty where the index tells none.
    """

    project: str
    version: str
    filename: str
    address: str
    sha256: str = ""
    size: int = 0
    uploaded: str = ""

    def digested(self, path: Path) -> Wheel:
        """The same with the digest and the size of its file. Raises OSError."""
        found = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                found.update(block)
            return self._replace(sha256=found.hexdigest(), size=file.tell())


class SurveyedHost(NamedTuple):
    """A host: what ``--profile`` takes, its name, and a digest of all that a check reads of it."""

    spec: str
    name: str
    digest: str


class Manners(NamedTuple):
    """How hosts of indexes are treated: requests in a second, and whom they can write to.

    ``cache`` is the directory that pages are kept in, empty for none; ``retries`` is how often
    a request is sent again that had no answer, or one that says to come later.
    """

    per_second: float = 10.0
    contact: str = ""
    cache: str = ""
    retries: int = 5


class Task(NamedTuple):
    """One wheel on the hosts that it was not checked on yet.

    ``directory`` is the dataset's, ``rules`` the version of collide's rules, ``memory`` (bytes)
    and ``seconds`` (of wall time) what the check may take, ``limits`` those of ``--limit`` on what
    it reads.
    """

    wheel: Wheel
    hosts: tuple[SurveyedHost, ...]
    directory: Path
    rules: str
    memory: int
    seconds: int
    manners: Manners
    limits: tuple[str, ...] = ()


class Problem(NamedTuple):
    """Why something has no analysis; ``kind`` is one of :data:`KINDS`.

    ``wheel`` is the name of its file, or that of a project.
    """

    wheel: str
    kind: str
    reason: str
    sha256: str = ""


KINDS = {
    "download": "the wheel could not be fetched; the next run tries again",
    "lost": "the worker died; the next run tries again",
    "unreadable": "the wheel, or a part of it, cannot be read",
    "limit": "beyond a limit of collide",
    "memory": "the check needed more memory than a worker has",
    "time": "the check took longer than allowed",
    "fault": "a fault of collide",
    "nothing": "there is nothing to check: no wheel for Linux, or none with a shared object",
}
"""The kinds of problems, with what each means."""

AGAIN = frozenset({"download", "lost"})
"""Problems that are no answer: the next run tries these wheels again."""
