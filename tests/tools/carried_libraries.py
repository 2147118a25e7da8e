"""Counts in how many of some popular native wheels a library of a host has a copy.

    python tests/tools/carried_libraries.py RANKS DATE DIRECTORY...

RANKS is a table with tabs, whose first line names its columns: one is ``name``, one begins with
``rank`` (1 is the most downloaded, 0 has no rank). DATE is the day of the wheels, and the
directories hold them. Of each name the newest wheel for CPython 3.11 on x86-64 counts, if any is
native; the 300 of the best ranks make ``collide/findings/carried.json``, in which stands how many
wheels these were. A library is one that a shipped host loads at start-up. Nothing is downloaded.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

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
    for wheel in _ranked(_ranks(args.ranks), args.directories):
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


def _ranks(table: Path) -> dict[NormalizedName, int]:
    """The rank of each distribution that has one, by its normalized name."""
    with table.open(encoding="utf-8") as lines:
        columns = next(lines).rstrip("\n").split("\t")
        name = columns.index("name")
        rank = next(i for i, column in enumerate(columns) if column.startswith("rank"))
        rows = (line.rstrip("\n").split("\t") for line in lines)
        return {canonicalize_name(row[name]): n for row in rows if (n := int(row[rank] or 0))}


def _ranked(ranks: dict[NormalizedName, int], directories: Sequence[Path]) -> Iterator[Path]:
    """The newest wheel of each name with code for CPython 3.11 on x86-64, by rank."""
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
    for name in sorted(newest, key=ranks.__getitem__):
        yield newest[name][1]


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
