"""The libraries that the packages of a Debian suite bring, for the shipped hosts of that suite.

    python tests/tools/offers.py SUITE ARCHITECTURE

prints them as :mod:`collide.hosts.database.reader` reads them: a line for each package, its name
and those of its libraries. They are read from the archive's own list of files; no package is
downloaded. A library counts where the loader looks without a run path. Left out are the names
without a number that only a compiler asks for (packages ``-dev``), and the longer of two names of
one package that differ in further numbers: a DT_SONAME is the shorter.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence

import programs
from roots import RootError, contents
from shipped import TRIPLETS


def offers(lines: Iterable[str], triplet: str) -> str:
    """The text for the database, of the lines of a list of files (Contents)."""
    place = re.compile(rf"(?:usr/)?lib/(?:{re.escape(triplet)}/)?([^/ ]+\.so(?:\.[^/ ]*)?) +(\S+)")
    brought: dict[str, set[str]] = defaultdict(set)
    for line in lines:
        if ".so" in line and (found := place.fullmatch(line.rstrip())):
            for package in found[2].split(","):
                brought[package.rpartition("/")[2]].add(found[1])
    return "".join(
        f"{package} {' '.join(sorted(_shortest(names)))}\n"
        for package, names in sorted(brought.items())
        if not package.endswith(("-dev", "-dbg"))
    )


def _shortest(names: set[str]) -> set[str]:
    """The names of which none is another with further numbers behind it."""
    return {n for n in names if not any(n.startswith(f"{other}.") for other in names)}


def main(argv: Sequence[str] | None = None) -> int:
    """Print the libraries of one suite."""
    parser = programs.parser(__doc__)
    parser.add_argument("suite", metavar="SUITE", help="bookworm, trixie, sid ...")
    parser.add_argument("architecture", metavar="ARCHITECTURE", help="amd64, arm64 ...")
    args = parser.parse_args(argv)
    if args.architecture not in TRIPLETS:
        parser.error(f"ARCHITECTURE is one of {', '.join(sorted(TRIPLETS))}")
    try:
        sys.stdout.write(
            offers(contents(args.suite, args.architecture), TRIPLETS[args.architecture])
        )
    except RootError as e:
        print(f"offers: {e}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
