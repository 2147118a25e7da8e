"""Counts the lines of the first screens of six real wheels for ``collide/docs/report.md``.

python tests/tools/first_screens.py
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence

import programs
from checkout import PACKAGE, ROOT
from corpus import download

PAGE = PACKAGE / "docs/report.md"
WHEELS = (
    *("h5py==3.16.0", "lxml==6.1.3", "numpy==2.4.6"),
    *("pillow==10.0.0", "psycopg2-binary==2.9.13", "shapely==2.1.2"),
)
_TABLE = r"(?m)^\| wheel \| lines.*\n(?:\|.*\n)+"


def table() -> str:
    """The lines for each wheel alone, and for all of them together, at 100 columns."""
    rows = [(spec, _lines(spec)) for spec in WHEELS] + [("all six", _lines(*WHEELS))]
    told = "".join(f"| {name.replace('==', ' ')} | {count} |\n" for name, count in rows)
    return f"| wheel | lines |\n|---|---|\n{told}"


def shown() -> str:
    """The table of the page."""
    (found,) = re.findall(_TABLE, PAGE.read_text())
    return str(found)


def _lines(*specs: str) -> int:
    wheels = [str(download(spec)) for spec in specs]
    run = subprocess.run(
        [sys.executable, "-m", "collide", "check", "--isolated", *wheels],
        env={**os.environ, "COLUMNS": "100", "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return len(run.stdout.splitlines())


def main(argv: Sequence[str] | None = None) -> None:
    """Write the table of the page."""
    programs.parser(__doc__).parse_args(argv)
    PAGE.write_text(re.sub(_TABLE, table(), PAGE.read_text()))


if __name__ == "__main__":
    main()
