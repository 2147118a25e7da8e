"""Compares real wheels on real hosts with the loader, as ``collide verify`` does.

    python tests/tools/corpus_run.py [--update] [WORD...]

prints a table and every difference; ``--update`` keeps the counts in
``tests/data/corpus_counts.json`` and the table in ``tests/data/corpus_table.md``. Words
select rows: ``python tests/tools/corpus_run.py lxml uwsgi``. The same runs as a test
are ``pytest -m corpus``.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import programs
from checkout import DATA
from collide.analysis.analysis import Analysis, analyse
from collide.filesystems.root import Root
from collide.hosts.commands import command_line
from collide.hosts.extract import extract
from collide.report import verify as report
from collide.support.errors import CollideError
from collide.verify.compare import Agreement, count, install, verify, verify_start_up
from collide.verify.runner import Runner
from collide.wheels.archive import Archive
from collide.wheels.target import Target, installed_path, read_target
from corpus_cases import CASES, HOSTS, Case, Host, wheel_of

COUNTS = DATA / "corpus_counts.json"
TABLE = DATA / "corpus_table.md"
MODULES = 45
"""A wheel with more modules is represented by every n-th of them."""


@dataclass
class Row:
    """The outcome for one case.

    ``seen`` are the loader's lines, ``agreed`` those that collide predicted
    alike, ``silent`` what the loader never prints, ``failing`` modules that
    neither opens, ``unreached`` the predicted bindings of these that come after
    the loader gave up. ``bindings`` and the shadowed ones are counted over all
    modules, the others over the sample.
    """

    case: Case
    wheel: str
    of_modules: int = 0
    modules: int = 0
    objects: int = 0
    scopes: int = 0
    seen: int = 0
    agreed: int = 0
    silent: int = 0
    failing: int = 0
    unreached: int = 0
    bindings: int = 0
    shadowed: int = 0
    shadowed_names: int = 0
    differences: int = 0
    seconds: float = 0
    closure: str = ""
    left_out: str | None = None
    told: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        return f"{self.wheel}|{self.case.host}"

    @property
    def counts(self) -> dict[str, int | str]:
        """What is kept: independent of the sample, valid for one state of the host."""
        return {
            "closure": self.closure,
            "modules": self.of_modules,
            "bindings": self.bindings,
            "shadowed": self.shadowed,
            "shadowed_names": self.shadowed_names,
            "differences": self.differences,
        }


def compare(case: Case, wheel: Path) -> Row:
    """One wheel in one host."""
    host = HOSTS[case.host]
    row = Row(case, wheel.name)
    if host.missing:
        row.left_out = f"{host.missing[0]} is not installed"
        return row
    started = time.monotonic()
    try:
        # The file system may reach the temporary directory through a symbolic link.
        with TemporaryDirectory() as directory:
            _compare(row, host, wheel, Path(directory).resolve())
    except CollideError as e:
        row.left_out = str(e)
    row.seconds = time.monotonic() - started
    return row


def _compare(row: Row, host: Host, wheel: Path, scratch: Path) -> None:
    root = Root()
    extracted = extract(host.binary, root, rtld_global=host.rtld_global)
    runner = Runner(extracted, command_line(extracted.path, host.run), scratch, os.environ)
    target = _untagged(wheel, scratch / "lib") if row.case.foreign else read_target(wheel)
    analysis = analyse(target, extracted)
    row.left_out = analysis.left_out
    if analysis.left_out:
        return
    _count(row, analysis)
    if target.on_disk is None:
        runner.root = str(scratch / "root")
        install(target, Path(runner.root))
    start_up = verify_start_up(extracted, root, runner.start())
    sample = analysis.modules[:: -(-len(analysis.modules) // MODULES)]
    agreements = tuple(verify(analysis._replace(modules=sample), runner))
    agreement = Agreement(analysis, runner.by_slots, (start_up, *agreements))
    total = count(agreements)
    row.modules, row.objects, row.scopes = len(agreements), total.objects, total.scopes
    row.seen, row.agreed, row.silent = total.seen, total.agreed, total.silent
    row.unreached = total.unreached
    row.failing = sum(m.failure is not None for m in agreements)
    row.differences = agreement.differences + len(agreement.problems)
    if row.differences:
        row.told = report.render([agreement]).splitlines()


def _untagged(wheel: Path, into: Path) -> Target:
    """A wheel's objects as if they were for any Python, to be refused by the loader alone."""
    with Archive(wheel) as archive:
        for entry in archive.elf_members():
            name = installed_path(entry.name, archive.distribution).lstrip("/")
            place = into / re.sub(r"\.(?:cpython|pypy)[-\w]*(?=\.so$)", "", name)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(archive.read(entry))
    return read_target(into)


def _count(row: Row, analysis: Analysis) -> None:
    row.of_modules = len(analysis.modules)
    names: set[str] = set()
    files = {m.dso.path for m in analysis.host.process.global_scope}
    for module in analysis.modules:
        if module.bound is None:
            continue
        lines = {
            (o.map.dso.path, b.reference.name, b.reference.version, b.provider, b.shadowed)
            for o in module.bound.objects
            for b in o.bindings
        }
        row.bindings += sum(line[3] is not None for line in lines)
        row.shadowed += sum(line[4] for line in lines)
        names.update(
            name for _, name, _, provider, shadowed in lines
            if shadowed and provider is not None and analysis.is_host(provider)
        )  # fmt: skip
        files.update(m.dso.path for m in module.bound.opened.searchlist)
    row.shadowed_names = len(names)
    outside = sorted(path for path in files if path not in analysis.target.names)
    row.closure = hashlib.sha256("".join(map(_digest, outside)).encode()).hexdigest()[:16]


@functools.cache
def _digest(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def run(cases: Sequence[Case]) -> Iterator[Row]:
    """All rows, in the order of ``cases``; wheels are downloaded first."""
    wheels = [wheel_of(case) for case in cases]
    largest_first = sorted(range(len(cases)), key=lambda i: -wheels[i].stat().st_size)
    with ProcessPoolExecutor(max_workers=min(os.cpu_count() or 1, len(cases) or 1)) as pool:
        rows = {i: pool.submit(compare, cases[i], wheels[i]) for i in largest_first}
        for i in range(len(cases)):
            yield rows[i].result()


# -- counts and table -----------------------------------------------------------------------------


def recorded_counts() -> dict[str, dict[str, int | str]]:
    """The expected counts by ``wheel|host``."""
    counts: dict[str, dict[str, int | str]] = json.loads(COUNTS.read_text())
    return counts


_COLUMNS = (
    "modules",
    "objects",
    "scopes",
    "seen",
    "agreed",
    "silent",
    "failing",
    "unreached",
    "bindings",
    "shadowed",
    "shadowed_names",
    "differences",
)


def table(rows: Iterable[Row]) -> Iterator[str]:
    """The rows as a Markdown table, with a line of sums."""
    titles = ("wheel", "host", *(c.replace("_", " ") for c in _COLUMNS))
    yield _line(titles)
    yield _line(("---", "---", *("---:" for _ in _COLUMNS)))
    sums = dict.fromkeys(_COLUMNS, 0)
    for row in rows:
        name = "-".join(row.wheel.split("-")[:3])
        if row.left_out:
            yield _line((name, row.case.host, f"left out: {row.left_out}"))
            continue
        values = {c: int(getattr(row, c)) for c in _COLUMNS}
        for column, value in values.items():
            sums[column] += value
        shown = {c: str(v) for c, v in values.items()}
        if row.modules != row.of_modules:
            shown["modules"] = f"{row.modules}/{row.of_modules}"
        yield _line((name, row.case.host, *shown.values()))
    yield _line(("all", "", *map(str, sums.values())))


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


_ABOUT = """\
# Wheels in hosts, collide beside the real loader

Written by `python tests/tools/corpus_run.py --update`; `pytest -m corpus` does the same runs.
`seen` are bindings that the loader printed for what a module brought in, `agreed` those that
collide had predicted alike; `scopes` that were printed and agreed; `silent` is predicted and never
printed (weak, satisfied by nothing); `failing` modules open neither in the host nor as predicted,
and what the loader did not reach in them is `unreached`. `bindings` and both columns of shadowed
ones count all modules; a wheel with more than {modules} modules is represented by every n-th.

"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the selected rows; 1 when anything differs from the loader."""
    parser = programs.parser(__doc__)
    parser.add_argument(
        "words", nargs="*", metavar="WORD", help="what rows have in them; default: all"
    )
    parser.add_argument(
        "--update", action="store_true", help=f"write {COUNTS.name}, and of all rows {TABLE.name}"
    )
    args = parser.parse_args(argv)
    cases = [c for c in CASES if all(word in str(c) for word in args.words)]
    rows = list(run(cases))
    for line in table(rows):
        print(line)
    for row in rows:
        for text in row.told:
            print(f"{row.case}: {text}")
    slowest = sorted(rows, key=lambda row: -row.seconds)[:5]
    print("slowest:", ", ".join(f"{row.case} {row.seconds:.0f} s" for row in slowest))
    if args.update:
        counts = recorded_counts() if args.words and COUNTS.exists() else {}
        counts |= {row.key: row.counts for row in rows if not row.left_out}
        COUNTS.write_text(json.dumps(counts, indent=1, sort_keys=True) + "\n")
        if not args.words:
            text = _ABOUT.format(modules=MODULES) + "\n".join(table(rows)) + "\n"
            TABLE.write_text(text)
    return int(any(row.differences or row.left_out for row in rows))


if __name__ == "__main__":
    sys.exit(main())
