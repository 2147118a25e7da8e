"""Runs programs that die, and compares what ``collide inspect`` says with why they die.

    python tests/tools/measure_crashes.py [-o TABLE] [PATTERN...]

One half are wheels whose repair is known to mend the crash (``measure_repairs.py``,
``repair_cases.py``): a collision is the cause, and each row has the library that collides. The
other half die of something else while wheels that collide are loaded beside it. Each runs under
``collide inspect -- COMMAND``. A table in Markdown is printed, or written;
``tests/data/crashes.md`` is the one of all.
"""

from __future__ import annotations

import fnmatch
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import measure_repairs
import programs
from collide.repair.import_trial import unpack_wheel
from measure_repairs import EXERCISES, PAIRS, ROWS, host_of
from repair_cases import CASES
from repair_hosts import HOSTS, Host, UnavailableError, download, plain
from repair_workloads import program, script
from tls_server import certificate, refusing_server

COLLIDING = {
    "yara-host": "libyara", "wcs-host": "libwcs", "exr-host": "libOpenEXRCore",
    "svm-host": "libsvm", "mbedtls-host": "libmbed", "simdjson-host": "libsimdjson",
    "exiv2-host": "libexiv2", "gev-host": "libev", "git2-gdb": "libcrypto",
    "uharfbuzz-blender": "libharfbuzz", "tables-blender": "libhdf5",
    "netcdf4-blender": "libnetcdf", "gnureadline-weechat": "weechat",
    "psycopg2-gdb": "libcrypto", "psycopg3-gdb": "libcrypto", "lupa-vim": "liblua",
    "psycopg2-2913-weechat": "libcrypto", "crypt20-openssl102": "libcrypto",
    "proto3201-preload": "libprotobuf", "proto3201-hostpb310": "libprotobuf",
    "h5py310-hosthdf5": "libhdf5", "h5py310-blender": "libhdf5", "h5py210-hosthdf5": "libhdf5",
    "pyproj361-hostproj": "libproj", "pyproj361-blender": "libproj",
    "pyproj361-pypy3-preload": "libproj", "pyproj222-hostproj36": "libproj",
    "grpcio-mprofile": "cygrpc",
}  # fmt: skip
"""Rows and cases of other tools that end with a signal, and the file that answers instead.

weechat's is the program itself: it exports the variables of ncurses that it has copied.
"""

_FAULTS = """
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
static void *at(void *p) { return (void *)(long)*(volatile int *)p; }
static int deeper(int n) { volatile char room[256]; room[0] = n; return deeper(n + 1) + room[0]; }
int null(void) { return (int)(long)at((void *)16) + 1; }
int assertion(void) { volatile int one = 1; assert(one == 2); return 1; }
int twice(void) { char *volatile p = malloc(64); free(p); free(p); return 1; }
int beyond(void) { char *p = malloc(24); memset(p, 7, 4000); free(p); return malloc(5000) != 0; }
int divide(void) { volatile int one = 1, zero = 0; return one / zero; }
int illegal(void) { __builtin_trap(); }
int jump(void) { int (*volatile f)(void) = 0; return f() + 1; }
int wild(void) { int (*volatile f)(void) = (int (*)(void))0x12345678; return f() + 1; }
int overflow(void) { return deeper(0) + 1; }
int thread(void) { pthread_t t; pthread_create(&t, 0, at, 0); pthread_join(t, 0); return 1; }
"""
_OWN = "import ctypes; ctypes.CDLL({own!r}).FUNCTION()"
_SYMBOLS = "import psycopg2, psycopg2.extensions; psycopg2.extensions.parse_dsn('dbname=x')"
_LXML = "from lxml import etree; etree.tostring(etree.fromstring('<a><b/></a>'))"
_PILLOW = "from PIL import Image, ImageDraw; Image.new('RGB', (9, 9)).resize((4, 4))"


class Other(NamedTuple):
    """A death that no collision causes: the wheels of which row are there, used as ``before``.

    ``row`` is the name of one of other tools, or with ``wheels`` of a host. ``code`` is what ends
    the process, ``own`` the function of an extension that does.
    """

    name: str
    row: str
    before: str
    code: str = ""
    own: str = ""
    wheels: tuple[str, ...] = ()


OTHERS = (
    Other("null-gdb", "psycopg2-gdb", _SYMBOLS, own="null"),
    Other("abort-gdb", "psycopg2-gdb", _SYMBOLS, "os.abort()"),
    Other("string-gdb", "psycopg2-gdb", _SYMBOLS, "import ctypes; ctypes.string_at(0)"),
    Other("recursion-gdb", "psycopg2-gdb", _SYMBOLS,
          "sys.setrecursionlimit(10**7)\nx = []\nfor _ in range(10**6): x = [x]\nrepr(x)"),
    Other("oom-gdb", "psycopg2-gdb", _SYMBOLS, "os.kill(os.getpid(), 9)"),
    Other("fatal-gdb", "git2-gdb", "import pygit2",
          "import ctypes; ctypes.PyDLL(None).Py_FatalError(b'this')"),
    Other("jump-gdb", "git2-gdb", "import pygit2", own="jump"),
    Other("assertion-uwsgi", "lxml613-uwsgi", _LXML, own="assertion"),
    Other("twice-uwsgi", "lxml613-uwsgi", _LXML, own="twice"),
    Other("overflow-uwsgi", "lxml613-uwsgi", _LXML, own="overflow"),
    Other("beyond-uwsgi", "lxml613-uwsgi", _LXML, own="beyond"),
    Other("null-uwsgi", "xmlsec-latest-uwsgi", _LXML, own="null"),
    # A second uwsgi in the first one.
    Other("pyuwsgi-uwsgi", "uwsgi", "", "import pyuwsgi; pyuwsgi.run(['--help'])",
          wheels=("pyuwsgi-2.0.30.post1-cp311-cp311-manylinux_2_28_x86_64.whl",)),
    Other("null-blender", "pillow-blender", _PILLOW, own="null"),
    Other("bus-blender", "pillow-blender", _PILLOW,
          "import mmap\nf = open('short', 'w+b'); f.write(bytes(9000)); f.flush()\n"
          "m = mmap.mmap(f.fileno(), 9000); f.truncate(1)\nm[8999]"),
    Other("thread-blender", "shapely-blender", "import shapely", own="thread"),
    Other("wild-blender", "tables-blender", "import numpy", own="wild"),
    Other("array-blender", "shapely-blender", "import numpy, shapely",
          "from numpy.lib.stride_tricks import as_strided\n"
          "as_strided(numpy.zeros(4), (4,), (1 << 40,)).copy()"),
    Other("divide-yara", "yara-host", "import yara", own="divide"),
    Other("illegal-svm", "svm-host", "import sklearn.svm", own="illegal"),
    Other("handler-ev", "gev-host", "import gevent.libev.corecext",
          "import faulthandler; faulthandler.enable(); faulthandler._sigsegv()"),
    Other("callback-exiv2", "exiv2-host", "import exiv2",
          "import ctypes\nf = ctypes.CFUNCTYPE(None)(os.abort); f()"),
    Other("sort-simdjson", "simdjson-host", "import simdjson",
          "import ctypes\nlibc = ctypes.CDLL(None)\n"
          "libc.qsort((ctypes.c_int * 9)(*range(9)), 9, 4, ctypes.c_void_p(8))"),
    Other("free-weechat", "psycopg2-2913-weechat", "",
          "import ctypes; ctypes.CDLL(None).free(ctypes.c_void_p(8))"),
    Other("stack-vim", "lupa-vim", "", "import faulthandler; faulthandler._stack_overflow()"),
    # Somebody else has written into an object of the module that collides.
    Other("object-lxml", "lxml613-uwsgi", "from lxml import etree",
          "import ctypes; e = etree.fromstring('<a><b/></a>')\n"
          "ctypes.memset(id(e) + 24, 65, 8); e.tag"),
    Other("object-psycopg2", "psycopg2-gdb", "import psycopg2, psycopg2.extensions",
          "import ctypes; q = psycopg2.extensions.QuotedString('x')\n"
          "ctypes.memset(id(q) + 16, 65, 8); q.getquoted()"),
    Other("null-pypy", "pyproj361-pypy3-preload", "", "import ctypes; ctypes.string_at(8)"),
)  # fmt: skip


class Made(NamedTuple):
    """A program that is ready to run: its host, and the script that it runs."""

    host: Host
    script: Path


class Seen(NamedTuple):
    """What happened and what was said: the signal or the status, the verdict and its finding."""

    ended: str
    likelihood: str
    code: str
    target: str
    library: str

    @property
    def is_blamed(self) -> bool:
        """Whether a collision is said to be the cause."""
        return self.likelihood in ("likely", "very likely")


def _wheels(row: str) -> tuple[Host, tuple[str, ...]]:
    """The host of a row or case of another tool, and its wheels."""
    found = next((r for r in ROWS if r.name == row), None)
    if found is not None:
        return host_of(found), found.wheels
    case = next(c for c in CASES if c.name == row)
    return HOSTS[case.host](), case.wheels


def _unpacked(wheels: Sequence[str], directory: Path) -> Path:
    for name in wheels:
        unpack_wheel(download(name), directory / "tree")
    return directory / "tree/lib/python/site-packages"


def make_colliding(name: str, directory: Path, held: ExitStack) -> Made:
    """The program of a row that collides; raises UnavailableError."""
    path, result = directory / "script.py", directory / "result"
    pair = next((p for p in PAIRS if p.name == name), None)
    if pair is not None:
        site = _unpacked((*pair.wheels, *pair.others), directory)
        text = measure_repairs._USES_BOTH.format(modules=pair.modules)
        path.write_text(program(text, site, result))
        return Made(plain(pair.python), path)
    host, wheels = _wheels(name)
    site = _unpacked(wheels, directory)
    row = next((r for r in ROWS if r.name == name), None)
    if row is not None:
        pem = directory / "localhost.pem"
        chain, key = certificate(directory)
        pem.write_text(key.read_text() + chain.read_text())
        text = EXERCISES[row.exercise].replace("{pem!r}", repr(str(pem)))
        path.write_text(program(text, site, result))
    else:
        case = next(c for c in CASES if c.name == name)
        port = held.enter_context(refusing_server(directory))
        path.write_text(script(case.workload, site, result, port))
    return Made(host, path)


def make_other(other: Other, directory: Path) -> Made:
    """The program of a death that is no collision; raises UnavailableError."""
    host, wheels = (HOSTS[other.row](), other.wheels) if other.wheels else _wheels(other.row)
    site = _unpacked(wheels, directory)
    own = site / "faults" / "faults.so"
    own.parent.mkdir()
    command = ["gcc", "-x", "c", "-", "-O0", "-shared", "-fPIC", "-o", str(own)]
    subprocess.run(command, input=_FAULTS, text=True, check=True)
    info = site / "faults-1.0.dist-info"
    info.mkdir()
    (info / "RECORD").write_text("faults/faults.so,,\n")
    code = other.code or _OWN.replace("FUNCTION", other.own).replace("{own!r}", repr(str(own)))
    path = directory / "script.py"
    text = f"os.chdir({str(directory)!r})\n{other.before}\n{code}\n"
    path.write_text(program(text, site, directory / "result"))
    return Made(host, path)


def inspected(made: Made) -> dict[str, Any] | str:
    """What ``collide inspect -- COMMAND`` writes; what it says instead where it writes nothing."""
    host, path = made
    if host.wrap is not None:
        host.wrap(path)
    command = [part.replace("SCRIPT", str(path)) for part in host.command]
    # The host's PYTHONHOME is not this one's.
    set_by = [f"{k}={v}" for k, v in host.environment]
    cleared = [word for k in os.environ if k.startswith(("LD_", "PYTHON")) for word in ("-u", k)]
    report = path.with_name("report.json")
    ours = [sys.executable, "-m", "collide", "inspect", "--format", "json", "-o", str(report)]
    done = subprocess.run(
        [*ours, "--", "env", *cleared, *set_by, *command],
        cwd=path.parent,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        check=False,
        timeout=400,
    )
    said = [x for x in done.stderr.splitlines() if x.startswith("collide: ")]
    if report.exists():
        found: dict[str, Any] = json.loads(report.read_text())
        # A signal from outside is no crash.
        found["said"] = next((x for x in said if " was read " in x or " got SIG" in x), "")
        return found
    return said[-1] if said else f"status {done.returncode}"


def seen(found: dict[str, Any] | str) -> Seen:
    """A report in short."""
    if isinstance(found, str):
        return Seen(found, "", "", "", "")
    crash = found["crash"]
    if crash is None:
        killed = re.search(r"SIG[A-Z]+", found["said"])
        return Seen(killed[0] if killed else "no signal", "", "", "", "")
    blame = crash["blame"]
    if blame is None:
        return Seen(crash["signal"], "", "", "", "")
    library = Path(blame["provider"] or "").name
    return Seen(crash["signal"], blame["likelihood"], blame["code"], blame["target"], library)


HEAD = """\
# What `collide inspect` says of processes that have died

Made by `tests/tools/measure_crashes.py`: each program runs under `collide inspect -- COMMAND`.

## A collision is the cause

Each ends well when its wheel is repaired, and the last, of two wheels, in the other order. Right
is a verdict of "likely" or "very likely" that names the library which answers in place of the
wheel's own.

| row | library | ended with | verdict | finding | of | library named | |
|---|---|---|---|---|---|---|---|
"""
OTHER_HEAD = """
## Something else is the cause

Wheels that collide are loaded, and often used, but do not cause the end. Right is any verdict
below "likely".

| row | with the wheels of | ended with | verdict | finding | of | library named | |
|---|---|---|---|---|---|---|---|
"""


def _line(name: str, about: str, found: Seen, verdict: str) -> str:
    cells = [name, about, found.ended, found.likelihood or "no", *found[2:], verdict]
    return f"| {' | '.join(cells)} |"


def measured(name: str, directory: Path, keep: Path | None) -> str:
    """The line of one row."""
    other = next((o for o in OTHERS if o.name == name), None)
    about = other.row if other else COLLIDING[name]
    try:
        with ExitStack() as held:
            made = make_other(other, directory) if other else make_colliding(name, directory, held)
            found = inspected(made)
    except (UnavailableError, subprocess.TimeoutExpired) as e:
        return f"| {name} | {about} | not tried: {str(e)[:90]} | | | | | |"
    if keep is not None:
        (keep / f"{name}.json").write_text(json.dumps(found, indent=1))
    short = seen(found)
    if other is not None:
        verdict = "BLAMED" if short.is_blamed else "right"
        return _line(name, about, short, verdict if short.ended != "no signal" else "did not die")
    if short.ended == "no signal":
        return _line(name, about, short, "did not die")
    right = short.is_blamed and re.match(COLLIDING[name], short.library)
    return _line(name, about, short, "right" if right else "MISSED")


def table(lines: Mapping[str, str]) -> str:
    """Both tables, and how many came out how."""
    parts = []
    for head, names in ((HEAD, list(COLLIDING)), (OTHER_HEAD, [o.name for o in OTHERS])):
        rows = [lines[n] for n in names if n in lines]
        verdicts = [row.split(" | ")[-1].strip(" |") for row in rows]
        died = [v for v in verdicts if v in ("right", "MISSED", "BLAMED")]
        counted = f"\n\n{died.count('right')} of {len(died)} that died are right.\n"
        parts.append(head + "\n".join(rows) + counted)
    return "".join(parts)


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table; the exit status tells whether all verdicts are right."""
    parser = programs.parser(__doc__)
    parser.add_argument("patterns", nargs="*", metavar="PATTERN", help="of rows; default: all")
    parser.add_argument(
        "-o", dest="output", metavar="TABLE", type=Path, help="write it, with its other rows"
    )
    parser.add_argument("--keep", metavar="DIR", type=Path, help="keep the reports there")
    args = parser.parse_args(argv)
    lines: dict[str, str] = {}
    if args.output and args.output.exists():
        lines = {x.split(" ")[1]: x for x in args.output.read_text().splitlines() if x[:2] == "| "}
    for name in (*COLLIDING, *(o.name for o in OTHERS)):
        if args.patterns and not any(fnmatch.fnmatch(name, p) for p in args.patterns):
            continue
        with tempfile.TemporaryDirectory(prefix="collide-crash-") as directory:
            lines[name] = measured(name, Path(directory), args.keep)
        print(lines[name], file=sys.stderr, flush=True)
        if args.output:
            args.output.write_text(table(lines))
    if not args.output:
        sys.stdout.write(table(lines))
    return 1 if any("| MISSED |" in x or "| BLAMED |" in x for x in lines.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
