"""What is left to do of a survey: tasks for wheels and hosts that the dataset does not have."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import cache
from pathlib import Path

import collide
from collide.filesystems.root import Root
from collide.hosts.database import DATABASE_FILE
from collide.hosts.profile_file.write import record, to_bytes
from collide.hosts.select import Candidate, select
from collide.support.files import new_file
from collide.support.records import NamedTuple
from collide.survey.wheel import SurveyedHost, Wheel


@cache
def rules() -> str:
    """The version of collide with a digest of its files: what decides what a check says."""
    found = hashlib.sha256()
    for path, data in sorted(_files(Path(collide.__file__).parent)):
        found.update(f"{path}\0{len(data)}\0".encode() + data)
    return f"{collide.__version__}+{found.hexdigest()[:12]}"


def _files(package: Path) -> Iterator[tuple[str, bytes]]:
    for path in package.rglob("*.*"):
        # What makes datasets, and pages, change no finding; hosts have digests of their own.
        below = path.relative_to(package)
        if path.suffix in (".py", ".json") and below.parts[0] != "survey":
            yield str(below), path.read_bytes()


def hosts_of(specs: Sequence[str], directory: Path) -> tuple[SurveyedHost, ...]:
    """The hosts of ``--profile``; a binary is recorded in the dataset, so that any worker has it.

    Raises CollideError for what is no host.
    """
    return tuple(_surveyed(candidate, directory) for candidate in select(specs))


def _surveyed(candidate: Candidate, directory: Path) -> SurveyedHost:
    if candidate.is_shipped:
        words = f"{candidate.name}\0{_database_digest()}"
        digest = hashlib.sha256(words.encode()).hexdigest()
        return SurveyedHost(candidate.name, candidate.name, digest)
    files = candidate.host.files
    if not isinstance(files, Root):
        path = Path(candidate.summary.source).absolute()
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        return SurveyedHost(str(path), candidate.name, digest)
    data = to_bytes(record(candidate.host, files), compressed=True)
    digest = hashlib.sha256(data).hexdigest()
    path = directory.absolute() / "hosts" / f"{candidate.name}-{digest[:12]}.json.xz"
    path.parent.mkdir(exist_ok=True)
    with new_file(path) as file:
        file.write(data)
    return SurveyedHost(str(path), candidate.name, digest)


@cache
def _database_digest() -> str:
    return hashlib.sha256(Path(DATABASE_FILE).read_bytes()).hexdigest()


class LeftToDo(NamedTuple):
    """A wheel with the hosts that it was not checked on yet, and those that it has no traces of."""

    wheel: Wheel
    hosts: tuple[SurveyedHost, ...]
    traced: tuple[SurveyedHost, ...]


def left_to_do(
    wheels: Iterable[Wheel],
    hosts: Sequence[SurveyedHost],
    done: AbstractSet[tuple[str, str]],
    traced: AbstractSet[tuple[str, str]] | None = None,
) -> Iterator[LeftToDo]:
    """The wheels that have something left to do; ``traced`` is None where no traces are wanted.

    A wheel whose digest is not told is fetched again, to learn it.
    """
    for wheel in wheels:

        def missing(of: AbstractSet[tuple[str, str]], sha256: str) -> tuple[SurveyedHost, ...]:
            return tuple(host for host in hosts if (sha256, host.digest) not in of)

        checks = missing(done, wheel.sha256)
        traces = () if traced is None else missing(traced, wheel.sha256)
        if checks or traces:
            yield LeftToDo(wheel, checks, traces)
