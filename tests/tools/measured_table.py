"""The pairs that are measured: packages, their exercises, and the hosts or other wheels they meet.

A new pair is a name in a row of :data:`IN_HOSTS`, :data:`ON_ARM64` or :data:`TOGETHER`.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import measure_repairs
import score
from linked_hosts import LINKED
from measured_hosts import ARM64_PREFIX, LINKED_PREFIX, PLAIN_HOST

Kind = Literal["host", "aarch64", "together"]


class Package(NamedTuple):
    """A release with what it needs to be imported, and its two exercises.

    ``first`` and ``second`` name files of ``tests/data/exercises``, or ``bundled`` the program of
    ``collide verify --exercise bundled``, or ``library:NAME`` one of ``repair_exercises.py``.
    ``remark`` says what else the outcome depends on.
    """

    spec: str
    needs: tuple[str, ...] = ()
    first: str = "bundled"
    second: str = ""
    remark: str = ""

    @property
    def name(self) -> str:
        """The name of the project."""
        return self.spec.partition("==")[0]


class Pair(NamedTuple):
    """One package in one host, or two packages in a plain interpreter, the one after the other.

    ``files`` are names of wheels, in place of what the specs of the packages stand for; beside
    them ``specs`` are installed. ``origin`` is ``new``, ``older`` for pairs that were measured
    by hand before, or ``labelled`` for cases of ``cases.json`` that are measured again.
    """

    id: str
    kind: Kind
    packages: tuple[Package, ...]
    host: str
    files: tuple[str, ...] = ()
    origin: Literal["new", "older", "labelled"] = "new"

    @property
    def specs(self) -> tuple[str, ...]:
        """All that is installed, each once."""
        own = () if self.files else tuple(p.spec for p in self.packages)
        return tuple(dict.fromkeys([*own, *(spec for p in self.packages for spec in p.needs)]))


_NUMPY = "numpy==2.4.6"
_CFFI = ("cffi==2.1.1", "pycparser==3.12")
_TYPING = "typing_extensions==4.16.0"
_CERTIFI = "certifi==2026.10.19.post1"
_BLOSC2 = (
    *("numexpr==2.14.2", "httpcore==1.0.9", "msgpack==1.2.4", "ndindex==1.10.1"),
    *("pydantic==2.14.4", "pydantic_core==2.50.5", "rich==15.0.0", "threadpoolctl==3.8.0"),
    *("annotated-types==0.8.0", "h2==4.4.1", "markdown-it-py==4.3.0", "Pygments==2.21.0"),
    *("typing-inspection==0.4.5", "anyio==4.16.0", "idna==3.20", "httpx==0.28.1", "h11==0.16.0"),
    *("hpack==4.2.0", "hyperframe==6.1.0", "mdurl==0.1.2"),
)
"""What blosc2 needs beside numpy."""

_TERMINAL = "depends on whether the standard input is a terminal, and on TERM"

PACKAGES = {
    p.name: p
    for p in (
        Package("ale-py==0.12.1", (_NUMPY,), "deep_ale"),
        Package("apsw==3.54.1.0", (), "bundled", "deep_apsw"),
        Package("av==18.1.0", (_NUMPY,)),
        Package("backports.zstd==1.8.0", (), "deep_backports_zstd"),
        Package("blosc2==4.14.1", (_NUMPY, _TYPING, _CERTIFI, *_BLOSC2), "deep_blosc2"),
        Package("brotli==1.2.1", (), "bundled", "deep_compression"),
        Package("brotlipy==0.7.0", _CFFI, "deep_brotlipy"),
        Package("cantera==3.2.0", (_NUMPY, _TYPING, "ruamel.yaml==0.19.1"), "deep_cantera"),
        Package("cmarkgfm==2025.10.22", _CFFI, "first_cmark", "deep_cmark"),
        Package("cryptography==50.0.2", (*_CFFI, _TYPING), "bundled", "deep_cryptography"),
        Package("curl_cffi==0.16.3", (*_CFFI, _CERTIFI), "deep_curl_cffi"),
        Package("freetype-py==2.5.1", (), "bundled", "deep_freetype"),
        Package("gmpy2==2.3.2", (), "first_gmpy2", "deep_gmpy2"),
        Package("gnureadline==8.3.3", (), "bundled", "deep_gnureadline", _TERMINAL),
        Package("google-re2==1.1.20251105", (), "first_re2", "deep_re2"),
        Package("grpcio==1.85.3", (_TYPING,), "bundled", "deep_grpcio"),
        Package("h5py==3.16.0", (_NUMPY,), "bundled", "deep_h5py"),
        Package("imagecodecs==2026.3.6", (_NUMPY,)),
        Package("jq==1.13.0", (), "first_jq", "deep_jq"),
        Package("libsass==0.23.0", (), "first_sass", "deep_sass"),
        Package("lupa==2.8", (), "bundled", "deep_lupa"),
        Package("lxml==6.1.3", (), "bundled", "deep_lxml"),
        Package("lz4==4.4.5", (), "bundled", "deep_compression"),
        Package(
            "netCDF4==1.7.5.1.post1",
            (_NUMPY, "cftime==1.6.6.1", _CERTIFI, "packaging==26.4"),
            "bundled",
            "deep_netcdf4",
        ),
        Package("numcodecs==0.16.6", (_NUMPY, _TYPING), "deep_numcodecs"),
        Package("onigurumacffi==1.5.0", _CFFI, "first_onig", "deep_onig"),
        Package("opencv-python-headless==5.0.0.93", (_NUMPY,), "bundled", "deep_opencv"),
        Package("pillow==13.0.0", (), "bundled", "deep_pillow"),
        Package("pocketsphinx==5.1.1", ("sounddevice==0.5.6", *_CFFI), "deep_pocketsphinx"),
        Package("psycopg-binary==3.3.9", ("psycopg==3.3.9", _TYPING), "bundled", "deep_psycopg"),
        Package("psycopg2-binary==2.9.13", (), "bundled", "deep_psycopg2"),
        Package("pycares==5.2.1", _CFFI, "first_pycares", "deep_pycares"),
        Package("pycurl==7.49.0", (), "bundled", "deep_pycurl"),
        Package("pygame==2.6.1"),
        Package("pygit2==1.21.0", _CFFI, "bundled", "deep_pygit2"),
        Package("pylibsrtp==1.0.0", _CFFI, "deep_pylibsrtp"),
        Package("pymssql==2.4.6", (), "bundled", "deep_pymssql"),
        Package("pynacl==1.6.2", _CFFI, "bundled", "deep_pynacl"),
        Package("python-flint==0.9.0", (), "first_flint", "deep_flint"),
        Package("pyproj==3.7.2", (_CERTIFI,), "bundled", "deep_pyproj"),
        Package("pyyaml==6.0.4", (), "first_pyyaml", "deep_pyyaml"),
        Package("pyzmq==27.3.0", (), "bundled", "deep_pyzmq"),
        Package(
            "rasterio==1.4.4",
            (
                _NUMPY,
                "affine==3.0.1",
                "attrs==26.1.0",
                "click==8.5.1",
                "cligj==0.7.2",
                "click-plugins==1.1.1.2",
                "pyparsing==3.3.3",
                _CERTIFI,
            ),
        ),
        Package("shapely==2.2.0", (_NUMPY,), "bundled", "deep_shapely"),
        Package("soundfile==0.14.0", (*_CFFI, _NUMPY, _TYPING), "bundled", "deep_soundfile"),
        Package("ssh2-python==1.2.0.post1", (), "first_ssh2", "deep_ssh2"),
        Package("symengine==0.15.0", (), "bundled", "deep_symengine"),
        Package(
            "tables==3.11.1",
            (
                _NUMPY,
                "numexpr==2.14.2",
                _TYPING,
                "py-cpuinfo==9.0.0",
                "packaging==26.4",
                "blosc2==4.14.1",
            ),
        ),
        Package("uamqp==1.6.11", (_CERTIFI, "six==1.17.0"), "deep_uamqp"),
        Package("uharfbuzz==0.57.0", (), "bundled", "deep_uharfbuzz"),
        Package("uvloop==0.23.0", (), "first_uvloop", "deep_uvloop"),
        Package("xmlsec==1.3.17", ("lxml==6.1.3",)),
        Package("yara-python==4.5.4", (), "bundled", "deep_yara"),
        Package("zstandard==0.25.0", _CFFI, "bundled", "deep_zstandard"),
    )
}

IN_HOSTS = {
    "ale-py": ("asound",),
    "apsw": ("sqlite", "sqlcipher", "spatialite", "gdal", "gdb", "python3", "blender"),
    "av": ("vpx", "x265", "opus"),
    "backports.zstd": ("gdb",),
    "blosc2": ("zstd", "gdb"),
    "brotli": ("brotli", "gdb"),
    "brotlipy": ("gdb",),
    "cantera": ("hdf5",),
    "cmarkgfm": ("cmark", "cmark-gfm"),
    "cryptography": ("ssl", "uwsgi"),
    "curl_cffi": ("curl", "gdb"),
    "freetype-py": ("freetype", "cairo", "blender"),
    "gmpy2": ("gmp", "mpfr", "mpc", "gdb"),
    "gnureadline": ("readline", "gdb"),
    "google-re2": ("re2", "grpc"),
    "grpcio": ("grpc", "ssl"),
    "h5py": ("hdf5", "netcdf", "gdal"),
    "imagecodecs": ("jxl", "lerc", "deflate"),
    "jq": ("jq", "onig", "vim"),
    "libsass": ("sass",),
    "lupa": ("lua", "vim"),
    "lxml": ("xml2", "xslt", "archive", "uwsgi", "blender"),
    "lz4": ("lz4", "archive", "blender"),
    "netCDF4": ("netcdf", "hdf5"),
    "numcodecs": ("zstd", "gdb", "blender"),
    "onigurumacffi": ("onig", "jq"),
    "opencv-python-headless": ("png", "avcodec"),
    "pillow": ("avif", "aom", "dav1d", "fribidi", "gdal", "vips"),
    "pocketsphinx": ("pocketsphinx",),
    "psycopg-binary": ("pq", "ldap", "krb5", "blender"),
    "psycopg2-binary": ("pq", "ldap", "krb5", "ssl", "ssh"),
    "pycares": ("cares", "grpc"),
    "pycurl": ("curl", "ssl", "nghttp2", "uwsgi", "gdb"),
    "pygame": ("mpg123", "sdl2-mixer"),
    "pygit2": ("git2", "ssh2", "ssl", "blender"),
    "pylibsrtp": ("gdb", "uwsgi"),
    "pymssql": ("sybdb", "krb5"),
    "pynacl": ("zmq", "vim"),
    "pyproj": ("proj", "sqlite", "tiff", "gdal", "blender"),
    "python-flint": ("flint", "gmp", "mpfr"),
    "pyyaml": ("yaml", "uwsgi"),
    "pyzmq": ("zmq", "sodium"),
    "rasterio": ("curl", "png"),
    "shapely": ("geos", "gdal"),
    "soundfile": ("sndfile", "flac", "vorbis", "blender"),
    "ssh2-python": ("ssh2", "ssl", "gdb", "uwsgi"),
    "symengine": ("gmp", "mpfr", "flint"),
    "tables": ("bz2",),
    "uamqp": ("gdb",),
    "uharfbuzz": ("harfbuzz",),
    "uvloop": ("uv",),
    "xmlsec": ("xmlsec", "uwsgi", "gdb"),
    "zstandard": ("zstd", "gdb", "blender"),
}
"""For each package the hosts of this machine: a library of LINKED, or a program."""

ON_ARM64 = {
    "brotli": ("brotli",),
    "cmarkgfm": ("cmark-gfm",),
    "cryptography": ("ssl",),
    "gmpy2": ("gmp", "mpfr"),
    "google-re2": ("re2",),
    "gnureadline": ("readline",),
    "h5py": ("hdf5",),
    "jq": ("jq", "onig"),
    "lupa": ("lua",),
    "lxml": ("xml2", "xslt"),
    "lz4": ("lz4",),
    "pillow": ("avif", "freetype", "harfbuzz", "tiff", "webp"),
    "psycopg2-binary": ("pq", "ssl", "krb5"),
    "pycurl": ("curl", "ssl"),
    "pygit2": ("git2", "ssl"),
    "pymssql": ("sybdb",),
    "pynacl": ("sodium",),
    "pyproj": ("proj", "sqlite"),
    "python-flint": ("flint",),
    "pyyaml": ("yaml",),
    "pyzmq": ("zmq",),
    "shapely": ("geos",),
    "soundfile": ("sndfile",),
    "symengine": ("mpfr",),
    "uharfbuzz": ("harfbuzz",),
    "uvloop": ("uv",),
    "yara-python": ("yara",),
    "zstandard": ("zstd",),
}
"""For each package the libraries of LINKED that a program for aarch64 links."""

TOGETHER = (
    ("apsw", "pyproj"),
    ("cryptography", "grpcio"),
    ("cryptography", "psycopg2-binary"),
    ("cryptography", "pycurl"),
    ("grpcio", "pycares"),
    ("grpcio", "psycopg2-binary"),
    ("grpcio", "google-re2"),
    ("h5py", "netCDF4"),
    ("netCDF4", "pyproj"),
    ("opencv-python-headless", "h5py"),
    ("opencv-python-headless", "pillow"),
    ("opencv-python-headless", "shapely"),
    ("brotli", "pillow"),
    ("brotli", "pycurl"),
    ("freetype-py", "pillow"),
    ("gmpy2", "python-flint"),
    ("gmpy2", "symengine"),
    ("google-re2", "pyzmq"),
    ("h5py", "shapely"),
    ("h5py", "soundfile"),
    ("jq", "onigurumacffi"),
    ("lxml", "pygit2"),
    ("lxml", "pyproj"),
    ("lz4", "zstandard"),
    ("pillow", "pyproj"),
    ("pillow", "uharfbuzz"),
    ("psycopg-binary", "psycopg2-binary"),
    ("psycopg-binary", "pycurl"),
    ("psycopg2-binary", "pycurl"),
    ("psycopg2-binary", "pygit2"),
    ("psycopg2-binary", "pymssql"),
    ("pycares", "uvloop"),
    ("pycurl", "pygit2"),
    ("pycurl", "pymssql"),
    ("pycurl", "pyproj"),
    ("pygit2", "pymssql"),
    ("pynacl", "pyzmq"),
    ("pyproj", "shapely"),
    ("python-flint", "symengine"),
    ("soundfile", "pynacl"),
    ("yara-python", "psycopg2-binary"),
)
"""Two packages that a plain interpreter uses one after the other, in both orders."""

_OLD_CFFI = ("cffi==1.17.1", "pycparser==3.12")
_OLD_NUMPY = "numpy==1.26.4"
LABELLED: dict[str, tuple[str, ...]] = {
    "brotli110-hostbrotli": (),
    "gmpy2221-gdb": (),
    "gmpy2221-hostmpfr": (),
    "jq180-hostjq": (),
    "lxml530-hostxslt": (),
    "lxml613-debpython": (),
    "lz4433-gdb": (),
    "pillow1040-hostjpeg": (),
    "pillow1130-hostfreetype": (),
    "pillow1130-hostharfbuzz": (),
    "pillow1130-hosttiff": (),
    "pillow1200-hostjpeg": (),
    "psycopg2-2910-gdb": (),
    "psycopg2-2910-hostcrypto": (),
    "psycopg2-2913-uwsgi": (),
    "psycopg2-295-gdb": (),
    "psycopgbinary323-hostpq": ("psycopg==3.2.3", _TYPING),
    "pycurl7453-hostcurl": (),
    "pycurl7454-uwsgi": (),
    "pycurl7457-uwsgi": (),
    "pynacl150-vim": _OLD_CFFI,
    "pyyaml602-uwsgi": (),
    "pyzmq2620-hostzmq": (),
    "pyzmq2620-vim": (),
    "shapely204-hostgeos": (_OLD_NUMPY,),
    "shapely206-hostgeos": (_OLD_NUMPY,),
    "soundfile0140-hostsndfile": (*_OLD_CFFI, _OLD_NUMPY, _TYPING),
    "uvloop0210-hostuv": (),
    "zstandard0250-gdb": _OLD_CFFI,
    "zstandard0250-hostzstd": _OLD_CFFI,
}
"""Cases whose label stood on an exercise that may not have been deep enough, and their needs."""

_CASES_2 = 42
_SECOND = {
    "argon2-cffi-bindings": "deep_argon2",
    "astropy": "deep_astropy",
    "coincurve": "deep_coincurve",
    "dukpy": "deep_dukpy",
    "hiredis": "deep_hiredis",
    "igraph": "deep_igraph",
    "ijson": "deep_ijson",
    "lameenc": "deep_lame",
    "pyclipper": "deep_pyclipper",
    "pyerfa": "deep_erfa",
    "pynng": "deep_pynng",
    "samplerate": "deep_samplerate",
    "scipy": "deep_scipy",
}
"""The deeper exercises of the projects of :func:`_older`."""


def _older() -> tuple[Pair, ...]:
    """Pairs that were measured before by hand, with the wheels and programs of then."""
    pairs = []
    hosts = {linked.library: LINKED_PREFIX + name for name, linked in LINKED.items()}
    for row in measure_repairs.ROWS[:_CASES_2]:
        first, *others = row.wheels
        project = first.split("-")[0].lower().replace("_", "-")
        known = PACKAGES.get(project)
        second = known.second if known else _SECOND.get(project, "")
        own = _OWN.get(row.exercise, f"library:{row.exercise}")
        package = Package(f"{project}=={first.split('-')[1]}", (), own, second)
        host = hosts.get(row.host, row.host)
        pairs.append(Pair(row.name, "host", (package,), host, (first, *others), "older"))
    return tuple(pairs)


_OWN = {
    "erfa": "first_erfa",
    "lame": "first_lame",
    "pillow-cms": "bundled",
    "pillow-j2k": "bundled",
    "pillow-webp": "bundled",
}
"""What stands for exercises that print releases, in which alone the results differ."""


def _new() -> tuple[Pair, ...]:
    pairs = []
    for name, hosts in IN_HOSTS.items():
        for host in hosts:
            known = LINKED_PREFIX + host if host in LINKED else host
            pairs.append(Pair(f"{name}-in-{host}", "host", (PACKAGES[name],), known))
    for name, libraries in ON_ARM64.items():
        for library in libraries:
            host = ARM64_PREFIX + library
            pairs.append(Pair(f"{name}-in-{host}", "aarch64", (PACKAGES[name],), host))
    for one, other in TOGETHER:
        both = (PACKAGES[one], PACKAGES[other])
        pairs.append(Pair(f"{one}-with-{other}", "together", both, PLAIN_HOST))
    return tuple(pairs)


def _labelled() -> tuple[Pair, ...]:
    """Cases of ``cases.json`` that are run again, with the exercises of their packages."""
    pairs = []
    cases = {case["id"]: case for case in score.cases()}
    for name, needs in LABELLED.items():
        case = cases[name]
        project, release = case["wheel_filename"].split("-")[:2]
        project = project.lower().replace("_", "-")
        known = PACKAGES[project]
        package = Package(f"{project}=={release}", needs, known.first, known.second)
        files = (case["wheel_filename"], *case.get("other_wheels", ()))
        host = "python3" if case["host"] == "debpython" else str(case["host"])
        pairs.append(Pair(name, "host", (package,), host, files, "labelled"))
    return tuple(pairs)


OLDER = _older()
PAIRS: tuple[Pair, ...] = OLDER + _new() + _labelled()
ARM64_LIBRARIES = tuple(sorted({name for names in ON_ARM64.values() for name in names}))
