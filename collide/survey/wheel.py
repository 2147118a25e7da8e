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

    ``uploaded`` is a date as ``2026-11-29``, empty where the index tells none. ``has_metadata`` is
    whether the index gives its metadata as a file of its own (PEP 658), and ``requires`` are the
    projects that it names as required; None as long as it was not read.
    """

    project: str
    version: str
    filename: str
    address: str
    sha256: str = ""
    size: int = 0
    uploaded: str = ""
    has_metadata: bool = False
    requires: tuple[str, ...] | None = None

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


class Bounds(NamedTuple):
    """What a process may take: bytes of memory, seconds of wall time, and ``--limit`` of inputs."""

    memory: int
    seconds: int
    limits: tuple[str, ...] = ()


class Task(NamedTuple):
    """One wheel on the hosts that it was not checked on yet.

    ``traced`` are those for which its traces are missing. ``directory`` is the dataset's, ``rules``
    the version of collide's rules, ``bounds`` what each of its processes may take.
    """

    wheel: Wheel
    hosts: tuple[SurveyedHost, ...]
    traced: tuple[SurveyedHost, ...]
    directory: Path
    rules: str
    bounds: Bounds
    manners: Manners


class PairTask(NamedTuple):
    """Pairs of wheels to bind on one host, each two digests of ``wheels``."""

    host: SurveyedHost
    wheels: tuple[Wheel, ...]
    pairs: tuple[tuple[str, str], ...]
    directory: Path
    rules: str
    bounds: Bounds
    manners: Manners


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

TRACES = {
    "target": "the wheel on the host; `name` is its project, `modules` are all",
    "none": "no traces: the host does not take the wheel as it is",
    "file": "installed at `name`",
    "brings": "loads a library known as `name`, `path` is that file",
    "needs": "needs `name`, which the host has not loaded; `path` is empty where it is not found",
    "unique": "finds the STB_GNU_UNIQUE symbol `name` in `path`",
    "system": "loads the system library `name`",
    "taken": "of these, one that takes some symbol of the wheel",
    "promotes": "is opened RTLD_GLOBAL",
    "static-tls": "takes `name` bytes of the room for initial-exec TLS, of which `path` are left",
    "module-tls": "the same of single modules",
    "failure": "does not open, for want of `name`; `path` is the kind of failure",
}
"""The kinds of traces, with what each means."""
