"""Repairs the wheels that are known to break in a host, and runs them before and after.

    python tests/tools/repair_cases.py [PATTERN...]

prints a table: what the workload leaves in the host with the wheels as they are, with
the repaired ones, and with these in a plain interpreter. It needs the hosts of
``tests/tools/install-hosts.sh``, CPythons with a shared library (pyenv's), gcc, and the
package index for the wheels, which are kept.
"""

from __future__ import annotations

import fnmatch
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import programs
import repair_hosts
from collide.repair.import_trial import unpack_wheel
from repair_hosts import HOSTS, Host, UnavailableError, download
from repair_workloads import script
from tls_server import refusing_server

_2014 = "manylinux_2_17_x86_64.manylinux2014_x86_64"
_LXML = "lxml-6.1.3-cp311-cp311-manylinux2014_x86_64.manylinux_2_17_x86_64.whl"
_PSYCOPG2 = "psycopg2_binary-2.9.13-cp311-cp311-manylinux2014_x86_64.manylinux_2_17_x86_64.whl"
_XMLSEC = "xmlsec-1.3.17-cp311-cp311-manylinux_2_26_x86_64.manylinux_2_28_x86_64.whl"
_PROTOBUF = "protobuf-3.20.1-cp310-cp310-manylinux_2_12_x86_64.manylinux2010_x86_64.whl"
_NUMPY = f"numpy-1.26.4-cp311-cp311-{_2014}.whl"
_CERTIFI = "certifi-2026.10.18-py3-none-any.whl"
_SIX = "six-1.17.0-py2.py3-none-any.whl"
_CFFI = "cffi-1.11.5-cp36-cp36m-manylinux1_x86_64.whl"
_CRYPTOGRAPHY = (
    *(_CFFI, _SIX, "asn1crypto-0.24.0-py2.py3-none-any.whl", "idna-3.4-py3-none-any.whl"),
    "pycparser-3.12-py3-none-any.whl",
)
_PYCPARSER = "pycparser-2.21-py2.py3-none-any.whl"


class Case(NamedTuple):
    """One wheel on one host; ``cause`` is why it breaks."""

    name: str
    host: str
    control: str
    workload: str
    wheels: tuple[str, ...]
    cause: str = "shadowing"

    def __str__(self) -> str:
        return self.name

    @property
    def together(self) -> bool:
        """Whether a wheel brings libraries for another one."""
        return self.cause == "capture"


def _case(
    name: str, host: str, control: str, workload: str, *wheels: str, cause: str = "shadowing"
) -> Case:
    return Case(name, host, control, workload, wheels, cause)


CASES = (
    _case("psycopg2-2913-gdb", "gdb", "python3.11", "psycopg2", _PSYCOPG2),
    _case("psycopg2-2913-weechat", "weechat", "python3.11", "psycopg2", _PSYCOPG2),
    _case(
        "crypt20-openssl102", "preload102", "python3.6", "cryptography",
        "cryptography-2.0-cp36-cp36m-manylinux1_x86_64.whl", *_CRYPTOGRAPHY,
    ),
    _case(
        "proto3201-preload", "preload:310:/usr/lib/x86_64-linux-gnu/libprotobuf.so.32",
        "python3.10", "protobuf", _PROTOBUF,
    ),
    _case("proto3201-hostpb310", "host310-pb", "python3.10", "protobuf", _PROTOBUF),
    _case(
        "h5py310-hosthdf5", "host311-hdf5", "python3.11", "h5py",
        f"h5py-3.10.0-cp311-cp311-{_2014}.whl", _NUMPY,
    ),
    _case(
        "h5py310-blender", "blender", "python3.11", "h5py",
        f"h5py-3.10.0-cp311-cp311-{_2014}.whl", _NUMPY,
    ),
    _case(
        "h5py210-hosthdf5", "host36-hdf5", "python3.6", "h5py",
        "h5py-2.10.0-cp36-cp36m-manylinux1_x86_64.whl",
        "numpy-1.19.5-cp36-cp36m-manylinux1_x86_64.whl", _SIX,
    ),
    _case(
        "pyproj361-hostproj", "host311-proj", "python3.11", "pyproj",
        f"pyproj-3.6.1-cp311-cp311-{_2014}.whl", _CERTIFI,
    ),
    _case(
        "pyproj361-blender", "blender", "python3.11", "pyproj",
        f"pyproj-3.6.1-cp311-cp311-{_2014}.whl", _CERTIFI,
    ),
    _case(
        "pyproj361-pypy3-preload", "preload:pypy3", "pypy3", "pyproj",
        f"pyproj-3.6.1-pp39-pypy39_pp73-{_2014}.whl", _CERTIFI,
    ),
    _case(
        "pyproj222-hostproj36", "host36-proj", "python3.6", "pyproj",
        "pyproj-2.2.2-cp36-cp36m-manylinux1_x86_64.whl",
    ),
    _case(
        "pyqt6-hostqt6", "host311-qt6", "python3.11", "pyqt6",
        "PyQt6-6.7.1-1-cp38-abi3-manylinux_2_28_x86_64.whl",
        "PyQt6_Qt6-6.7.3-py3-none-manylinux_2_28_x86_64.whl",
        "pyqt6_sip-13.13.0-cp311-cp311-manylinux1_x86_64.manylinux_2_5_x86_64.whl",
        cause="capture",
    ),
    _case(
        "crypt201-uwsgisrc36", "uwsgi-src-36", "python3.6", "cryptography",
        "cryptography-2.0.1-cp36-cp36m-manylinux1_x86_64.whl", *_CRYPTOGRAPHY,
    ),
    _case("xmlsec-latest-uwsgi", "uwsgi", "python3.11", "xmlsec", _XMLSEC, _LXML),
    _case(
        "xmlsec-latest-lxml602-uwsgi", "uwsgi", "python3.11", "xmlsec", _XMLSEC,
        "lxml-6.0.2-cp311-cp311-manylinux2014_x86_64.manylinux_2_17_x86_64.whl",
    ),
    _case(
        "xmlsec-uwsgi", "uwsgi", "python3.11", "xmlsec",
        f"xmlsec-1.3.14-cp311-cp311-{_2014}.whl", f"lxml-5.2.1-cp311-cp311-{_2014}.whl",
    ),
    _case(
        "cffi110-host36ffi", "host36-ffi", "python3.6", "cffi",
        "cffi-1.10.0-cp36-cp36m-manylinux1_x86_64.whl", _PYCPARSER,
    ),
    _case("cffi1115-hostffi36", "host36-ffi", "python3.6", "cffi", _CFFI, _PYCPARSER),
    _case("lxml613xxe-uwsgi", "uwsgi", "python3.11", "lxml-hardening", _LXML),
    _case("lxml613-uwsgi", "uwsgi", "python3.11", "lxml", _LXML),
    _case(
        "lxml521-uwsgi", "uwsgi", "python3.11", "lxml", f"lxml-5.2.1-cp311-cp311-{_2014}.whl"
    ),
    _case(
        "lxml494-uwsgi", "uwsgi", "python3.11", "lxml",
        f"lxml-4.9.4-cp311-cp311-{_2014}.manylinux_2_24_x86_64.whl",
    ),
    _case(
        "lxml380-uwsgisrc36", "uwsgi-src-36", "python3.6", "lxml",
        "lxml-3.8.0-cp36-cp36m-manylinux1_x86_64.whl",
    ),
    _case("lxml613-postgres", "postgres", "python3.11", "lxml", _LXML),
)  # fmt: skip


class Outcome(NamedTuple):
    """What the workload left: in a plain interpreter, in the host, and there after the repair."""

    expected: str
    before: str
    after: str
    plain_after: str
    repair: str

    @property
    def repaired(self) -> bool:
        """Whether the repaired wheels do in both places what the others do in a plain one."""
        works = not self.expected.startswith("<")
        return works and self.after == self.expected == self.plain_after


def repair(
    wheels: Sequence[Path], host: Host, directory: Path, *, options: Sequence[str] = ()
) -> tuple[list[Path], str]:
    """Repair all wheels that have modules for one host; the rest as they are. What was said.

    Imports are left out, as a case runs its own program before and after.
    """
    binary = [w for w in wheels if not w.name.endswith("-any.whl")]
    command = [
        sys.executable,
        "-m",
        "collide",
        "repair",
        "--no-verify",
        "-w",
        str(directory),
        *options,
    ]
    done = subprocess.run(
        [*command, *map(str, binary), "--profile", *host.profile],
        capture_output=True,
        text=True,
        check=False,
    )
    made = [directory / w.name if (directory / w.name).exists() else w for w in wheels]
    said = (done.stderr.strip().splitlines() or [""])[-1]
    return made, f"status {done.returncode} {said}".strip()


def try_case(case: Case, directory: Path) -> Outcome:
    """Run one case whole; raises UnavailableError when something it needs is not here.

    Every user must be able to reach ``directory``.
    """
    host, control = HOSTS[case.host](), HOSTS[case.control]()
    wheels = [download(name) for name in case.wheels]
    directory.chmod(0o777)  # a PostgreSQL backend runs as another user
    options = ["--together"] if case.together else []
    repaired, said = repair(wheels, host, directory / "repaired", options=options)
    for name, chosen in (("before", wheels), ("after", repaired)):
        for wheel in chosen:
            unpack_wheel(wheel, directory / name)
    left = []
    with refusing_server(directory) as port:
        for name, where in (
            ("before", control), ("before", host), ("after", host), ("after", control)
        ):  # fmt: skip
            site = directory / name / "lib/python/site-packages"
            program = directory / f"{name}.py"
            result = directory / "result"
            program.write_text(script(case.workload, site, result, port))
            left.append(repair_hosts.run(where, program, result))
    expected, before, after, plain_after = left
    return Outcome(expected, before, after, plain_after, said)


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table; the exit status tells whether all that could be tried were repaired."""
    parser = programs.parser(__doc__)
    parser.add_argument("patterns", nargs="*", metavar="PATTERN", help="of cases; default: all")
    patterns = parser.parse_args(argv).patterns
    good = tried = 0
    for case in CASES:
        if patterns and not any(fnmatch.fnmatch(case.name, p) for p in patterns):
            continue
        directory = Path(tempfile.mkdtemp(prefix="collide-case-"))
        try:
            outcome = try_case(case, directory)
        except UnavailableError as e:
            print(f"{case.name:30} cannot be tried: {e}", flush=True)
            continue
        finally:
            shutil.rmtree(directory, ignore_errors=True)
        tried += 1
        good += outcome.repaired
        broke = "broke" if outcome.before != outcome.expected else "did not break"
        state = "repaired" if outcome.repaired else "NOT repaired"
        print(f"{case.name:30} {broke:14} {state:13} [{outcome.repair}]", flush=True)
        if not outcome.repaired or outcome.before == outcome.expected:
            for field in ("expected", "before", "after", "plain_after"):
                print(f"    {field:12} {getattr(outcome, field)[:300]}")
    print(f"{good} of {tried} repaired")
    return 0 if good == tried else 1


if __name__ == "__main__":
    sys.exit(main())
