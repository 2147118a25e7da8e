"""Measures what a check costs, as ratios: to the floor, to other tools, as it grows.

    python tests/tools/benchmark.py [--quick] [--runs N] [--save FILE] [--before FILE] [WHEEL...]

Whole processes; each two commands of a ratio run in turn, and medians are
printed, as Markdown. A cell has the ratio of CPU time (user and system), of
wall time and of peak memory. The floor of a check is to inflate the wheel's ELF
members with zipfile, that of starting is ``python -c pass``. Measured is the collide
that is imported here, or that of another checkout with ``--tree``, its modules compiled as
pip does. The last table has the targets; ``--before`` sets what an earlier run has saved
beside what is measured now. WHEEL is a file or NAME==VERSION.
"""

from __future__ import annotations

import argparse
import compileall
import math
import os
import platform
import random
import statistics
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import benchmark_inputs as inputs
import collide
import programs
from benchmark_measure import Comparison, Cost, MeasureError, Meter, median, ratio, slope
from benchmark_stages import ORDER
from benchmark_targets import HEAD, TARGETS, Figures
from collide.hosts.as_if import fitting
from collide.hosts.select import select
from collide.wheels.archive import Archive
from collide.wheels.tags import misfit
from corpus_cases import WHEELS as CORPUS

SCOPES = ("python3", "uwsgi", "all that fit", "that there were")
BUDGET, QUICK_BUDGET = 60.0, 4.0
"""CPU seconds for each two commands; where a run takes long there are fewer, at least one."""
LIMIT, QUICK_LIMIT = 600, 60
LARGE = 1_000_000
"""Bytes of a wheel from where on start-up does not count much."""


class Row(NamedTuple):
    """A wheel and what was measured with it, by the heads of the columns."""

    name: str
    contents: inputs.Contents
    cells: dict[str, Comparison]


class Benchmark:
    """Measures, and prints a table as soon as it is whole."""

    def __init__(
        self, meter: Meter, runs: int, budget: float, figures: Figures, *, quick: bool
    ) -> None:
        self.meter = meter
        self.runs, self.budget, self.quick = runs, budget, quick
        self.figures = figures
        self.lines: list[str] = []
        self.problems: list[str] = []

    def print(self, *lines: str) -> None:
        """Lines for the terminal and for ``--save``."""
        self.lines += lines
        print(*lines, sep="\n", flush=True)

    def table(self, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """A table, and below it what could not be measured for it."""
        if lines := [f"| {' | '.join(row)} |" for row in rows]:
            ruler = "|---" + "|---:" * (len(head) - 1) + "|"
            self.print("", f"| {' | '.join(head)} |", ruler, *lines)
        if self.problems:
            self.print("", *(f"- not measured: {problem}" for problem in self.problems))
            self.problems.clear()

    def try_to(self, what: str, do: Callable[[], Comparison]) -> Iterator[Comparison]:
        """The one result, or none, with the reason below the table."""
        try:
            yield do()
        except MeasureError as e:
            self.problems.append(f"{what}: {e}")

    def compare(
        self, what: str, command: Sequence[str], baseline: Sequence[str]
    ) -> Iterator[Comparison]:
        """``command`` against ``baseline``."""
        return self.try_to(
            what, lambda: self.meter.compare(command, baseline, self.runs, self.budget)
        )

    # -- start-up ---------------------------------------------------------------------------------

    def starting(self, smallest: Path) -> None:
        """What it costs to begin, against the interpreter alone."""
        self.print("", "## Starting, against `python -c pass`")
        nothing = [sys.executable, "-c", "pass"]
        rows = []
        for name, command in (
            ("`collide --version`", inputs.collide("--version")),
            (f"check of {_short(smallest)}, one profile", inputs.check(smallest, inputs.ONE)),
            (f"check of {_short(smallest)}, all that fit", inputs.check(smallest, ())),
        ):
            rows += [(name, _cell(c.ratio)) for c in self.compare(name, command, nothing)]
        self.table(("command", "CPU · wall · memory"), rows)

    # -- wheels -----------------------------------------------------------------------------------

    def wheels(self, wheels: Sequence[Path]) -> None:
        """Checks against inflating, and other tools against a check."""
        self.print("", "## `collide check`, against inflating the ELF members (zipfile, zlib)")
        found = inputs.peers(inputs.cache_directory())
        checks, others = [], []
        for wheel in wheels:
            with TemporaryDirectory() as scratch:
                unpacked = Path(scratch)
                contents = inputs.unpack(wheel, unpacked)
                checks.append(self._checks(wheel, contents))
                _progress(f"{_short(wheel)}: {'; '.join(_cells(checks[-1], SCOPES))}")
                others.append(self._others(wheel, contents, unpacked, found))
                _progress(f"others: {'; '.join(_cells(others[-1], found.commands))}")
        shown, self.problems = self.problems, []
        self._print_checks(checks, wheels)
        versions = ", ".join(f"{name} {version}" for name, version in found.versions.items())
        self.print("", "## Other tools, against `collide check` on one profile", "", versions)
        self.problems = shown + [f"{name}: {why}" for name, why in found.missing.items()]
        self._print_others(others, list(found.commands))
        self._note_totals(checks, wheels, others)

    def _note_totals(
        self, checks: Sequence[Row], wheels: Sequence[Path], others: Sequence[Row]
    ) -> None:
        ten = {spec.replace("-", "_") for spec in inputs.TEN}
        known = [row for row, w in zip(checks, wheels, strict=True) if _spec(w) in ten] or checks
        for key, scope in zip(("one", "uwsgi", "all", "then"), SCOPES, strict=True):
            if total := _total(known, scope):
                self.figures.note(key, total.cpu, len(known))
        shows = [row.cells["auditwheel show"] for row in others if "auditwheel show" in row.cells]
        if shows:
            ratios = [shown.ratio.cpu for shown in shows]
            self.figures.note("auditwheel median", statistics.median(ratios))
            self.figures.note("auditwheel least", min(ratios))

    def _checks(self, wheel: Path, contents: inputs.Contents) -> Row:
        cells = {}
        for scope in SCOPES:
            command, floor = inputs.check(wheel, _hosts(scope, [wheel])), inputs.inflate(wheel)
            for found in self.compare(f"{_short(wheel)} on {scope}", command, floor):
                cells[scope] = found
        return Row(_short(wheel), contents, cells)

    def _others(
        self, wheel: Path, contents: inputs.Contents, unpacked: Path, peers: inputs.Peers
    ) -> Row:
        cells = {}
        for name in peers.commands:
            if name == "abi3audit" and "abi3" not in wheel.name:
                continue  # it reads nothing but the tags
            command, ours = peers.of(name, wheel, unpacked), inputs.check(wheel, inputs.ONE)
            for found in self.compare(f"{name} on {_short(wheel)}", command, ours):
                cells[name] = found
        return Row(_short(wheel), contents, cells)

    def _print_checks(self, rows: Sequence[Row], wheels: Sequence[Path]) -> None:
        head = ("wheel", "MB", "MB of ELF", "objects", "hosts", *SCOPES)
        lines = []
        for row, wheel in zip(rows, wheels, strict=True):
            size = row.contents
            sizes = (f"{size.size / 1e6:.2f}", f"{size.elf / 1e6:.1f}", str(size.objects))
            lines.append((row.name, *sizes, str(_fitting(wheel)), *_cells(row, SCOPES)))
        blank = [""] * 4
        lines.append(("**total**", *blank, *(_cell(_total(rows, s)) for s in SCOPES)))
        large = [row for row in rows if row.contents.size > LARGE]
        for name, merge in (("median", statistics.median), ("worst", max)):
            cells = (_cell(_merged(large, s, merge)) for s in SCOPES)
            lines.append((f"**{name}** above 1 MB", *blank, *cells))
        self.table(head, lines)
        self.print("", "Each cell: CPU · wall · memory; the total's memory is the worst.")

    def _print_others(self, rows: Sequence[Row], names: Sequence[str]) -> None:
        lines = [(row.name, "yes" * row.contents.bundled, *_cells(row, names)) for row in rows]
        bundled = [row for row in rows if row.contents.bundled]
        for label, some in (("", rows), (" with bundled libraries", bundled)):
            for kind, merge in (("median", statistics.median), ("least", min)):
                cells = (_cell(_merged(some, name, merge)) for name in names)
                lines.append((f"**{kind}**{label}", "", *cells))
        self.table(("wheel", "bundled", *names), lines)

    # -- growth -----------------------------------------------------------------------------------

    def growth(self) -> None:
        """How cost grows with one size: whole, and as an exponent of what is not start-up."""
        self.print("", "## Growth of `collide check`")
        rows: list[tuple[str, ...]] = []
        with TemporaryDirectory() as scratch:
            try:
                for series in inputs.generated(Path(scratch), quick=self.quick):
                    targets = (series.least, *series.targets)
                    commands = [inputs.check(target, inputs.ONE) for target in targets]
                    row = self._grown(series.name, series.sizes, commands)
                    rows.append(row)
                    if (key := series.name.partition(",")[0].split()[0]) in TARGETS:
                        self.figures.note(key, float(row[-1]))
            except MeasureError as e:
                self.problems.append(str(e))
        try:
            wheel = inputs.wheel_file("cryptography==42.0.8")
            rows.append(self._grown("profiles beside the first", *_profile_series(wheel)))
        except MeasureError as e:
            self.problems.append(f"profiles: {e}")
        head = ("size", "values", "growth of size", "CPU · wall · memory", "slope of CPU")
        self.table(head, rows)
        self.print(
            "",
            "The slope is fitted to the logarithms of size and CPU time, less the CPU time of "
            "a wheel with next to nothing (of the first profile): 1 is linear.",
        )

    def _grown(
        self, name: str, sizes: Sequence[int], commands: Sequence[Sequence[str]]
    ) -> tuple[str, ...]:
        """``commands`` has one more in front, that of next to nothing."""
        rounds = self.meter.in_turn(commands, self.runs, self.budget * len(sizes) / 2)
        _progress(f"growth with {name}: done")
        whole = median([ratio(costs[-1], costs[1]) for costs in rounds])
        net = [
            statistics.median(costs[i].cpu - costs[0].cpu for costs in rounds)
            for i in range(1, len(commands))
        ]
        values, factor = ", ".join(map(str, sizes)), f"{sizes[-1] / sizes[0]:.1f}"
        return name, values, factor, _cell(whole), f"{slope(sizes, net):.2f}"

    # -- a directory ------------------------------------------------------------------------------

    def directory(self, wheels: Sequence[Path]) -> None:
        """A directory with and without pairs, and its profile by stage, in one process."""
        self.print("", f"## {len(wheels)} wheels in one directory, against inflating all")
        rows, profiles = [], {}
        with TemporaryDirectory() as scratch:
            for wheel in wheels:
                Path(scratch, wheel.name).symlink_to(wheel.absolute())
            keys = {"python3": "directory one", "all that fit": "directory all"}
            keys["that there were"] = "directory then"
            for scope in SCOPES:
                hosts = _hosts(scope, wheels)
                for label, options in (("", ()), (" without pairs", ("--no-together",))):
                    command = [*inputs.check(Path(scratch), hosts), "--jobs=1", *options]
                    key = f"{keys.get(scope)}{' alone' * bool(label)}"
                    for found in self.compare(scope + label, command, inputs.inflate(*wheels)):
                        rows.append((scope + label, _cell(found.ratio)))
                        if key in TARGETS:
                            self.figures.note(key, found.ratio.cpu, len(wheels))
                try:
                    profiles[scope] = inputs.stages(Path(scratch), hosts)
                except MeasureError as e:
                    self.problems.append(f"stages on {scope}: {e}")
        self.table(("hosts", "CPU · wall · memory"), rows)
        lines = []
        for stage in ORDER if profiles else ():
            shares = (found.get(stage, 0.0) / sum(found.values()) for found in profiles.values())
            lines.append((stage, *(f"{share:.0%}" for share in shares)))
        self.table(("stage, of its CPU time", *profiles), lines)

    # -- several cores ----------------------------------------------------------------------

    def together(self, wheels: Sequence[Path]) -> None:
        """A directory on two cores against one."""
        self.print("", "## `--jobs 2` against `--jobs 1`")
        if (os.cpu_count() or 1) < 2:
            self.problems.append("this machine has one core")
        rows = []
        with TemporaryDirectory() as scratch:
            for wheel in wheels:
                Path(scratch, wheel.name).symlink_to(wheel.absolute())
            largest = max(wheels, key=lambda wheel: wheel.stat().st_size)
            for what, target, profiles in (
                (f"{len(wheels)} wheels, python3", Path(scratch), inputs.ONE),
                (f"{len(wheels)} wheels, all that fit", Path(scratch), ()),
                (f"{_short(largest)}, all that fit", largest, ()),
            ):
                one, two = ([*inputs.check(target, profiles), f"--jobs={n}"] for n in (1, 2))
                if not self.problems:
                    for found in self.compare(f"--jobs on {what}", two, one):
                        rows.append((what, _cell(found.ratio)))
                        if target is largest:
                            share = found.cost.wall / found.baseline.cpu
                            self.figures.note("wall", share, _short(largest))
        self.table(("input", "CPU · wall · memory"), rows)

    # -- targets ------------------------------------------------------------------------------

    def targets(self) -> None:
        """The figures that have targets."""
        self.print("", "## Targets (those that are missed are bold)")
        self.table(HEAD, self.figures.rows())
        self.print("", _load())


def _cell(cost: Cost | None) -> str:
    return "" if cost is None else " · ".join(f"{figure:.2f}" for figure in cost)


def _cells(row: Row, names: Iterable[str]) -> Iterator[str]:
    return (_cell(row.cells[name].ratio if name in row.cells else None) for name in names)


def _merged(
    rows: Iterable[Row], name: str, merge: Callable[[Sequence[float]], float]
) -> Cost | None:
    found = [row.cells[name].ratio for row in rows if name in row.cells]
    return Cost(*map(merge, zip(*found, strict=True))) if found else None


def _total(rows: Iterable[Row], name: str) -> Cost | None:
    """Of all wheels as one; in memory they follow each other, so the worst counts."""
    found = [row.cells[name] for row in rows if name in row.cells]
    if not found:
        return None
    cpu = math.fsum(c.cost.cpu for c in found) / math.fsum(c.baseline.cpu for c in found)
    wall = math.fsum(c.cost.wall for c in found) / math.fsum(c.baseline.wall for c in found)
    return Cost(cpu, wall, max(c.ratio.memory for c in found))


def _fitting(wheel: Path) -> int:
    """How many shipped hosts a wheel is checked on, those as if for its Python included."""
    with Archive(wheel) as archive:
        return len(fitting([archive.tags], list(select(()))).hosts)


def _hosts(scope: str, wheels: Sequence[Path]) -> Sequence[str]:
    """The hosts that a check is to name; none for all that fit.

    When the targets were set there were, of the hosts that fit wheels for x86-64, those that have
    the Python that is wanted; no host was taken as if it had another one.
    """
    if scope != "that there were":
        return {"python3": inputs.ONE, "uwsgi": inputs.UWSGI}.get(scope, ())
    names: dict[str, None] = {}
    for wheel in wheels:
        with Archive(wheel) as archive:
            tags = archive.tags
        names.update((host.name, None) for host in select(()) if misfit(tags, host) is None)
    return tuple(names)


def _profile_series(wheel: Path) -> tuple[list[int], list[list[str]]]:
    """Checks against 1, 2, 4 ... of the shipped profiles that fit beside a first one."""
    with Archive(wheel) as archive:
        tags = archive.tags
    names = [host.name for host in select(()) if misfit(tags, host) is None]
    random.Random(0).shuffle(names)  # those of one system follow each other by name
    sizes = [2**i for i in range((len(names) - 1).bit_length())]
    return sizes, [inputs.check(wheel, names[: 1 + size]) for size in (0, *sizes)]


def _short(wheel: Path) -> str:
    return "-".join(wheel.name.split("-")[:2])


def _spec(wheel: Path) -> str:
    return "==".join(wheel.name.lower().split("-")[:2])


def _load() -> str:
    return f"load {' '.join(f'{one:.1f}' for one in os.getloadavg())}."


def _progress(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = programs.parser(__doc__)
    parser.add_argument("--quick", action="store_true", help="small wheels, three runs")
    parser.add_argument("--runs", type=int, help="of each two commands (default: 5, or 3)")
    parser.add_argument("--save", metavar="FILE", type=Path, help="write the tables to FILE too")
    parser.add_argument(
        "--before", metavar="FILE", type=Path, help="what --save wrote before, to compare with"
    )
    parser.add_argument(
        "--tree", metavar="DIR", type=Path, help="measure the collide of that checkout"
    )
    parser.add_argument(
        "--directory", metavar="DIR", type=Path, help="of wheels that are checked together"
    )
    parser.add_argument("wheels", nargs="*", metavar="WHEEL", help="instead of the corpus")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Measure what the command line names, or the corpus."""
    args = _arguments(argv)
    runs = args.runs or (3 if args.quick else 5)
    budget, limit = (QUICK_BUDGET, QUICK_LIMIT) if args.quick else (BUDGET, LIMIT)
    # An editable installation may have no compiled modules (PYTHONDONTWRITEBYTECODE).
    if args.tree:
        inputs.TREE = args.tree.absolute()
    compileall.compile_dir(str(inputs.TREE / "collide"), quiet=1)
    with Meter(limit) as meter:
        figures = Figures(args.before)
        benchmark = Benchmark(meter, runs, budget, figures, quick=args.quick)
        benchmark.print("# The cost of `collide check`", "", _versions(), _load())
        wheels = []
        for spec in args.wheels or (inputs.QUICK if args.quick else inputs.WHEELS):
            try:
                wheels.append(inputs.wheel_file(spec))
            except MeasureError as e:
                benchmark.problems.append(str(e))
        if not wheels:
            raise SystemExit("\n".join(benchmark.problems))
        benchmark.starting(wheels[0])
        benchmark.wheels(wheels)
        benchmark.growth()
        benchmark.directory(_directory(args) or wheels)
        benchmark.together(wheels)
        benchmark.targets()
    if args.save:
        args.save.write_text("\n".join(benchmark.lines) + "\n", encoding="utf-8")


def _directory(args: argparse.Namespace) -> list[Path]:
    """The wheels of ``--directory``, or of the corpus; none with --quick, and with wheels named."""
    if args.directory:
        return sorted(args.directory.glob("*.whl"))
    return [] if args.quick or args.wheels else list(map(inputs.wheel_file, CORPUS["cp311"]))


def _versions() -> str:
    return (
        f"collide {collide.__version__} on {platform.python_implementation()} "
        f"{platform.python_version()}, zlib {zlib.ZLIB_RUNTIME_VERSION}, {platform.machine()}, "
        f"{os.cpu_count()} CPUs,"
    )


if __name__ == "__main__":
    main()
