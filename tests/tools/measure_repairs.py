"""Repairs wheels for hosts that have a library of theirs, and uses them before and after.

    python tests/tools/measure_repairs.py [-o TABLE] [PATTERN...]

Each row runs one exercise four times or more: with the wheel as the index has it and with the
repaired one, in a plain interpreter and in the host. A host is a program of Debian 12, or a
few lines of C that embed CPython and link one library. A table in Markdown is printed, or
written; ``tests/data/repair_in_hosts.md`` is the one of all. What Debian has is installed by
``apt install`` of what a row says is missing; the wheels come from the package index.
"""

from __future__ import annotations

import ast
import fnmatch
import json
import re
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import programs
import repair_hosts
from collide.repair.import_trial import unpack_wheel
from repair_exercises import LIBRARY_EXERCISES
from repair_exercises_programs import PROGRAM_EXERCISES
from repair_hosts import HOSTS, Host, UnavailableError, download, need, repaired
from repair_workloads import program
from tls_server import certificate

_LIBRARIES = "/usr/lib/x86_64-linux-gnu/"
_17 = "manylinux_2_17_x86_64.manylinux2014_x86_64"
_17_TOO = "manylinux2014_x86_64.manylinux_2_17_x86_64"
_26 = "manylinux_2_26_x86_64.manylinux_2_28_x86_64"
_27 = "manylinux_2_27_x86_64.manylinux_2_28_x86_64"
_24, _28 = "manylinux_2_24_x86_64.manylinux_2_28_x86_64", "manylinux_2_28_x86_64"
_17_28 = f"{_17_TOO}.{_28}"
_NUMPY = f"numpy-2.4.6-cp311-cp311-{_27}.whl"
_SCIPY = f"scipy-1.17.1-cp311-cp311-{_27}.whl"
_PILLOW = f"pillow-13.0.0-cp311-cp311-{_27}.whl"
_CFFI = (f"cffi-2.1.1-cp311-cp311-{_17_TOO}.whl", "pycparser-3.12-py3-none-any.whl")
_ERFA = f"pyerfa-2.0.1.5-cp39-abi3-{_17}.whl"
_MYSQL = f"mysql_connector_python-26.10.0-cp311-cp311-{_28}.whl"
_TYPING = "typing_extensions-4.16.0-py3-none-any.whl"
_GEVENT = (
    f"gevent-26.9.0-cp311-cp311-{_28}.whl", f"greenlet-3.5.6-cp311-cp311-{_24}.whl",
    "zope_event-6.2-py3-none-any.whl",
    f"zope_interface-8.7-cp311-cp311-manylinux1_x86_64.{_17_TOO}.manylinux_2_5_x86_64.whl",
)  # fmt: skip
_PYNNG = (f"pynng-0.9.0-cp311-cp311-{_26}.whl", "sniffio-1.3.1-py3-none-any.whl", *_CFFI)
_PSYCOPG = (
    f"psycopg_binary-3.3.9-cp311-cp311-{_17_TOO}.whl",
    "psycopg-3.3.9-py3-none-any.whl",
    _TYPING,
)
_UHARFBUZZ = f"uharfbuzz-0.57.0-cp311-abi3-{_17_28}.whl"
_TABLES = (
    f"tables-3.11.1-cp311-abi3-{_17_28}.whl", f"blosc2-4.14.1-cp311-abi3-{_27}.whl",
    f"ndindex-1.10.1-cp311-cp311-{_24}.whl", f"msgpack-1.2.4-cp311-cp311-{_17_28}.whl",
    f"numexpr-2.14.2-cp311-cp311-{_27}.whl", "py_cpuinfo-9.0.0-py3-none-any.whl", _NUMPY,
    "packaging-26.4-py3-none-any.whl", _TYPING,
)  # fmt: skip
_CFTIME = (
    "cftime-1.6.6.1-cp311-abi3-manylinux1_x86_64.manylinux_2_28_x86_64.manylinux_2_5_x86_64.whl"
)
_PYGIT2 = (f"pygit2-1.21.0-cp311-cp311-{_26}.whl", *_CFFI)


EXERCISES = {**LIBRARY_EXERCISES, **PROGRAM_EXERCISES}


class Row(NamedTuple):
    """One wheel in one host. ``host`` is a name in HOSTS, or a library that a program links.

    The first ``repaired`` of ``wheels`` are repaired, with ``options``. ``package`` is Debian's of
    the library, or of what else the exercise needs.
    """

    name: str
    host: str
    package: str
    exercise: str
    wheels: tuple[str, ...]
    options: tuple[str, ...] = ()
    repaired: int = 1

    def __str__(self) -> str:
        return self.name


def _row(name: str, host: str, package: str, exercise: str, *wheels: str) -> Row:
    return Row(name, host, package, exercise, wheels)


ROWS = (
    _row("yara-host", "libyara.so.9", "libyara9", "yara",
         f"yara_python-4.5.4-cp311-cp311-{_17}.whl"),
    _row("wcs-host", "libwcs.so.7", "libwcs7", "wcs",
         f"astropy-8.0.2-cp311-abi3-{_17_28}.whl", _ERFA, _NUMPY, "packaging-26.4-py3-none-any.whl",
         f"pyyaml-6.0.4-cp311-cp311-{_17_28}.whl",
         "astropy_iers_data-0.2026.11.2.0.34.55-py3-none-any.whl"),
    _row("exr-host", "libOpenEXRCore-3_1.so.30", "libopenexr-3-1-30", "exr",
         f"openexr-3.5.3-cp311-cp311-{_28}.whl", _NUMPY),
    _row("svm-host", "libsvm.so.3", "libsvm3", "svm",
         f"scikit_learn-1.9.1-cp311-cp311-{_27}.whl", _NUMPY, _SCIPY,
         "joblib-1.6.0-py3-none-any.whl", "threadpoolctl-3.8.0-py3-none-any.whl",
         "narwhals-2.29.0-py3-none-any.whl", "cloudpickle-3.1.3-py3-none-any.whl"),
    _row("mbedtls-host", "libmbedtls.so.14", "libmbedtls14", "nng-tls", *_PYNNG),
    _row("simdjson-host", "libsimdjson.so.14", "libsimdjson14", "simdjson",
         f"pysimdjson-7.0.2-cp311-cp311-{_17}.whl"),
    _row("exiv2-host", "libexiv2.so.27", "libexiv2-27", "exiv2",
         "exiv2-0.19.2-cp311-cp311-manylinux_2_27_x86_64.whl"),
    _row("psphinx-host", "libpocketsphinx.so.3", "libpocketsphinx3", "pocketsphinx",
         f"pocketsphinx-5.1.1-cp311-cp311-{_17_28}.whl", _NUMPY,
         "sounddevice-0.5.6-py3-none-any.whl", *_CFFI),
    _row("gev-host", "libev.so.4", "libev4", "gevent-libev", *_GEVENT),
    _row("cares-host", "libcares.so.2", "libc-ares2", "cares", *_GEVENT),
    _row("mysql-gdb", "gdb", "gdb", "mysql", _MYSQL),
    _row("git2-gdb", "gdb", "gdb", "git2", *_PYGIT2),
    _row("argon2-host", "libargon2.so.1", "libargon2-1", "argon2",
         f"argon2_cffi_bindings-26.2.0-cp310-abi3-{_26}.whl",
         "argon2_cffi-25.1.0-py3-none-any.whl", *_CFFI),
    _row("coincurve-host", "libsecp256k1.so.1", "libsecp256k1-1", "coincurve",
         f"coincurve-21.0.0-cp311-cp311-{_17}.whl", *_CFFI),
    _row("erfa-host", "liberfa.so.1", "liberfa1", "erfa", _ERFA, _NUMPY),
    _row("pyclipper-host", "libpolyclipping.so.22", "libpolyclipping22", "pyclipper",
         f"pyclipper-1.4.0-cp311-cp311-{_17_TOO}.whl"),
    _row("ijson-host", "libyajl.so.2", "libyajl2", "ijson",
         f"ijson-3.6.0-cp311-cp311-{_17_28}.whl"),
    _row("samplerate-host", "libsamplerate.so.0", "libsamplerate0", "samplerate",
         f"samplerate-0.2.4-cp311-cp311-{_24}.whl", _NUMPY),
    _row("lame-host", "libmp3lame.so.0", "libmp3lame0", "lame",
         f"lameenc-1.9.0-cp311-cp311-{_17_TOO}.manylinux_2_34_x86_64.whl"),
    _row("pylibmc-host", "libmemcached.so.11", "libmemcached11 memcached", "pylibmc",
         f"pylibmc-1.6.3-cp311-cp311-{_17}.whl"),
    _row("nng-host", "libnng.so.1", "libnng1", "nng", *_PYNNG),
    _row("nacl-host", "libsodium.so.23", "libsodium23", "nacl",
         "pynacl-1.6.2-cp38-abi3-manylinux_2_34_x86_64.whl", *_CFFI),
    _row("webp-host", "libwebp.so.7", "libwebp7", "pillow-webp", _PILLOW),
    _row("lcms-host", "liblcms2.so.2", "liblcms2-2", "pillow-cms", _PILLOW),
    _row("j2k-host", "libopenjp2.so.7", "libopenjp2-7", "pillow-j2k", _PILLOW),
    _row("mecab-host", "libmecab.so.2", "libmecab2 mecab-ipadic-utf8", "mecab",
         f"mecab_python3-1.0.12-cp311-cp311-{_17_TOO}.whl"),
    _row("rtmidi-host", "librtmidi.so.6", "librtmidi6", "rtmidi",
         f"python_rtmidi-1.5.8-cp311-cp311-{_28}.whl"),
    _row("igraph-host", "libigraph.so.3", "libigraph3", "igraph",
         f"igraph-1.0.0-cp39-abi3-{_28}.whl", "texttable-1.7.2-py2.py3-none-any.whl"),
    _row("superlu-host", "libsuperlu.so.5", "libsuperlu5", "superlu", _SCIPY, _NUMPY),
    _row("arpack-host", "libarpack.so.2", "libarpack2", "arpack", _SCIPY, _NUMPY),
    _row("git2-uwsgi", "uwsgi", "uwsgi-plugin-python3", "git2", *_PYGIT2),
    _row("psy3-uwsgi", "uwsgi", "uwsgi-plugin-python3", "psycopg3", *_PSYCOPG),
    _row("arrow-uwsgi", "uwsgi", "uwsgi-plugin-python3", "arrow",
         f"pyarrow-26.0.1-cp311-cp311-{_28}.whl"),
    _row("gdb-j2k", "gdb", "gdb", "pillow-j2k", _PILLOW),
    _row("dukpy-host", "libduktape.so.207", "libduktape207", "dukpy",
         f"dukpy-0.6.0-cp311-cp311-{_17_28}.whl"),
    _row("hiredis-host", "libhiredis.so.0.14", "libhiredis0.14", "hiredis",
         f"hiredis-3.5.0-cp311-cp311-{_17_28}.whl"),
    _row("treesitter-host", "libtree-sitter.so.0", "libtree-sitter0", "tree-sitter",
         f"tree_sitter-0.26.1-cp311-cp311-{_17_28}.whl",
         "tree_sitter_python-0.25.0-cp310-abi3-manylinux1_x86_64.manylinux_2_28_x86_64"
         ".manylinux_2_5_x86_64.whl"),
    _row("cypari-host", "libpari-gmp-tls.so.8", "libpari-gmp-tls8", "cypari",
         f"cypari-2.5.7-cp311-cp311-{_17_TOO}.whl"),
    _row("duckdb-uwsgi", "uwsgi", "uwsgi-plugin-python3", "duckdb",
         f"duckdb-2.0.1-cp311-cp311-{_27}.whl"),
    _row("kafka216-gdb", "gdb", "gdb", "kafka", f"confluent_kafka-2.16.1-cp311-cp311-{_28}.whl"),
    _row("llvmlite-host", "libLLVM-14.so.1", "libllvm14", "llvmlite",
         f"llvmlite-0.50.0-cp311-cp311-{_27}.whl"),
    _row("mssql-uwsgi", "uwsgi", "uwsgi-plugin-python3", "mssql",
         f"pymssql-2.4.6-cp311-cp311-{_27}.whl"),
    _row("pillow-blender", "blender", "blender fonts-dejavu-core", "pillow-font", _PILLOW),
    _row("uharfbuzz-blender", "blender", "blender fonts-dejavu-core", "uharfbuzz", _UHARFBUZZ),
    # Thirty examples among its modules are games that an import runs until it is stopped.
    _row("pygame-blender", "blender", "blender", "pygame",
         f"pygame-2.6.1-cp311-cp311-{_17}.whl")._replace(options=("--no-verify",)),
    _row("tables-blender", "blender", "blender", "tables", *_TABLES),
    _row("shapely-blender", "blender", "blender", "shapely",
         f"shapely-2.2.0-cp311-cp311-{_24}.whl", _NUMPY),
    _row("opencv-blender", "blender", "blender", "opencv",
         f"opencv_python_headless-5.0.0.93-cp37-abi3-{_28}.whl", _NUMPY),
    _row("av-blender", "blender", "blender", "av", f"av-18.1.0-cp311-abi3-{_28}.whl", _NUMPY),
    _row("netcdf4-blender", "blender", "blender", "netcdf4",
         f"netcdf4-1.7.5.1-cp311-abi3-{_28}.whl", _CFTIME, _NUMPY,
         "certifi-2026.10.19.post1-py3-none-any.whl", "packaging-26.4-py3-none-any.whl"),
    _row("h5py-blender", "blender", "blender", "h5py",
         f"h5py-3.16.0-cp311-cp311-{_28}.whl", _NUMPY),
    _row("gnureadline-weechat", "weechat", "weechat-headless weechat-python", "gnureadline",
         f"gnureadline-8.3.3-cp311-cp311-{_17_28}.whl"),
    _row("psycopg2-gdb", "gdb", "gdb", "psycopg2",
         f"psycopg2_binary-2.9.13-cp311-cp311-{_17_TOO}.whl"),
    _row("psycopg3-gdb", "gdb", "gdb", "psycopg3", *_PSYCOPG),
    _row("lupa-vim", "vim", "vim-nox", "lupa", f"lupa-2.8-cp311-cp311-{_17_28}.whl"),
    # The two hand each other trees of libxml2.
    _row("xmlsec-uwsgi", "uwsgi", "uwsgi-plugin-python3", "xmlsec",
         f"xmlsec-1.3.17-cp311-cp311-{_26}.whl",
         f"lxml-6.1.3-cp311-cp311-{_26}.whl")._replace(repaired=2),
    _row("mysql-uwsgi", "uwsgi", "uwsgi-plugin-python3", "mysql", _MYSQL),
    _row("mysql-weechat", "weechat", "weechat-headless weechat-python",
         "mysql-client", _MYSQL),
)  # fmt: skip


class Pair(NamedTuple):
    """Two wheels that are repaired ``--together``, and their modules, opened in both orders.

    ``others`` are wheels that these need.
    """

    name: str
    python: str
    wheels: tuple[str, str]
    modules: tuple[str, str]
    others: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name


PAIRS = (
    Pair(
        "grpcio-mprofile", "3.7",
        ("grpcio-1.28.1-cp37-cp37m-manylinux2010_x86_64.whl",
         "mprofile-0.0.10-cp37-cp37m-manylinux2010_x86_64.whl"),
        ("grpc._cython.cygrpc", "mprofile"),
        ("six-1.16.0-py2.py3-none-any.whl",),
    ),
)  # fmt: skip
"""What crashes there is mprofile's stream, after the unique symbols that grpcio registered."""
_USES_BOTH = """\
import importlib
for module in {modules!r}:
    importlib.import_module(module)
leave({modules!r})
"""


class PairOutcome(NamedTuple):
    """What opening in one order and the other left before and after, and what the repair said.

    ``stays`` are the codes of the findings about the pair that it said to be beyond it.
    """

    before: tuple[str, str]
    after: tuple[str, str]
    stays: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """Whether it works after the repair, or the repair said that it cannot mend the cause."""
        if all(map(_is_broken, self.before)):
            return "the exercise fails in both orders"
        if any(_is_broken(a) and not _is_broken(b) for b, a in zip(*self[:2], strict=True)):
            return "WORSE"
        if not any(map(_is_broken, self.after)):
            return "mended" if any(map(_is_broken, self.before)) else "unchanged"
        return "not mended, as it says" if self.stays else "NOT SAID"


class Outcome(NamedTuple):
    """What was predicted and done, and what the exercise left in each place, before and after."""

    prediction: str
    repair: str
    plain_before: str
    host_before: str
    plain_after: str
    host_after: str

    @property
    def verdict(self) -> str:
        """What the repair changed, by what the exercise leaves in a plain interpreter at first."""
        expected = self.plain_before
        if _is_broken(expected):
            return "the exercise fails in plain Python"
        before, after = self.host_before == expected, self.host_after == expected
        if self.plain_after != expected or (before and not after):
            return "WORSE"
        return "unchanged" if before else "mended" if after else "not mended"


def _is_broken(left: str) -> bool:
    return left.startswith("<")


def host_of(row: Row) -> Host:
    """The host of a row; raises UnavailableError."""
    if row.host in HOSTS:
        return HOSTS[row.host]()
    library = need(_LIBRARIES + row.host, f"apt install {row.package}")
    return repair_hosts.embedding("3.11", library)


def try_row(row: Row, directory: Path, *, times: int = 1) -> Outcome:
    """Run one row in ``directory``; raises UnavailableError."""
    host, plain = host_of(row), HOSTS["python3.11"]()
    wheels = [download(name) for name in row.wheels]
    prediction = _predicted(wheels[0], host)
    options = [*row.options, "--profile", *host.profile]
    made, did = repaired(wheels[: row.repaired], directory / "repaired", options)
    pem = directory / "localhost.pem"
    chain, key = certificate(directory)
    pem.write_text(key.read_text() + chain.read_text())
    text = EXERCISES[row.exercise].replace("{pem!r}", repr(str(pem)))
    left = []
    for name, chosen in (("before", wheels), ("after", [*made, *wheels[row.repaired :]])):
        for wheel in chosen:
            unpack_wheel(wheel, directory / name)
        site, result = directory / name / "lib/python/site-packages", directory / "result"
        script = directory / f"{name}.py"
        for where in (plain, host):
            said = []
            for _ in range(times):
                script.write_text(program(text, site, result))
                said.append(repair_hosts.run(where, script, result, with_status=True))
            left.append(" | ".join(sorted(set(said))))
    return Outcome(prediction, did, *left)


def try_pair(pair: Pair, directory: Path) -> PairOutcome:
    """Repair two wheels together in ``directory`` and open them; raises UnavailableError."""
    host = repair_hosts.plain(pair.python)
    wheels = [download(name) for name in pair.wheels]
    others = [download(name) for name in pair.others]
    command = [sys.executable, "-m", "collide", "repair", "--together"]
    done = subprocess.run(
        [*command, "-w", str(directory), "--profile", *host.profile, *map(str, wheels)],
        capture_output=True,
        text=True,
        check=False,
    )
    stays = re.findall(r"none that a repair can mend: \w+ (COL\d+)", done.stdout + done.stderr)
    left = []
    for name, chosen in (("before", wheels), ("after", [directory / w.name for w in wheels])):
        for wheel in (*chosen, *others):
            unpack_wheel(wheel, directory / name)
        site, result = directory / name / "lib/python/site-packages", directory / "result"
        script = directory / f"{name}.py"
        for modules in _orders(pair):
            script.write_text(program(_USES_BOTH.format(modules=modules), site, result))
            left.append(repair_hosts.run(host, script, result, with_status=True))
    return PairOutcome((left[0], left[1]), (left[2], left[3]), tuple(sorted(set(stays))))


def _predicted(wheel: Path, host: Host) -> str:
    """The worst severity of what `check` finds, with the codes of that severity."""
    command = [sys.executable, "-m", "collide", "check", "--format", "json", "--no-exposure"]
    done = subprocess.run(
        [*command, "--profile", *host.profile, str(wheel)],
        capture_output=True,
        text=True,
        check=False,
    )
    found = [f for a in json.loads(done.stdout)["analyses"] for f in a["findings"]]
    for severity in ("error", "warning", "note"):
        codes = Counter(f["code"] for f in found if f["severity"] == severity)
        if codes:
            return f"{severity} {', '.join(sorted(codes))}"
    return "clean"


def line(row: Row, outcome: Outcome) -> str:
    """The line of the table for one row."""
    expected = outcome.plain_before
    cells = [
        row.name,
        ", ".join(w.rsplit("-", 3)[0] for w in row.wheels[: row.repaired]),
        row.host,
        outcome.prediction,
        *(_cell(x, expected) for x in outcome[2:4]),
        outcome.repair,
        *(_cell(x, expected) for x in outcome[4:]),
        outcome.verdict,
    ]
    return f"| {' | '.join(cells)} |"


def pair_line(pair: Pair, outcome: PairOutcome) -> str:
    """The line of the second table for a pair."""
    cells = [pair.name, *(w.rsplit("-", 3)[0] for w in pair.wheels)]
    for left in (outcome.before, outcome.after):
        cells += [_cell(x, repr((m,))) for x, m in zip(left, _orders(pair), strict=True)]
    return f"| {' | '.join([*cells, ', '.join(outcome.stays), outcome.verdict])} |"


def _orders(pair: Pair) -> tuple[tuple[str, str], tuple[str, str]]:
    return pair.modules, (pair.modules[1], pair.modules[0])


def _cell(left: str, expected: str) -> str:
    if _is_broken(left):
        killed = re.match(r"<status -(\d+)", left)
        said = re.sub(r"\x1b?\[\?\d+[hl]", "", left.strip("<>")).replace("|", "/")
        said = said.removeprefix("status 0:").strip() or "no result"
        return signal.Signals(int(killed[1])).name if killed else said[:60].strip()
    return "works" if left == expected else f"another result{_differing(left, expected)}"


def _differing(left: str, expected: str) -> str:
    """How many of the values that an exercise leaves are others."""
    try:
        values = list(zip(ast.literal_eval(left), ast.literal_eval(expected), strict=True))
    except (SyntaxError, ValueError):
        return ""
    return f" ({sum(one != other for one, other in values)} of {len(values)} values)"


HEAD = """\
# Wheels repaired for hosts that have a library of theirs

Made by `tests/tools/measure_repairs.py`: each wheel as the index has it and as `collide repair`
makes it for the profile of the host, used in a plain CPython 3.11 and in the host. "Works" is
the result of the first; a host is a program of Debian 12 or one that embeds CPython 3.11 and
links the library.

| row | wheel | host | predicted | plain | host | repaired | plain after | host after | |
|---|---|---|---|---|---|---|---|---|---|
"""


PAIR_HEAD = """
## Wheels repaired together

Each is opened before the other one, in a plain interpreter.

| row | first | second | first, second | second, first | after | after | said to stay | |
|---|---|---|---|---|---|---|---|---|
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table; the exit status tells whether no row is worse."""
    parser = programs.parser(__doc__)
    parser.add_argument("patterns", nargs="*", metavar="PATTERN", help="of rows; default: all")
    parser.add_argument(
        "-o", dest="output", metavar="TABLE", type=Path, help="write it, with its other rows"
    )
    parser.add_argument("--times", type=int, default=1, help="runs of each exercise")
    args = parser.parse_args(argv)
    lines: dict[str, str] = {}
    if args.output and args.output.exists():
        lines = {x.split(" ")[1]: x for x in args.output.read_text().splitlines() if x[:2] == "| "}
    for row in (*ROWS, *PAIRS):
        if args.patterns and not any(fnmatch.fnmatch(row.name, p) for p in args.patterns):
            continue
        with tempfile.TemporaryDirectory(prefix="collide-row-") as directory:
            lines[row.name] = _measured(row, Path(directory), args.times)
        print(lines[row.name], file=sys.stderr, flush=True)
        if args.output:
            args.output.write_text(table(lines))
    if not args.output:
        sys.stdout.write(table(lines))
    return 1 if {"WORSE", "NOT SAID"}.intersection(map(_verdict, lines.values())) else 0


def table(lines: Mapping[str, str]) -> str:
    """The tables of the measured rows, by their lines, and how many came out how."""
    rows, pairs = ([lines[r.name] for r in of if r.name in lines] for of in (ROWS, PAIRS))
    verdicts = Counter(map(_verdict, (*rows, *pairs)))
    counted = ", ".join(f"{n} {v}" for v, n in sorted(verdicts.items()))
    parts = [HEAD + "\n".join(rows), PAIR_HEAD + "\n".join(pairs)]
    return "\n".join([*parts, "", f"Of {verdicts.total()} rows: {counted}.", ""])


def _verdict(line: str) -> str:
    return line.rsplit(" | ", maxsplit=1)[-1].removesuffix(" |")


def _measured(row: Row | Pair, directory: Path, times: int) -> str:
    """The line of one row."""
    try:
        if isinstance(row, Pair):
            return pair_line(row, try_pair(row, directory))
        outcome = try_row(row, directory, times=times)
    except UnavailableError as e:
        return f"| {row.name} | {row.wheels[0]} | {e} | not to be had |"
    if outcome.verdict != "unchanged":
        print("\n".join(f"  {x[:300]}" for x in outcome), file=sys.stderr)
    return line(row, outcome)


if __name__ == "__main__":
    sys.exit(main())
