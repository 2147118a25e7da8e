"""Counts the scenarios that prove each rule of the loader, and names them on the page about it.

    python tests/tools/conformance.py [-v]
    python tests/tools/conformance.py --page

Sections are those of the loader's rules as this project numbers them (``SECTIONS``);
a test is marked ``@pytest.mark.rule("4.2", "base definition")`` with a row of
``RULES``, of which each must have a scenario. A marked test must have asked a
real loader, and a test of the suite that asks one must be marked
(``conftest.py``).
"""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

import programs
from checkout import PACKAGE, TESTS

SECTIONS = {
    "1": "the global scope at start-up",
    "1.1": "what is one object",
    "2": "dlopen: scopes and their order",
    "3.1": "what a candidate must be",
    "3.2": "visibility and binding of a definition",
    "3.3": "visibility of a reference",
    "3.4": "copy relocations",
    "3.5": "indirect functions",
    "3.6": "unique symbols",
    "3.7": "hash tables",
    "4.1": "version tables",
    "4.2": "a versioned reference",
    "4.3": "an unversioned reference",
    "4.4": "the version check at load time",
    "5": "relocations that look a symbol up",
    "6.1": "capture before any search",
    "6.2": "the order of the places",
    "6.3": "subdirectories",
    "6.4": "files that do not fit",
    "6.5": "the cache",
    "6.6": "dynamic string tokens",
    "7": "musl",
    "8": "the log",
}
RULES = {
    "1": (
        "breadth first",
        "preload order",
        "needs of a preload",
        "preload without a slash",
        "place of the loader",
        "ignored flags",
        "filters",
        "missing auxiliary",
        "missing filtee",
        "relocation order",
        "no dlopen",
    ),
    "1.1": ("alias", "soname", "soname of the executable", "inode", "copies", "no base name"),
    "2": (
        "global first",
        "module before its libraries",
        "library before library",
        "first opener's scope",
        "local is invisible",
        "global promotion",
        "symbolic",
        "lazy",
        "deepbind",
        "-Bsymbolic",
        "failure leaves nothing",
        "failure leaves an alias",
        "first failure",
        "missing library",
        "undefined symbol",
    ),
    "3.1": ("no address", "absolute zero", "thread-local zero", "type", "canonical PLT"),
    "3.2": ("hidden", "protected", "local or unknown binding", "weak"),
    "3.3": ("hidden", "protected", "protected and canonical PLT", "weak undefined"),
    "3.4": ("copy captures", "version of the copy"),
    "3.5": ("found like a function",),
    "3.6": (
        "first module's",
        "by name",
        "ordinary definition first",
        "registered by a hit",
        "registered by a failure",
        "the host's",
        "the copy",
        "relocation order",
    ),
    "3.7": ("bloom filter", "buckets", "chains", "GNU table first", "SysV table alone"),
    "4.1": ("versym alone",),
    "4.2": (
        "no version tables",
        "same version",
        "same version, hidden",
        "base",
        "base, hidden",
        "other default version",
        "other hidden version",
        "exact: no base",
        "exact: same version",
        "exact: no version tables",
        "own export",
        "base and exact in one object",
        "assertion",
    ),
    "4.3": (
        "no version tables",
        "base, hidden or not",
        "first version node",
        "first version node, hidden",
        "only default version",
        "later hidden version",
        "two default versions",
    ),
    "4.4": (
        "missing",
        "weak",
        "no definitions",
        "captured file",
        "file not loaded",
        "packed relocations",
    ),
    "5": ("data and plt", "thread-local", "__tls_get_addr"),
    "6.1": ("soname", "path of the executable", "local module", "needs of a captured library"),
    "6.2": (
        "RPATH before LD_LIBRARY_PATH",
        "LD_LIBRARY_PATH before RUNPATH",
        "RUNPATH voids RPATH",
        "RPATH is inherited",
        "RUNPATH is not inherited",
        "RPATH of the executable",
        "RUNPATH before the cache",
        "no default directories",
        "slash",
        "working directory",
        "bare name",
        "order in a path",
    ),
    "6.3": ("hwcaps", "legacy"),
    "6.4": (
        "other machine",
        "other class",
        "dangling link",
        "no object",
        "wrong kind",
        "directory",
        "executable",
        "other class by path",
        "page end",
        "executable stack",
        "static TLS",
        "TLS descriptors",
        "load command",
        "CPU level",
        "ELF header",
    ),
    "6.5": ("found through the cache",),
    "6.6": ("tokens", "origin of a module", "origin of the executable"),
    "7": ("lookup", "loading", "search", "lazy", "deepbind", "static TLS"),
    "8": ("spaces",),
}
"""What must be proved, by section."""

SUITE = (
    *(
        f"loader/glibc/test_{name}"
        for name in ("lookup", "opening", "process", "refusals", "search", "special")
    ),
    *(
        f"loader/musl/test_{name}"
        for name in ("lookup", "opening", "process", "refusals", "search")
    ),
    "binding/test_session",
)
_asked: list[str] = []


def in_suite(path: Path) -> bool:
    """Whether a test file is one of the suite."""
    return path.is_relative_to(TESTS) and str(path.relative_to(TESTS).with_suffix("")) in SUITE


def loader_was_asked(by: str) -> None:
    """To be called by whatever lets a real loader judge."""
    _asked.append(by)


def judges() -> list[str]:
    """Who was asked since the last call."""
    said = list(_asked)
    _asked.clear()
    return said


class Collected:
    """A pytest plugin that keeps the rules of all tests it collects."""

    def __init__(self) -> None:
        self.scenarios: Counter[tuple[str, str]] = Counter()
        self.tests: dict[tuple[str, str], set[str]] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            for mark in item.iter_markers("rule"):
                section, row = mark.args
                self.scenarios[section, row] += 1
                self.tests.setdefault((section, row), set()).add(item.nodeid.partition("[")[0])


def collect() -> Collected:
    """The rules of the whole suite; nothing is run."""
    collected = Collected()
    files = [str(TESTS / f"{name}.py") for name in (*SUITE, "elf/test_symbols")]
    with redirect_stdout(StringIO()) as said:
        status = pytest.main(["--collect-only", "-qq", "-m", "", *files], plugins=[collected])
    assert status == 0, f"collecting fails: {said.getvalue()}"
    return collected


def table(collected: Collected, *, rows: bool) -> str:
    """Scenarios by section, and by row."""
    lines = []
    for section, title in SECTIONS.items():
        found = {r: n for (s, r), n in collected.scenarios.items() if s == section}
        lines.append(f"{section:4} {sum(found.values()):4}  {title}")
        if rows:
            lines += [f"           {found.get(row, 0):4}  {row}" for row in RULES[section]]
    lines.append(f"all  {sum(collected.scenarios.values()):4}")
    return "\n".join(lines)


def with_scenarios(page: str, tests: Mapping[tuple[str, str], Iterable[str]]) -> str:
    """The page about the loader, each section with the files of the scenarios of its rows.

    ``tests`` are node ids, below ``tests``. A mark in the file has the name of the row.
    """
    parts = re.split(r"(?m)^(?=##+ )", page)
    return "\n".join(_with_scenarios(part, tests) for part in parts)


def _with_scenarios(part: str, tests: Mapping[tuple[str, str], Iterable[str]]) -> str:
    text = part.partition(f"\n{_PROOF}")[0].rstrip() + "\n"
    heading = re.match(r"##+ ([\d.]+) ", part)
    if heading is None:
        return text
    files: dict[str, list[str]] = {}
    for row in RULES[heading[1]]:
        first = min(node.partition("::")[0] for node in tests[heading[1], row])
        files.setdefault(first, []).append(row)
    told = (f"{', '.join(rows)} in [{Path(f).stem}](../../{f})" for f, rows in files.items())
    lines = textwrap.wrap(f"{_PROOF} {'; '.join(told)}.", 120, break_on_hyphens=False)
    return f"{text}\n" + "\n".join(lines) + "\n"


_PROOF = "Scenarios:"
PAGE = PACKAGE / "docs/loader.md"


def main(argv: Sequence[str] | None = None) -> None:
    """Print the counts."""
    parser = programs.parser(__doc__)
    parser.add_argument("-v", "--verbose", action="store_true", help="by row, not only by section")
    parser.add_argument("--page", action="store_true", help=f"write them into {PAGE.name}")
    args = parser.parse_args(argv)
    if args.page:
        PAGE.write_text(with_scenarios(PAGE.read_text(), collect().tests))
        return
    print(table(collect(), rows=args.verbose))


if __name__ == "__main__":
    main()
