"""What is fuzzed: for each kind of input its seeds, its mutator, and a run of all that reads it.

A run may raise :class:`collide.support.errors.CollideError` and nothing else, and no problem of
a report may be one that nobody foresaw (:class:`collide.support.faults.UnexpectedError`).
"""

from __future__ import annotations

import io
import json
import os
import signal
import tempfile
import traceback
import zlib
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import mutators
import seeds
from collide import api
from collide.check import interposed
from collide.check.check import Report
from collide.elf.code.call_graph import read_calls
from collide.elf.notes import read_notes
from collide.elf.object import read_object
from collide.elf.references import table_of
from collide.elf.strings import read_refusals, read_version_strings
from collide.filesystems.container_image import open_root
from collide.filesystems.root import Root
from collide.findings.footprint import compare
from collide.hosts.extract import extract
from collide.hosts.footprint import of_host, read_baseline, to_baseline
from collide.hosts.packages import find_packages
from collide.hosts.profile_file.read import load
from collide.hosts.profile_file.write import record, to_bytes
from collide.inspect.inspect import inspect
from collide.loader.glibc.ld_cache import read_cache
from collide.loader.host import Host
from collide.loader.model import Dso
from collide.processes.core import open_core
from collide.report import footprint as footprint_report
from collide.report.check.formats import FORMATS, Shown
from collide.report.inspect_formats import rendered
from collide.support.errors import CollideError, InputError
from collide.support.faults import UnexpectedError
from collide.wheels.archive import Archive
from collide.wheels.target import Target, read_target

HOST = "debian-12-uwsgi-python3"
"""A shipped host that defines what the seeds use."""


class FoundError(AssertionError):
    """A problem that nobody foresaw; str() is its traceback."""


class FuzzTarget(NamedTuple):
    """One kind of input. ``share`` is its part of the time, in proportion to the others'."""

    seeds: Callable[[], Sequence[bytes]]
    mutate: mutators.Mutator
    run: Callable[[bytes], None]
    share: int = 1
    longest: int = 1 << 16


@cache
def _scratch() -> Path:
    """A directory for inputs that are read by their path, in memory where there is one."""
    memory = Path("/dev/shm")
    parent = memory if os.access(memory, os.W_OK) else None
    return Path(tempfile.mkdtemp(prefix="collide-fuzz-", dir=parent))


def _file(name: str, data: bytes) -> str:
    path = _scratch() / name
    path.write_bytes(data)
    return str(path)


@cache
def _host(name: str = HOST) -> Host:
    (found,) = api.load_hosts(name)
    return found


def _one_of(data: bytes, number: int) -> int:
    """A choice that is the same for the same input."""
    return zlib.crc32(data) % number


def _refuse_unexpected(problems: Iterable[InputError]) -> None:
    for problem in problems:
        if isinstance(problem, UnexpectedError):
            raise FoundError(problem.traceback)


def _shown(report: Report, data: bytes) -> None:
    _refuse_unexpected(report.problems)
    names = sorted(FORMATS)
    FORMATS[names[_one_of(data, len(names))]].render(Shown(report, None, verbose=True))


def _check(target: Target | str, data: bytes, hosts: Sequence[Host]) -> None:
    remedies = _one_of(data, 7) == 0
    _shown(api.check([target], hosts, remedies=remedies), data)


def run_object(data: bytes) -> None:
    """One object, by all that reads its bytes; one in sixteen also on a host."""
    found = read_object(data)
    for name in sorted(found.exports.names)[:40]:
        found.exports.candidates(name)
    list(found.references)
    sorted(table_of(found.references).simple)
    if _one_of(data, 8) == 0:  # made by elftools, which takes longer than all others
        read_notes(io.BytesIO(data))
    read_version_strings(data)
    read_refusals(data)
    calls = read_calls(data)
    if calls is not None:
        calls.used_at_load()
        calls.leaves(calls.functions[:10])
        calls.behind(list(found.exports.names)[:5])
        calls.follow_tables(found.exports.names, found.exports, frozenset)
        running = calls.running()
        running.enter()
        running.call(calls.functions)
        any(map(running.is_called, calls.functions[:10]))
    if _one_of(data, 16) == 1:
        path = f"/prefix/{seeds.MODULE}"
        dso = Dso(path, path, found, lambda: data)
        _check(Target("x", None, {path: dso}, {path: seeds.MODULE}), data, [_host()])


def run_wheel(data: bytes) -> None:
    """A wheel, checked and, one in four, planned to be repaired."""
    path = _file(seeds.WHEEL, data)
    _check(path, data, [_host()])
    if _one_of(data, 4) == 0:
        api.repair(path, _host(), everything=True, write=False)


def run_archive(data: bytes) -> None:
    """The archive of a wheel, member by member, and as a target."""
    path = _file(seeds.WHEEL, data)
    with Archive(path) as archive:
        for entry in archive.entries:
            try:
                archive.read(entry)
            except InputError as e:
                _refuse_unexpected([e])
    _refuse_unexpected(read_target(path).problems)


@cache
def _system_host() -> Host:
    return extract("/opt/host", open_root(_file("system.tar", seeds.tar(seeds.system()))))


@cache
def _wheel() -> Target:
    path = _scratch() / "seed"
    path.mkdir(exist_ok=True)
    (path / seeds.WHEEL).write_bytes(seeds.wheel(seeds.members()))
    return read_target(path / seeds.WHEEL)


def run_profile(data: bytes) -> None:
    """A profile file, as a host to check on and to compare."""
    host = load(_file("host.json", data))
    _check(_wheel(), data, [host])
    compared = compare(of_host(_system_host()), of_host(host))
    footprint_report.render(compared)


def run_baseline(data: bytes) -> None:
    """A baseline, compared with what a host has, and written again."""
    baseline = read_baseline(Path(_file("baseline.json", data)))
    compared = compare(baseline, of_host(_system_host()))
    footprint_report.render(compared)
    footprint_report.render_json(compared)
    to_baseline(baseline)


def run_interposed(data: bytes) -> None:
    """A baseline of what the objects of a host take from each other."""
    known = interposed.read_baseline(Path(_file("interposed.json", data)))
    interposed.beyond(interposed.report_of([_system_host()]), known)


def run_cache(data: bytes) -> None:
    """An ld.so.cache, asked for some libraries."""
    found = read_cache(data)
    for name in ("libvault.so.1", "libz.so.1", "libc.so.6"):
        found.find(name, 0x303, ("x86-64-v2",))


def run_root(data: bytes) -> None:
    """A root in an archive: a host with its packages, one in four recorded as a profile."""
    root = open_root(_file("root.tar", data))
    host = extract("/opt/host", root, ldconfig=_one_of(data, 2) == 0)
    find_packages(root, [m.dso.path for m in host.process.maps])
    to_baseline(of_host(host))
    if _one_of(data, 4) == 1:
        to_bytes(record(host, root), compressed=False)


def run_image(data: bytes) -> None:
    """An image in an archive, opened and looked through."""
    root = open_root(_file("image.tar", data), "x:1" if _one_of(data, 4) == 0 else None)
    pending = ["/"]
    for _ in range(200):
        if not pending:
            break
        path = pending.pop()
        if root.is_directory(path):
            pending += [f"{path.rstrip('/')}/{name}" for name in root.names(path)]
        else:
            root.read_bytes(path)
    extract("/opt/host", root)


@cache
def _crashed_root() -> Root:
    return open_root(_file("crashed.tar", seeds.tar(seeds.crashed())))


def run_core(data: bytes) -> None:
    """A core file, inspected beside the files of its process, in one of the formats."""
    image = open_core(_file("core", data))
    try:
        found = inspect(image, _crashed_root())
    finally:
        image.close()
    _refuse_unexpected(found.report.problems)
    rendered(found, ("text", "json", "html")[_one_of(data, 3)])


# -- seeds ----------------------------------------------------------------------------------------


def _profiles() -> list[bytes]:
    root = open_root(_file("system.tar", seeds.tar(seeds.system())))
    return [to_bytes(record(extract("/opt/host", root), root), compressed=False)]


def _images() -> list[bytes]:
    layers = [
        seeds.tar(seeds.system()),
        seeds.tar([("opt/.wh.x", b"0", b""), ("opt/y", b"0", b"y")]),
    ]
    docker, manifest = seeds.image(layers, docker=True)
    oci, described = seeds.image(layers)
    digest = f"{zlib.crc32(described):064x}"
    index = {
        "manifests": [
            {
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "digest": f"sha256:{digest}",
                "annotations": {"org.opencontainers.image.ref.name": "x:1"},
            }
        ]
    }
    return [
        seeds.tar([("manifest.json", b"0", manifest), *docker]),
        seeds.tar(
            [
                ("oci-layout", b"0", b'{"imageLayoutVersion":"1.0.0"}'),
                ("index.json", b"0", json.dumps(index).encode()),
                (f"blobs/sha256/{digest}", b"0", described),
                *oci,
            ]
        ),
    ]


TARGETS = {
    "object": FuzzTarget(seeds.objects, mutators.change_object, run_object, 4),
    "wheel": FuzzTarget(
        lambda: [seeds.wheel(seeds.members())], mutators.change_wheel, run_wheel, 3
    ),
    "archive": FuzzTarget(
        lambda: [seeds.wheel(seeds.members())], mutators.change_archive, run_archive, 2
    ),
    "profile": FuzzTarget(_profiles, mutators.change_profile, run_profile, 3),
    "baseline": FuzzTarget(
        lambda: [to_baseline(of_host(_system_host())).encode()], mutators.change_json, run_baseline
    ),
    "interposed": FuzzTarget(lambda: [seeds.interposed()], mutators.change_json, run_interposed),
    "cache": FuzzTarget(
        lambda: [seeds.cache(), seeds.cache(old=True)], mutators.change_cache, run_cache
    ),
    "root": FuzzTarget(
        lambda: [seeds.tar(seeds.system())], mutators.change_tar, run_root, 3, longest=1 << 18
    ),
    "core": FuzzTarget(lambda: [seeds.core()], mutators.change_core, run_core, 2),
    "image": FuzzTarget(_images, mutators.change_tar, run_image, 2, longest=1 << 18),
}
"""All kinds of input, by name."""


class OvertimeError(BaseException):
    """One input has used up its CPU time; no handler of collide's takes it."""


def _interrupt(*_: object) -> None:
    raise OvertimeError


def execute(name: str, data: bytes, seconds: float = 5) -> str | None:
    """Run one input; the traceback of what should not have left a reader, None without one.

    More CPU time than ``seconds`` is such a thing, too.
    """
    signal.signal(signal.SIGVTALRM, _interrupt)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        TARGETS[name].run(data)
    except OvertimeError:
        return traceback.format_exc()
    except CollideError as e:
        return e.traceback if isinstance(e, UnexpectedError) else None
    except FoundError as e:
        return str(e)
    except Exception:
        return traceback.format_exc()
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return None
