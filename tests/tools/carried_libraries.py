"""Counts in how many of some popular native wheels a library of a host has a copy.

    python tests/tools/carried_libraries.py [--fetch] RANKS DATE DIRECTORY...

RANKS says which distributions are the most downloaded: ``top-pypi-packages.csv`` of the public
repository hugovk/top-pypi-packages, whose lines are in this order, or a table with tabs that has a
column ``name`` and one that begins with ``rank`` (1 is the most downloaded, 0 has no rank). DATE is
the day of the wheels, and the directories hold them. Of each name the newest wheel for CPython
3.11 on x86-64 counts, if any is native; the 300 of the best ranks make
``collide/findings/carried.json``, which names them with their releases and says how many these
were. A library is one that a shipped host loads at start-up.

With ``--fetch`` pip downloads what the directories lack into the first of them, one name after the
other in the order of RANKS, until 300 are counted; names without a native wheel are kept in
``without-wheel.txt`` beside these. Without it nothing is downloaded.
"""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from packaging.utils import (
    InvalidWheelFilename,
    NormalizedName,
    canonicalize_name,
    parse_wheel_filename,
)
from packaging.version import Version

import programs
from collide.analysis.analysis import analyse
from collide.analysis.library_copies import parse_soname
from collide.findings.gained import CARRIED, Builds, recorded_builds
from collide.hosts.database import load_shipped, shipped_names, shipped_summary
from collide.loader.host import Host
from collide.loader.libc import libc_of
from collide.loader.lookup import LookupRules
from collide.support.errors import CollideError
from collide.wheels.tags import unsuitable
from collide.wheels.target import read_target

_HOST = "debian-12-python3"
_MOST = 300


def main(argv: Sequence[str] | None = None) -> None:
    """Write the file."""
    parser = programs.parser(__doc__)
    parser.add_argument("--fetch", action="store_true", help="download the wheels that lack")
    parser.add_argument("ranks", type=Path, metavar="RANKS")
    parser.add_argument("date", metavar="DATE")
    parser.add_argument("directories", type=Path, nargs="+", metavar="DIRECTORY")
    args = parser.parse_args(argv)
    host = load_shipped(_HOST)
    names = [n for n in shipped_names() if shipped_summary(n).architecture == host.architecture]
    builds = recorded_builds(map(load_shipped, names))
    rules = libc_of(host.loader).lookup_rules(host.loader.version)
    counted: list[str] = []
    carried, taken = Counter[str](), Counter[str]()
    for wheel in ranked(ranks_of(args.ranks), args.directories, fetch=args.fetch):
        if len(counted) == _MOST:
            break
        try:
            brought = _brought(wheel, host, builds, rules)
        except CollideError as e:
            print(f"not counted: {e}", file=sys.stderr)
            continue
        if brought is None:
            continue
        counted.append("-".join(wheel.name.split("-")[:2]))
        carried.update(list(brought))
        taken.update(library for library, takes in brought.items() if takes)
        print(f"{len(counted)} {counted[-1]} {brought}", file=sys.stderr, flush=True)
    libraries = {name: [carried[name], taken[name]] for name in sorted(carried)}
    document = {"date": args.date, "wheels": counted, "libraries": libraries}
    lines = (f"{json.dumps(key)}: {json.dumps(value)}" for key, value in document.items())
    CARRIED.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def ranks_of(table: Path) -> dict[NormalizedName, int]:
    """The rank of each distribution that has one, by its normalized name."""
    with table.open(encoding="utf-8", newline="") as lines:
        if table.suffix == ".csv":
            rows = csv.DictReader(lines)
            return {canonicalize_name(row["project"]): n for n, row in enumerate(rows, 1)}
        columns = next(lines).rstrip("\n").split("\t")
        name = columns.index("name")
        rank = next(i for i, column in enumerate(columns) if column.startswith("rank"))
        split = (line.rstrip("\n").split("\t") for line in lines)
        return {canonicalize_name(row[name]): n for row in split if (n := int(row[rank] or 0))}


def ranked(
    ranks: Mapping[NormalizedName, int], directories: Sequence[Path], *, fetch: bool = False
) -> Iterator[Path]:
    """The newest wheel of each name with code for CPython 3.11 on x86-64, by rank.

    With ``fetch`` those that lack are downloaded when it is their turn.
    """
    there = _newest(ranks, directories)
    for name in sorted(ranks if fetch else there, key=ranks.__getitem__):
        path = there[name] if name in there else _fetched(name, directories[0])
        if path is not None:
            yield path


def _fetched(name: NormalizedName, into: Path) -> Path | None:
    """The wheel that pip takes for CPython 3.11 on x86-64; None for one without native code."""
    without = into / "without-wheel.txt"
    if without.exists() and name in without.read_text().split():
        return None
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--only-binary=:all:", "--python-version", "3.11", "--implementation", "cp"]
    for release in ("_2_28", "_2_17", "2014"):
        command += ["--platform", f"manylinux{release}_x86_64"]
    with TemporaryDirectory(dir=into) as scratch:
        done = subprocess.run([*command, "--dest", scratch, name], check=False)
        native = [*Path(scratch).glob("*_x86_64.whl")] if done.returncode == 0 else []
        if native:
            return native[0].rename(into / native[0].name)
    with without.open("a") as lines:
        lines.write(f"{name}\n")
    return None


def _newest(
    ranks: Mapping[NormalizedName, int], directories: Sequence[Path]
) -> dict[NormalizedName, Path]:
    newest: dict[NormalizedName, tuple[Version, Path]] = {}
    for path in sorted(p for d in directories for p in d.glob("*.whl")):
        try:
            name, version, _, tags = parse_wheel_filename(path.name)
        except InvalidWheelFilename:
            continue
        if name not in ranks or not any(re.search("linux.*_x86_64", t.platform) for t in tags):
            continue
        if name not in newest or newest[name][0] < version:
            newest[name] = version, path
    return {name: path for name, (_, path) in newest.items()}


def _brought(wheel: Path, host: Host, builds: Builds, rules: LookupRules) -> dict[str, bool] | None:
    """The libraries in a wheel that hosts have, and whether a host's would be taken from.

    That is so where a reference that is meant for the copy is served by any recorded build.
    None of a wheel without native code, or for another interpreter.
    """
    target = read_target(wheel)
    if not target.members or (target.tags and unsuitable(target.tags, host)):
        return None
    base = {
        dso.path: soname.base
        for dso in target.members.values()
        if (soname := parse_soname(dso.elf.soname or dso.path)) and soname.base in builds
    }
    found = dict.fromkeys(base.values(), False)
    if not found:
        return found
    for module in analyse(target, host, insist=True).modules:
        for brought in module.bound.objects if module.bound else ():
            for b in brought.bindings:
                library = base.get(b.intended.dso.path) if b.intended else None
                if library and not found[library] and rules.is_looked_up(b.reference):
                    served = (rules.match(b.reference, d.elf) for d in builds[library])
                    found[library] = any(served)
    return found


if __name__ == "__main__":
    main()
