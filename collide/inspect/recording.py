"""A running process as a host that a profile can record: start-up, and the openings since then.

The link map has no calls of dlopen, but their result in its order: an object that nothing before
it needs was opened by itself. One that is in the global scope was opened RTLD_GLOBAL. The openings
are replayed in memory, and what then is not as in the process is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from collide.filesystems.root import Root
from collide.inspect.snapshot import Snapshot, take
from collide.loader.host import Host
from collide.loader.link_map import LinkMap, closure
from collide.loader.opening import GLOBAL, NOW, Opening
from collide.processes.image import ProcessImage
from collide.processes.live import open_process, root_of
from collide.support.errors import InputError
from collide.support.records import NamedTuple
from collide.verify.recorded_run import RecordedPlan, replay

_STEERING = ("LD_PRELOAD", "LD_LIBRARY_PATH")


class Recorded(NamedTuple):
    """A process as a host, the files of its root, and sentences on what differs or is missing."""

    host: Host
    root: Root
    notes: tuple[str, ...]


def record_process(pid: int, name: str | None = None) -> Recorded:
    """The host that the process ``pid`` is now.

    Of its environment LD_PRELOAD and LD_LIBRARY_PATH are read. Raises InputError where the process
    cannot be read.
    """
    image = open_process(pid)
    try:
        return record_image(image, Root(root_of(pid)), name, *_started_with(pid))
    finally:
        image.close()


def record_image(
    image: ProcessImage, root: Root, name: str | None, steering: Mapping[str, str], cwd: Path
) -> Recorded:
    """The host that the process behind an image is, whose files are in ``root``.

    ``steering`` has LD_PRELOAD and LD_LIBRARY_PATH as it was started with. Raises InputError where
    it cannot be read.
    """
    snapshot = take(image, root, name)
    plan = plan_of(snapshot)
    replayed = replay(plan, environment=steering, cwd=cwd, name=name, root=root)
    notes = [f"{problem.path}: {problem.reason}" for problem in snapshot.problems]
    notes += [*snapshot.notes, *replayed.differences, *_differences(snapshot, replayed.host)]
    if snapshot.elsewhere:
        notes.append(f"in another namespace, not recorded: {', '.join(snapshot.elsewhere)}")
    return Recorded(replayed.host, root, tuple(notes))


def plan_of(snapshot: Snapshot) -> RecordedPlan:
    """The openings that lead to the link map of a process."""
    process = snapshot.host.process
    source = f"openings of {snapshot.image.source}"
    started = tuple(closure(process.executable))
    opened = list(_opened(process.maps, started, process.global_scope))
    paths = tuple(m.dso.path for m, _ in opened)
    since = [m for m in process.global_scope if m not in started]
    return RecordedPlan(
        process.executable.dso.path,
        tuple(Opening(m.dso.path, GLOBAL if promoted else NOW, source) for m, promoted in opened),
        paths,
        loaded=frozenset(m.dso.path for m in process.maps if m not in started),
        promoted=frozenset(m.dso.path for m in since),
    )


def _opened(
    maps: Sequence[LinkMap], started: Sequence[LinkMap], scope: Sequence[LinkMap]
) -> Iterator[tuple[LinkMap, bool]]:
    """The objects that were opened, in their order, each with whether it was RTLD_GLOBAL."""
    loaded, promoted = set(started), set(started)
    for m in maps:
        # The dynamic loader and what is preloaded come with start-up.
        if m not in loaded and m not in _behind(started, maps):
            loaded.update(closure(m))
            if m in scope:
                promoted.update(closure(m))
            yield m, m in scope
    for m in scope:
        if m not in promoted:
            # It was there, and was made global by an opening of its own.
            promoted.update(closure(m))
            yield m, True


def _behind(started: Sequence[LinkMap], maps: Sequence[LinkMap]) -> frozenset[LinkMap]:
    """What is in front of the last object of start-up: that is loaded by then, too."""
    last = max(number for number, m in enumerate(maps) if m in started)
    return frozenset(maps[: last + 1])


def _started_with(pid: int) -> tuple[dict[str, str], Path]:
    """What of the environment steers its loader, and its working directory."""
    directory = Path(f"/proc/{pid}")
    try:
        variables = (directory / "environ").read_bytes().split(b"\0")
        cwd = (directory / "cwd").readlink()
    except OSError as e:
        raise InputError(f"process {pid}", e.strerror or str(e)) from e
    pairs = (v.decode("utf-8", "surrogateescape").partition("=") for v in variables)
    return steering_of({name: value for name, _, value in pairs}), cwd


def steering_of(environment: Mapping[str, str]) -> dict[str, str]:
    """What of an environment is recorded: where the loader searches, and what it preloads."""
    return {name: environment[name] for name in _STEERING if name in environment}


def _differences(snapshot: Snapshot, host: Host) -> Iterator[str]:
    """How the replayed process is not the real one."""
    real, found = snapshot.host.process, host.process
    there = {m.dso.path for m in found.maps}
    for m in real.maps:
        if m.dso.path not in there:
            yield f"{m.dso.path}: is loaded in the process, and not after its openings here"
    paths = {m.dso.path for m in real.maps}
    for m in found.maps:
        if m.dso.path not in paths and not snapshot.problems:
            yield f"{m.dso.path}: is not loaded in the process, and is after its openings here"
    scopes = [[m.dso.path for m in p.global_scope if m.dso.path in paths] for p in (real, found)]
    if snapshot.scope_read and scopes[0] != scopes[1]:
        yield "the global scope is in another order in the process"
