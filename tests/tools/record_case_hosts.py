"""Records the hosts of the measured cases, in which ``score.py`` judges wheels.

    python tests/tools/record_case_hosts.py [NAME...]

They go to ``tests/data/hosts.db``, in the format of the shipped hosts. Of those that
are not named the recorded state is kept: it is the one in which their cases were run.
Run it as root on Debian 12; the script installs the packages. It needs gcc, and
CPython builds with a shared libpython below ``PYENV_ROOT``
(``~/.pyenv``). Adding a host is one entry in the table. In a profile these
builds stand under ``/opt/python/cpXY`` and compiled hosts under ``/opt/hosts``:
where they lay on the machine that recorded them matters to nobody.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import programs
from checkout import CASE_HOSTS
from collide.filesystems.root import Root
from collide.hosts.database.reader import Database, Summary
from collide.hosts.extract import extract
from collide.hosts.profile_file.write import record, to_bytes
from linked_hosts import LINKED
from packing import Profile, pack, summary_of, unpack

_APT = (
    *("apache2-bin", "blender", "gcc", "gdb", "libapache2-mod-wsgi-py3", "libffi-dev"),
    *("libprotobuf32", "libssl-dev", "libxml2-dev", "postgresql-15"),
    *("postgresql-plpython3-15", "pypy3", "python3", "uwsgi-core", "uwsgi-plugin-python3"),
    *("vim-nox", "weechat-headless", "weechat-python", "zlib1g-dev"),
)

_SOURCE = "Debian 12 (bookworm)"
_LIB = "/usr/lib/x86_64-linux-gnu"
_LINKED = (
    *("argon2", "arpack", "blosc", "brotli", "capnp", "capstone", "cares", "cmark", "crypto"),
    *("curl", "duktape", "erfa", "ev", "exiv2", "ffi", "fftw", "flint", "freetype", "gdal"),
    *("geos", "gfortran", "git2", "glfw", "glib", "glpk", "gomp", "harfbuzz", "hdf5", "heif"),
    *("hiredis", "igraph", "jpeg", "jq", "lcms2", "leveldb", "llvm14", "lmdb", "lua", "magic"),
    *("mariadb", "mbedtls", "mecab", "memcached", "metis", "mp3lame", "mpfr", "netcdf", "nng"),
    *("openblas", "openexrcore", "openjp2", "openslide", "pari", "png", "pocketsphinx"),
    *("polyclipping", "pq", "proj", "qpdf", "qt6", "raw", "rdkafka", "rtmidi", "samplerate"),
    *("sass", "sdl2", "secp256k1", "simdjson", "sndfile", "sodium", "spatialindex", "spatialite"),
    *("sqlite", "srtp", "ssh2", "superlu", "svm", "tiff", "treesitter", "unicorn", "usb", "uv"),
    *("wcs", "webp", "xslt", "yajl", "yara", "z3", "zmq", "zstd"),
)
"""The linked hosts of the cases."""
_UWSGI_PLUGIN = "/usr/lib/uwsgi/plugins/python3_plugin.so"
_MODULES = "/usr/lib/apache2/modules/mod_"
_POSTGRES = "/usr/lib/postgresql/15"


class Built(NamedTuple):
    """A host that is compiled: an embedding program of one CPython, linked with ``libraries``."""

    python: str
    libraries: tuple[str, ...] = ()


class Recorded(NamedTuple):
    """One host: an installed binary or one to compile, and what it opens or has preloaded.

    ``wheel`` is a wheel from whose shared libraries the preloads are taken.
    """

    binary: str | Built
    rtld_global: tuple[str, ...] = ()
    preload: tuple[str, ...] = ()
    wheel: str | None = None


TABLE = {
    **{
        f"host311-{name}": Recorded(Built("3.11", (f"{_LIB}/{LINKED[name].library}",)))
        for name in _LINKED
    },
    "apache": Recorded(
        "/usr/sbin/apache2",
        # Those that mods-enabled of a default installation with mod_ssl loads, in its order.
        tuple(
            f"{_MODULES}{name}.so"
            for name in (
                *("access_compat", "alias", "auth_basic", "authn_core", "authn_file"),
                *("authz_core", "authz_host", "authz_user", "autoindex", "deflate", "dir"),
                *("env", "filter", "mime", "mpm_event", "negotiation", "reqtimeout"),
                *("setenvif", "socache_shmcb", "ssl", "status", "wsgi"),
            )
        ),
    ),
    "blender": Recorded("/usr/bin/blender"),
    "debpython": Recorded("/usr/bin/python3"),
    "gdb": Recorded("/usr/bin/gdb"),
    "host310-pb": Recorded(Built("3.10", ("-lprotobuf",))),
    "host311-pb": Recorded(Built("3.11", ("-lprotobuf",))),
    "host36-ffi": Recorded(Built("3.6", ("-lffi",))),
    "host36-hdf5": Recorded(Built("3.6", (f"{_LIB}/libhdf5_serial.so.103",))),
    "host36-proj": Recorded(Built("3.6", (f"{_LIB}/libproj.so.25",))),
    "postgres": Recorded(f"{_POSTGRES}/bin/postgres", (f"{_POSTGRES}/lib/plpython3.so",)),
    "preload-protobuf": Recorded(Built("3.10"), preload=(f"{_LIB}/libprotobuf.so.32",)),
    "preload-pypy3-proj": Recorded("/usr/bin/pypy3", preload=(f"{_LIB}/libproj.so.25",)),
    "preload102": Recorded(
        Built("3.6"),
        preload=("libcrypto-*.so.1.0.2*", "libssl-*.so.1.0.2*"),
        wheel="psycopg2==2.7.3.2",
    ),
    "py310": Recorded(Built("3.10")),
    "py311": Recorded(Built("3.11")),
    "py36": Recorded(Built("3.6")),
    "pypy3": Recorded("/usr/bin/pypy3"),
    "uwsgi": Recorded("/usr/bin/uwsgi-core", (_UWSGI_PLUGIN,)),
    "uwsgi-src-36": Recorded("uwsgi==2.0.20"),
    "vim": Recorded("/usr/bin/vim.nox"),
    "weechat": Recorded("/usr/bin/weechat-headless", (f"{_LIB}/weechat/plugins/python.so",)),
}

_MAIN = """\
#include <Python.h>
#include <locale.h>
int main(int argc, char **argv)
{
#if PY_VERSION_HEX >= 0x03080000
    return Py_BytesMain(argc, argv);
#else
    wchar_t *decoded[64];
    setlocale(LC_ALL, "");
    for (int i = 0; i < argc && i < 63; i++)
        decoded[i] = Py_DecodeLocale(argv[i], 0);
    return Py_Main(argc, decoded);
#endif
}
"""


def python_build(version: str) -> Path:
    """The prefix of the newest CPython ``version`` (``3.6``) of pyenv."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    found = sorted((root / "versions").glob(f"{version}.*"))
    if not found:
        raise SystemExit(f"no CPython {version} below {root}/versions")
    return found[-1]


def compile_host(built: Built, into: Path) -> Path:
    """An embedding program, as Debian's or anybody's applications with a Python console are."""
    prefix = python_build(built.python)
    include = next((prefix / "include").glob("python*"))
    library = next(lib for lib in (prefix / "lib").glob("libpython3.*.so") if lib.is_file())
    source = into.with_suffix(".c")
    source.write_text(_MAIN)
    subprocess.run(
        [
            *("gcc", "-O1", "-o", into, source, f"-I{include}", f"-L{library.parent}"),
            *(f"-Wl,-rpath,{library.parent}", f"-l{library.name[3:-3]}"),
            *("-Wl,--no-as-needed", *built.libraries),
        ],
        check=True,
    )
    return into


def _build_uwsgi(spec: str, into: Path) -> Path:
    """uwsgi from its sdist with a CPython 3.6, linked with the system's OpenSSL and libxml2."""
    python = python_build("3.6") / "bin" / "python3"
    scratch = into.parent
    subprocess.run(
        [python, "-m", "pip", "-q", "download", "--no-binary", ":all:", "--no-deps", spec],
        cwd=scratch,
        check=True,
    )
    (archive,) = scratch.glob("*.tar.gz")
    subprocess.run(["tar", "-xzf", archive.name], cwd=scratch, check=True)
    source = scratch / archive.name.removesuffix(".tar.gz")
    subprocess.run(
        [python, "uwsgiconfig.py", "--build", "default"],
        cwd=source,
        check=True,
        capture_output=True,
        env={**os.environ, "CFLAGS": "-w"},
    )
    (source / "uwsgi").rename(into)
    return into


def _unpack(spec: str, into: Path) -> None:
    """The shared libraries of a CPython 3.6 wheel."""
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "-q", "download", "--no-deps", "--python-version", "36"),
            *("--only-binary=:all:", "--platform", "manylinux1_x86_64", "--abi", "cp36m"),
            *("--dest", into, spec),
        ],
        check=True,
    )
    (wheel,) = into.glob("*.whl")
    subprocess.run([sys.executable, "-m", "zipfile", "-e", wheel, into], check=True)


def record_host(name: str, host: Recorded) -> tuple[Summary, Profile]:
    """One host of the table as a database takes it."""
    with TemporaryDirectory() as scratch:
        at = Path(scratch).resolve() / name
        preload = list(host.preload)
        if isinstance(host.binary, Built):
            binary = str(compile_host(host.binary, at))
        elif "==" in host.binary:
            binary = str(_build_uwsgi(host.binary, at))
        else:
            binary = host.binary
        if host.wheel is not None:
            _unpack(host.wheel, at.parent)
            preload = [str(next(at.parent.rglob(pattern))) for pattern in preload]
        root = Root()
        extracted = extract(binary, root, name=name, preload=preload, rtld_global=host.rtld_global)
        data = to_bytes(record(extracted, root), compressed=False)
        data = data.replace(str(at.parent).encode(), b"/opt/hosts")
    for prefix in {python_build(v) for v in ("3.6", "3.10", "3.11")}:
        major, minor = prefix.name.split(".")[:2]
        data = data.replace(str(prefix).encode(), f"/opt/python/cp{major}{minor}".encode())
    return summary_of(extracted, (), _SOURCE), json.loads(data)


def main(argv: Sequence[str] | None = None) -> None:
    """Record the hosts that the command line names, or all of them."""
    parser = programs.parser(__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="of the table; default: all")
    names = parser.parse_args(argv).names
    if unknown := sorted(set(names) - set(TABLE)):
        parser.error(f"no such host: {unknown[0]}")
    recorded = {}
    if names:
        known = Database(CASE_HOSTS)
        recorded = {name: (known.summary(name), unpack(known, name)) for name in known.names}
    else:
        packages = [*_APT, *(LINKED[name].package for name in _LINKED)]
        subprocess.run(["apt-get", "install", "-y", "-qq", *packages], check=True)
    for name in names or TABLE:
        recorded[name] = record_host(name, TABLE[name])
        print(f"{name}: {len(recorded[name][1]['objects'])} objects", flush=True)
    CASE_HOSTS.write_bytes(pack(recorded.values()))
    print(f"{len(recorded)} hosts, {CASE_HOSTS.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
