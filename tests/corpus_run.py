"""Real wheels on real hosts: ``collide bindings`` against the log of the dynamic loader.

``python tests/corpus_run.py`` runs everything and prints a table and every
difference; ``--update`` keeps the counts in ``corpus_counts.json``. Arguments
select rows: ``python tests/corpus_run.py lxml uwsgi``. The same runs as a test
are ``pytest -m corpus``.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from corpus_cases import CASES, HOSTS, Case, Host, wheel_of

from collide.oracle import read_log, unsteered
from collide.oracle import run as run_logged

COUNTS = Path(__file__).with_name("corpus_counts.json")
MODULES = 45
"""A wheel with more modules is represented by every n-th of them."""
_TIMEOUT = 600


# -- the real loader ------------------------------------------------------------------------------


class Line(NamedTuple):
    """A binding that the loader printed or collide predicted; all paths are canonical."""

    object: str
    symbol: str
    version: str | None
    provider: str

    def __str__(self) -> str:
        version = f"@{self.version}" if self.version else ""
        return f"{self.object}: {self.symbol}{version} -> {self.provider}"


_SCRIPT = """\
import _imp, sys
try:
    _imp.create_dynamic(type(sys.implementation)(name="_no_such_module_", origin={path!r}))
except ImportError as e:
    sys.stderr.write("{mark}%s\\n" % e)
"""
_MARK = "corpus: "


@dataclass(frozen=True)
class Observed:
    """One fresh process of a host that opened one object."""

    lines: frozenset[Line]
    error: str | None

    @property
    def objects(self) -> frozenset[str]:
        return frozenset(o for line in self.lines for o in (line.object, line.provider))


def observe(host: Host, path: str, scratch: Path) -> Observed:
    """Open ``path`` in the host without initialising it, and read what the loader bound."""
    script = scratch / "open.py"
    script.write_text(_SCRIPT.format(path=path, mark=_MARK))
    ran = run_logged(
        host.running(str(script)),
        cwd=scratch,
        environment={
            **unsteered(os.environ),
            "HOME": str(scratch),
            "PYTHONHOME": "",
            "PYTHONPATH": "",
            "PYTHONNOUSERSITE": "1",
        },
    )
    bindings = read_log(ran).bindings
    lines = frozenset(Line(b.object, b.symbol, b.version, b.provider) for b in bindings)
    output = f"{ran.stderr}\n{ran.stdout}"
    said = [line for line in output.splitlines() if line.startswith(_MARK)]
    if not said:
        raise RuntimeError(f"{host.command[0]} did not run the script: {output.strip()[-300:]}")
    error = said[0].removeprefix(_MARK)
    # The initialiser is asked for only when dlopen() has succeeded.
    return Observed(lines, None if "_no_such_module_" in error else error)


# -- collide --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shadowed:
    """The counts of shadowed references: lines, and names that the host provides."""

    lines: int
    names: int


@dataclass
class Prediction:
    """What ``collide bindings`` says of one wheel: by module, paths as installed."""

    lines: dict[str, set[Line]] = field(default_factory=dict)
    unresolved: dict[str, int] = field(default_factory=dict)
    failures: dict[str, list[str]] = field(default_factory=dict)
    shadowed: Shadowed = Shadowed(0, 0)

    @property
    def modules(self) -> list[str]:
        return sorted({*self.lines, *self.failures})


_FAILURE = re.compile(r"collide: (\S+): ((?:missing|version|undefined|unloadable)-\S+: .*)")


def predict(wheel: Path, host: Host, installed: Path) -> Prediction:
    """Run ``collide bindings``; an empty prediction has the reason as a failure of ``""``."""
    done = subprocess.run(
        [sys.executable, "-m", "collide", "bindings", str(wheel), *host.profile],
        capture_output=True,
        text=True,
        check=False,
        timeout=_TIMEOUT,
    )
    prediction = Prediction()
    shadowed, names = 0, set()
    for text in done.stdout.splitlines():
        line = json.loads(text)
        module = str(installed / _installed(line["module"]))
        lines = prediction.lines.setdefault(module, set())
        if line["provider"] is None:
            prediction.unresolved[module] = prediction.unresolved.get(module, 0) + 1
            continue
        paths = (
            name if name.startswith("/") else str(installed / _installed(name))
            for name in (line["object"], line["provider"])
        )
        lines.add(Line(next(paths), line["symbol"], line["version"], next(paths)))
        shadowed += line["shadowed"]
        if line["shadowed"] and line["origin"] == "host":
            names.add(line["symbol"])
    prediction.shadowed = Shadowed(shadowed, len(names))
    for text in done.stderr.splitlines():
        if m := _FAILURE.fullmatch(text):
            module = str(installed / _installed(m[1]))
            prediction.failures.setdefault(module, []).append(m[2])
        else:
            prediction.failures.setdefault("", []).append(text)
    return prediction


def _installed(member: str) -> str:
    """Where a member of a wheel lies below site-packages (Binary distribution format)."""
    return re.sub(r"^[^/]+\.data/(?:purelib|platlib)/", "", member)


def install(wheel: Path, into: Path) -> None:
    """Unpack the shared objects of a wheel as an installer would."""
    with zipfile.ZipFile(wheel) as archive:
        for info in archive.infolist():
            if re.search(r"\.so(?:\.|$)", info.filename) and not info.is_dir():
                target = into / _installed(info.filename)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(archive.read(info))


# -- the comparison -------------------------------------------------------------------------------


@dataclass
class Row:
    """The outcome for one case.

    ``lines`` are the loader's for objects that the modules brought in,
    ``agreed`` those that collide predicted alike, ``unresolved`` weak
    references that nothing satisfies (never printed), ``failing`` modules that
    neither opens, ``unprinted`` the predicted lines of these that come after
    the loader gave up.
    """

    case: Case
    wheel: str
    of_modules: int = 0
    modules: int = 0
    objects: int = 0
    lines: int = 0
    agreed: int = 0
    unresolved: int = 0
    failing: int = 0
    unprinted: int = 0
    bindings: int = 0
    shadowed: int = 0
    shadowed_names: int = 0
    closure: str = ""
    left_out: str | None = None
    differences: list[str] = field(default_factory=list)

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
        }


def compare(case: Case, wheel: Path) -> Row:
    """Every line the loader prints against every binding that collide predicts."""
    host = HOSTS[case.host]
    row = Row(case, wheel.name)
    if host.missing:
        row.left_out = f"{host.missing[0]} is not installed"
        return row
    with TemporaryDirectory() as directory:
        # The file system may reach the temporary directory through a symbolic link.
        scratch = Path(directory).resolve()
        installed = scratch / "lib" / "site-packages"
        install(wheel, installed)
        prediction = predict(wheel, host, installed)
        left_out = prediction.failures.pop("", None)
        if left_out:
            row.left_out = "; ".join(left_out)
            return row
        _count(row, prediction)
        started = observe(host, str(scratch / "missing.so"), scratch)
        row.closure = _closure(started, prediction, installed)
        modules = prediction.modules
        for module in modules[:: -(-len(modules) // MODULES)]:
            row.modules += 1
            _compare_module(row, module, prediction, started, observe(host, module, scratch))
        row.differences = [d.replace(f"{installed}/", "") for d in row.differences]
    return row


def _count(row: Row, prediction: Prediction) -> None:
    row.of_modules = len(prediction.modules)
    row.bindings = sum(map(len, prediction.lines.values()))
    row.shadowed, row.shadowed_names = prediction.shadowed.lines, prediction.shadowed.names


def _compare_module(
    row: Row, module: str, prediction: Prediction, started: Observed, observed: Observed
) -> None:
    predicted = prediction.lines.get(module, set())
    failures = prediction.failures.get(module)
    objects = {line.object for line in predicted}
    brought = {o for o in observed.objects if o not in started.objects}
    # An object that start-up bound has its lines in every log; what this module is
    # accountable for are the objects that it brought in or should have.
    printed = {p for p in observed.lines if p.object in objects or p.object in brought}
    row.objects += len(objects | brought)
    row.lines += len(printed)
    row.agreed += len(printed & predicted)
    row.unresolved += prediction.unresolved.get(module, 0)
    say = row.differences.append
    if observed.error and failures:
        row.failing += 1
        row.unprinted += len(predicted - printed)
        predicted = predicted & printed
        # "undefined-symbol: NAME VERSION": the loader stops at the first and names it.
        name = failures[0].split(": ")[1].split(" ")[0]
        if name not in observed.error:
            say(f"{module}: the loader fails for another reason: {observed.error}: {failures}")
    elif observed.error:
        say(f"{module}: the loader fails, collide does not: {observed.error}")
    elif failures:
        say(f"{module}: collide fails, the loader does not: {'; '.join(failures)}")
    for line in sorted(printed - predicted, key=str):
        say(f"{module}: printed, not predicted: {line}")
    for line in sorted(predicted - printed, key=str):
        say(f"{module}: predicted, not printed: {line}")


def _closure(started: Observed, prediction: Prediction, installed: Path) -> str:
    """A digest of every file outside the wheel that the counts depend on."""
    files = {p for p in started.objects if p.startswith("/")}
    for lines in prediction.lines.values():
        for line in lines:
            files.update((line.object, line.provider))
    outside = sorted(p for p in files if not p.startswith(f"{installed}/"))
    return hashlib.sha256("".join(map(_digest, outside)).encode()).hexdigest()[:16]


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
    "lines",
    "agreed",
    "unresolved",
    "failing",
    "unprinted",
    "bindings",
    "shadowed",
    "shadowed_names",
)


def table(rows: Iterable[Row]) -> Iterator[str]:
    """The rows as text, with a line of sums; every difference below."""
    rows = list(rows)
    titles = (*(c.replace("_", " ") for c in _COLUMNS), "differences")
    yield " ".join((f"{'wheel':33} {'host':7}", *(f"{t:>{max(10, len(t))}}" for t in titles)))
    sums = dict.fromkeys((*_COLUMNS, "differences"), 0)
    for row in rows:
        name = "-".join(row.wheel.split("-")[:3])
        if row.left_out:
            yield f"{name:33} {row.case.host:7} left out: {row.left_out}"
            continue
        values = {c: int(v) for c, v in asdict(row).items() if c in _COLUMNS}
        values["differences"] = len(row.differences)
        for column, value in values.items():
            sums[column] += value
        shown = {c: str(v) for c, v in values.items()}
        if row.modules != row.of_modules:
            shown["modules"] = f"{row.modules}/{row.of_modules}"
        yield _line(name, row.case.host, shown)
    yield _line("all", "", {c: str(v) for c, v in sums.items()})
    for row in rows:
        for difference in row.differences:
            yield f"{row.case}: {difference}"


def _line(wheel: str, host: str, shown: dict[str, str]) -> str:
    cells = (f"{shown[c]:>{max(10, len(c.replace('_', ' ')))}}" for c in (*_COLUMNS, "differences"))
    return " ".join((f"{wheel:33} {host:7}", *cells))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the selected rows; 1 when anything differs from the loader."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("words", nargs="*", help="rows that contain every word; default: all")
    parser.add_argument("--update", action="store_true", help=f"write {COUNTS.name}")
    args = parser.parse_args(argv)
    cases = [c for c in CASES if all(word in str(c) for word in args.words)]
    rows = list(run(cases))
    for line in table(rows):
        print(line)
    if args.update:
        counts = recorded_counts() if args.words and COUNTS.exists() else {}
        counts |= {row.key: row.counts for row in rows if not row.left_out}
        COUNTS.write_text(json.dumps(counts, indent=1, sort_keys=True) + "\n")
    return int(any(row.differences or row.left_out for row in rows))


if __name__ == "__main__":
    sys.exit(main())
