"""The pairs that are measured: packages, their exercises, and the hosts or other wheels they meet.

A new pair is a name in a row of :data:`IN_HOSTS`, :data:`ON_ARM64` or :data:`TOGETHER`, or a row
of :data:`FRESH` or :data:`SECOND_FRESH`.
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
    by hand before, ``labelled`` for cases of ``cases.json`` that are measured again, or ``fresh``
    and ``fresh2`` for pairs that no rule is made on.
    """

    id: str
    kind: Kind
    packages: tuple[Package, ...]
    host: str
    files: tuple[str, ...] = ()
    origin: Literal["new", "older", "labelled", "fresh", "fresh2"] = "new"

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
        Package("aggdraw==1.4.1", ("pillow==13.0.0",), "deep_aggdraw"),
        Package("ale-py==0.12.1", (_NUMPY,), "deep_ale"),
        Package("apsw==3.54.1.0", (), "bundled", "deep_apsw"),
        Package("assimp-py==1.1.0", (), "deep_assimp"),
        Package("av==18.1.0", (_NUMPY,)),
        Package("backports.zstd==1.8.0", (), "deep_backports_zstd"),
        Package("bitshuffle==0.5.2", (_NUMPY,), "deep_bitshuffle"),
        Package("blosc==1.11.4", (_NUMPY,), "deep_blosc"),
        Package("blosc2==4.14.1", (_NUMPY, _TYPING, _CERTIFI, *_BLOSC2), "deep_blosc2"),
        Package("brotli==1.2.1", (), "bundled", "deep_compression"),
        Package("brotlipy==0.7.0", _CFFI, "deep_brotlipy"),
        Package("cantera==3.2.0", (_NUMPY, _TYPING, "ruamel.yaml==0.19.1"), "deep_cantera"),
        Package("casadi==3.8.2", (_NUMPY,), "deep_casadi"),
        Package(
            "cf-units==3.3.1",
            (
                _NUMPY,
                "cftime==1.6.6.1",
                "packaging==26.4",
                "jinja2==3.1.6",
                "markupsafe==3.0.4",
                "antlr4-python3-runtime==4.13.2",
            ),
            "deep_cf_units",
        ),
        Package("cmarkgfm==2025.10.22", _CFFI, "first_cmark", "deep_cmark"),
        Package("cryptography==50.0.2", (*_CFFI, _TYPING), "bundled", "deep_cryptography"),
        Package("curl_cffi==0.16.3", (*_CFFI, _CERTIFI), "deep_curl_cffi"),
        Package("cysystemd==2.0.5", (), "deep_cysystemd"),
        Package(
            "cyvcf2==0.35.0",
            (_NUMPY, "coloredlogs==15.0.1", "click==8.5.1", "humanfriendly==10.0"),
            "deep_cyvcf2",
        ),
        Package(
            "eccodeslib==2.50.0.33",
            (
                *_CFFI,
                _NUMPY,
                "eccodes==2.50.0",
                "findlibs==0.1.3",
                "attrs==26.1.0",
                "eckitlib==2.5.0.33",
            ),
            "deep_eccodes",
        ),
        Package("embreex==4.4.0.post1", (_NUMPY,), "deep_embreex"),
        Package("fpylll==0.6.4", (_NUMPY, "cysignals==1.12.5"), "deep_fpylll"),
        Package("freetype-py==2.5.1", (), "bundled", "deep_freetype"),
        Package("fugashi==1.5.2", (), "deep_fugashi"),
        Package("gmpy2==2.3.2", (), "first_gmpy2", "deep_gmpy2"),
        Package("gnureadline==8.3.3", (), "bundled", "deep_gnureadline", _TERMINAL),
        Package("google-re2==1.1.20251105", (), "first_re2", "deep_re2"),
        Package("grpcio==1.85.3", (_TYPING,), "bundled", "deep_grpcio"),
        Package("h5py==3.16.0", (_NUMPY,), "bundled", "deep_h5py"),
        Package("hdf5plugin==7.1.0", (_NUMPY, "h5py==3.16.0"), "deep_hdf5plugin"),
        Package(
            "healpy==1.20.1",
            (
                _NUMPY,
                "astropy==8.0.2",
                "pyerfa==2.0.1.5",
                "PyYAML==6.0.4",
                "packaging==26.4",
                "astropy-iers-data==0.2026.11.2.0.34.55",
            ),
            "deep_healpy",
        ),
        Package("httptools==0.9.0", (), "deep_httptools"),
        Package("imagecodecs==2026.3.6", (_NUMPY,)),
        Package("imagequant==1.1.5", (*_CFFI, "pillow==13.0.0"), "deep_imagequant"),
        Package("isal==1.9.1", (), "deep_isal"),
        Package("jq==1.13.0", (), "first_jq", "deep_jq"),
        Package("jsonnet==0.22.0", (), "deep_jsonnet"),
        Package("lensfunpy==1.18.0", (_NUMPY,), "deep_lensfun"),
        Package("libsass==0.23.0", (), "first_sass", "deep_sass"),
        Package("libvalkey==4.2.1", (), "deep_valkey"),
        Package("lupa==2.8", (), "bundled", "deep_lupa"),
        Package("lxml==6.1.3", (), "bundled", "deep_lxml"),
        Package("lz4==4.4.5", (), "bundled", "deep_compression"),
        Package("marisa-trie==1.4.1", (), "deep_marisa"),
        Package(
            "memray==1.20.0",
            (
                "rich==15.0.0",
                "jinja2==3.1.6",
                "markupsafe==3.0.4",
                "textual==8.2.8",
                "markdown-it-py==4.3.0",
                "mdurl==0.1.2",
                "Pygments==2.21.0",
                _TYPING,
                "platformdirs==4.14.9",
                "linkify-it-py==2.2.0",
                "mdit-py-plugins==0.7.0",
            ),
            "deep_memray",
        ),
        Package(
            "netCDF4==1.7.5.1.post1",
            (_NUMPY, "cftime==1.6.6.1", _CERTIFI, "packaging==26.4"),
            "bundled",
            "deep_netcdf4",
        ),
        Package("nlopt==2.11.0", (_NUMPY,), "deep_nlopt"),
        Package("numcodecs==0.16.6", (_NUMPY, _TYPING), "deep_numcodecs"),
        Package("onigurumacffi==1.5.0", _CFFI, "first_onig", "deep_onig"),
        Package("openbabel-wheel==3.1.1.23", (), "deep_openbabel"),
        Package("opencc==1.4.2", (), "deep_opencc"),
        Package("opencv-python-headless==5.0.0.93", (_NUMPY,), "bundled", "deep_opencv"),
        Package("pedalboard==0.9.26", (_NUMPY,), "deep_pedalboard"),
        Package("pi-heif==1.4.0", ("pillow==13.0.0",), "deep_pi_heif"),
        Package("pillow==13.0.0", (), "bundled", "deep_pillow"),
        Package("pillow-avif-plugin==1.6.0", ("pillow==13.0.0",), "deep_pillow_avif"),
        Package("pocketsphinx==5.1.1", ("sounddevice==0.5.6", *_CFFI), "deep_pocketsphinx"),
        Package("pplpy==0.8.10", ("gmpy2==2.3.2", "cysignals==1.12.5"), "deep_ppl"),
        Package("psycopg-binary==3.3.9", ("psycopg==3.3.9", _TYPING), "bundled", "deep_psycopg"),
        Package("psycopg2-binary==2.9.13", (), "bundled", "deep_psycopg2"),
        Package("pycares==5.2.1", _CFFI, "first_pycares", "deep_pycares"),
        Package("pycmarkgfm==1.2.1", _CFFI, "deep_pycmarkgfm"),
        Package("pycurl==7.49.0", (), "bundled", "deep_pycurl"),
        Package("pydeep2==0.5.1", (), "deep_pydeep"),
        Package("pyexiv2==2.16.0", (), "deep_pyexiv2"),
        Package("pygame==2.6.1"),
        Package("pygame-ce==2.5.8", (), "deep_pygame_ce"),
        Package("pygit2==1.21.0", _CFFI, "bundled", "deep_pygit2"),
        Package(
            "pygrib==2.1.8", (_NUMPY, "pyproj==3.7.2", "packaging==26.4", _CERTIFI), "deep_pygrib"
        ),
        Package("pyjpegls==1.5.1", (_NUMPY,), "deep_charls"),
        Package("pylibjpeg-openjpeg==2.6.0", (_NUMPY,), "deep_openjpeg"),
        Package("pylibjxl==0.5.0", (_NUMPY,), "deep_pylibjxl"),
        Package("pyliblo3==0.17.0", (), "deep_liblo"),
        Package("pylibsrtp==1.0.0", _CFFI, "deep_pylibsrtp"),
        Package("pymssql==2.4.6", (), "bundled", "deep_pymssql"),
        Package("pymunk==7.3.1", _CFFI, "deep_pymunk"),
        Package("pymupdf==2.0", (), "deep_pymupdf"),
        Package("pynacl==1.6.2", _CFFI, "bundled", "deep_pynacl"),
        Package("pyproj==3.7.2", (_CERTIFI,), "bundled", "deep_pyproj"),
        Package("pyre2==0.3.14", (), "deep_pyre2"),
        Package("pyroaring==1.2.0", (), "deep_roaring"),
        Package("pysam==0.24.1", (), "deep_pysam"),
        Package("pyswisseph==2.10.3.2", (), "deep_swisseph"),
        Package("pytaglib==3.2.0", (), "deep_taglib"),
        Package("python-fcl==0.7.0.11", (_NUMPY,), "deep_fcl"),
        Package("python-flint==0.9.0", (), "first_flint", "deep_flint"),
        Package("python-mbedtls==2.10.1", (_CERTIFI, _TYPING), "deep_mbedtls"),
        Package("pyyaml==6.0.4", (), "first_pyyaml", "deep_pyyaml"),
        Package("pyzmq==27.3.0", (), "bundled", "deep_pyzmq"),
        Package("rapidgzip==0.16.2", (), "deep_rapidgzip"),
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
        Package("scrypt==0.9.4", (), "deep_scrypt"),
        Package("sdbus==0.14.3", (), "deep_sdbus"),
        Package("shapely==2.2.0", (_NUMPY,), "bundled", "deep_shapely"),
        Package("skia-python==144.1", (_NUMPY,), "deep_skia"),
        Package("soundfile==0.14.0", (*_CFFI, _NUMPY, _TYPING), "bundled", "deep_soundfile"),
        Package("soxr==1.1.0", (_NUMPY,), "deep_soxr"),
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
        Package("tesserocr==2.13.0", ("pillow==13.0.0",), "deep_tesserocr"),
        Package("treelite==4.8.1", (_NUMPY, "scipy==1.17.1", "packaging==26.4"), "deep_treelite"),
        Package("uamqp==1.6.11", (_CERTIFI, "six==1.17.0"), "deep_uamqp"),
        Package("uharfbuzz==0.57.0", (), "bundled", "deep_uharfbuzz"),
        Package("ujson==6.1.0", (), "deep_ujson"),
        Package("uvloop==0.23.0", (), "first_uvloop", "deep_uvloop"),
        Package("xmlsec==1.3.17", ("lxml==6.1.3",)),
        Package("yara-python==4.5.4", (), "bundled", "deep_yara"),
        Package("zfpy==1.0.1.post0", (_NUMPY,), "deep_zfpy"),
        Package("zstandard==0.25.0", _CFFI, "bundled", "deep_zstandard"),
        Package("zstd==1.5.7.2", (), "deep_zstd"),
        Package("zxing-cpp==3.1.1", (_NUMPY,), "deep_zxing"),
    )
}

IN_HOSTS = {
    "aggdraw": (
        "freetype",
        "png",
        "fontforge",
    ),
    "ale-py": ("asound",),
    "apsw": (
        "sqlite",
        "sqlcipher",
        "spatialite",
        "gdal",
        "gdb",
        "python3",
        "blender",
    ),
    "assimp-py": ("assimp",),
    "av": (
        "vpx",
        "x265",
        "opus",
    ),
    "backports.zstd": ("gdb",),
    "bitshuffle": (
        "zstd",
        "lz4",
        "fontforge",
    ),
    "blosc": (
        "blosc",
        "lz4",
        "zstd",
        "gdb",
        "fontforge",
    ),
    "blosc2": (
        "zstd",
        "gdb",
    ),
    "brotli": (
        "brotli",
        "gdb",
        "fontforge",
    ),
    "brotlipy": ("gdb",),
    "cantera": ("hdf5",),
    "casadi": ("mumps",),
    "cf-units": (
        "udunits2",
        "expat",
    ),
    "cmarkgfm": (
        "cmark",
        "cmark-gfm",
    ),
    "cryptography": (
        "ssl",
        "uwsgi",
    ),
    "curl_cffi": (
        "curl",
        "gdb",
    ),
    "cysystemd": (
        "systemd",
        "gcrypt",
    ),
    "cyvcf2": (
        "hts",
        "crypto",
        "gdb",
    ),
    "eccodeslib": (
        "eccodes",
        "openjp2",
        "png",
    ),
    "embreex": (
        "tbb",
        "embree",
    ),
    "fpylll": (
        "mpfr",
        "gmp",
        "gdb",
    ),
    "freetype-py": (
        "freetype",
        "cairo",
        "blender",
        "fontforge",
    ),
    "fugashi": ("mecab",),
    "gmpy2": (
        "gmp",
        "mpfr",
        "mpc",
        "gdb",
    ),
    "gnureadline": (
        "readline",
        "gdb",
        "fontforge",
    ),
    "google-re2": (
        "re2",
        "grpc",
    ),
    "grpcio": (
        "grpc",
        "ssl",
    ),
    "h5py": (
        "hdf5",
        "netcdf",
        "gdal",
    ),
    "hdf5plugin": (
        "zstd",
        "blosc",
        "snappy",
        "zfp",
        "gdb",
    ),
    "healpy": (
        "cfitsio",
        "healpix-cxx",
        "sharp",
    ),
    "httptools": ("http-parser",),
    "imagecodecs": (
        "jxl",
        "lerc",
        "deflate",
    ),
    "imagequant": ("imagequant",),
    "isal": ("isal",),
    "jq": (
        "jq",
        "onig",
        "vim",
    ),
    "jsonnet": ("jsonnet",),
    "lensfunpy": ("lensfun",),
    "libsass": ("sass",),
    "libvalkey": ("hiredis",),
    "lupa": (
        "lua",
        "vim",
    ),
    "lxml": (
        "xml2",
        "xslt",
        "archive",
        "uwsgi",
        "blender",
        "fontforge",
        "lldb",
    ),
    "lz4": (
        "lz4",
        "archive",
        "blender",
    ),
    "marisa-trie": (
        "marisa",
        "opencc",
    ),
    "memray": (
        "unwind",
        "elf",
    ),
    "netCDF4": (
        "netcdf",
        "hdf5",
    ),
    "nlopt": ("nlopt",),
    "numcodecs": (
        "zstd",
        "gdb",
        "blender",
    ),
    "onigurumacffi": (
        "onig",
        "jq",
    ),
    "openbabel-wheel": (
        "openbabel",
        "xml2",
        "inchi",
        "cairo",
        "uwsgi",
        "fontforge",
        "lldb",
    ),
    "opencc": (
        "opencc",
        "marisa",
    ),
    "opencv-python-headless": (
        "png",
        "avcodec",
        "fontforge",
    ),
    "pedalboard": (
        "fftw",
        "freetype",
        "mp3lame",
    ),
    "pi-heif": (
        "heif",
        "de265",
        "gdal",
    ),
    "pillow": (
        "avif",
        "aom",
        "dav1d",
        "fribidi",
        "gdal",
        "vips",
        "fontforge",
    ),
    "pillow-avif-plugin": (
        "avif",
        "svtav1",
        "rav1e",
        "blender",
    ),
    "pocketsphinx": ("pocketsphinx",),
    "pplpy": (
        "ppl",
        "gmp",
        "gdb",
    ),
    "psycopg-binary": (
        "pq",
        "ldap",
        "krb5",
        "blender",
    ),
    "psycopg2-binary": (
        "pq",
        "ldap",
        "krb5",
        "ssl",
        "ssh",
    ),
    "pycares": (
        "cares",
        "grpc",
    ),
    "pycmarkgfm": (
        "cmark-gfm",
        "cmark",
    ),
    "pycurl": (
        "curl",
        "ssl",
        "nghttp2",
        "uwsgi",
        "gdb",
    ),
    "pydeep2": ("fuzzy",),
    "pyexiv2": (
        "exiv2",
        "z",
        "brotli",
        "fontforge",
    ),
    "pygame": (
        "mpg123",
        "sdl2-mixer",
    ),
    "pygame-ce": (
        "sdl2",
        "sdl2-mixer",
        "freetype",
        "harfbuzz",
        "blender",
    ),
    "pygit2": (
        "git2",
        "ssh2",
        "ssl",
        "blender",
    ),
    "pygrib": (
        "eccodes",
        "gdal",
    ),
    "pyjpegls": ("charls",),
    "pylibjpeg-openjpeg": (
        "openjp2",
        "blender",
    ),
    "pylibjxl": (
        "jxl",
        "jpeg",
        "fontforge",
    ),
    "pyliblo3": ("lo",),
    "pylibsrtp": (
        "gdb",
        "uwsgi",
    ),
    "pymssql": (
        "sybdb",
        "krb5",
    ),
    "pymunk": ("chipmunk",),
    "pymupdf": (
        "jpeg",
        "tesseract",
        "gumbo",
        "zxing",
        "openjp2",
        "lcms2",
        "fontforge",
    ),
    "pynacl": (
        "zmq",
        "vim",
    ),
    "pyproj": (
        "proj",
        "sqlite",
        "tiff",
        "gdal",
        "blender",
    ),
    "pyre2": ("re2",),
    "pyroaring": ("roaring",),
    "pysam": (
        "hts",
        "lzma",
        "gdb",
    ),
    "pyswisseph": (
        "swe",
        "sqlite",
    ),
    "pytaglib": ("tag",),
    "python-fcl": (
        "fcl",
        "octomap",
        "ccd",
    ),
    "python-flint": (
        "flint",
        "gmp",
        "mpfr",
    ),
    "python-mbedtls": ("mbedtls",),
    "pyyaml": (
        "yaml",
        "uwsgi",
    ),
    "pyzmq": (
        "zmq",
        "sodium",
    ),
    "rapidgzip": ("isal",),
    "rasterio": (
        "curl",
        "png",
    ),
    "scrypt": (
        "crypto",
        "ssh",
        "gdb",
    ),
    "sdbus": (
        "systemd",
        "uwsgi",
    ),
    "shapely": (
        "geos",
        "gdal",
    ),
    "skia-python": (
        "freetype",
        "png",
        "fontconfig",
        "webp",
    ),
    "soundfile": (
        "sndfile",
        "flac",
        "vorbis",
        "blender",
    ),
    "soxr": ("soxr",),
    "ssh2-python": (
        "ssh2",
        "ssl",
        "gdb",
        "uwsgi",
    ),
    "symengine": (
        "gmp",
        "mpfr",
        "flint",
    ),
    "tables": ("bz2",),
    "tesserocr": (
        "tesseract",
        "lept",
        "tiff",
        "fontforge",
    ),
    "treelite": ("gomp",),
    "uamqp": ("gdb",),
    "uharfbuzz": ("harfbuzz",),
    "ujson": ("double-conversion",),
    "uvloop": ("uv",),
    "xmlsec": (
        "xmlsec",
        "uwsgi",
        "gdb",
        "fontforge",
    ),
    "zfpy": (
        "zfp",
        "gomp",
    ),
    "zstandard": (
        "zstd",
        "gdb",
        "blender",
        "fontforge",
    ),
    "zstd": (
        "zstd",
        "gdb",
        "archive",
        "fontforge",
    ),
    "zxing-cpp": ("zxing",),
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

FRESH: tuple[tuple[Package, tuple[str, ...]], ...] = (
    (Package("Box2D==2.3.10", (), "fresh_box2d"), ("box2d",)),
    (PACKAGES["casadi"]._replace(first="fresh_ipopt", second=""), ("ipopt",)),
    (Package("chunspell==2.0.5", (), "fresh_hunspell"), ("hunspell", "scribus")),
    (Package("cvc5==1.4.2", (), "fresh_cvc5"), ("cvc5",)),
    (
        Package("cvxopt==1.3.3", (), "fresh_cvxopt", "fresh_cvxopt_complex"),
        ("cholmod", "umfpack", "dsdp", "gsl", "glpk"),
    ),
    (
        Package(
            "cyclonedds==11.0.1",
            ("click==8.5.1", "rich-click==1.9.9", "rich==15.0.0"),
            "fresh_ddsc",
        ),
        ("ddsc",),
    ),
    (
        Package("cylp==0.94.1", (_NUMPY, "scipy==1.17.1"), "fresh_cylp", "fresh_cylp_pivots"),
        ("clp", "cbc"),
    ),
    (Package("dlib-bin==20.0.1.post1", (_NUMPY,), "fresh_dlib", "fresh_dlib_jpeg"), ("dlib",)),
    (Package("drgn==0.3.0", (), "fresh_dw"), ("dw", "perf")),
    (Package("edlib==1.3.9.post1", (), "fresh_edlib"), ("edlib",)),
    (
        Package(
            "essentia==2.1b6.dev1389", ("PyYAML==6.0.4", _NUMPY, "six==1.17.0"), "fresh_chromaprint"
        ),
        ("chromaprint",),
    ),
    (Package("fasttext-wheel==0.9.2", (_NUMPY,), "fresh_fasttext"), ("fasttext",)),
    (Package("faust-cchardet==3.2.0", (), "fresh_uchardet"), ("uchardet",)),
    (
        Package(
            "freud-analysis==3.4.0",
            (
                "more-itertools==11.2.1",
                _NUMPY,
                "parsnip-cif==1.0.0",
                "rowan==1.3.2",
                "scipy==1.17.1",
            ),
            "fresh_voro",
        ),
        ("voro",),
    ),
    (Package("gmsh==4.11.1", (), "fresh_gmsh"), ("gmsh",)),
    (
        Package(
            "grpcio-tools==1.85.1",
            ("grpcio==1.85.3", "protobuf==7.36.2", "setuptools==84.2.1", _TYPING),
            "fresh_protoc",
        ),
        ("protoc",),
    ),
    (Package("hyperscan==0.9.1", (), "fresh_hyperscan"), ("hyperscan",)),
    (PACKAGES["imagecodecs"]._replace(first="fresh_aec", second=""), ("aec",)),
    (PACKAGES["imagecodecs"]._replace(first="fresh_zopfli_codec", second=""), ("zopfli",)),
    (PACKAGES["imagecodecs"]._replace(first="fresh_jxr", second=""), ("jxr",)),
    (PACKAGES["imagecodecs"]._replace(first="fresh_gif", second=""), ("gif",)),
    (Package("libclang==18.1.1", (), "fresh_clang"), ("clang14", "lldb")),
    (Package("libtorrent==2.1.1", (), "fresh_libtorrent"), ("torrent",)),
    (PACKAGES["lupa"]._replace(first="fresh_luajit", second="deep_lupa"), ("luajit",)),
    (PACKAGES["lupa"]._replace(first="fresh_lua51", second="deep_lupa"), ("lua5.1",)),
    (Package("maxminddb==3.2.0", (), "fresh_maxminddb"), ("maxminddb",)),
    (Package("meshpy==2026.1.1", (_NUMPY,), "fresh_tet"), ("tet",)),
    (
        Package(
            "nfstream==6.6.0",
            (
                *_CFFI,
                "dpkt==1.9.8",
                _NUMPY,
                "pandas==3.1.1",
                "psutil==7.2.2",
                "python-dateutil==4.0.0",
                "tzdata==2026.6",
            ),
            "fresh_ndpi",
        ),
        ("ndpi", "pcap"),
    ),
    (
        Package(
            "onnx==1.23.2", ("ml_dtypes==0.6.0", _NUMPY, "protobuf==7.36.2", _TYPING), "fresh_onnx"
        ),
        ("onnx",),
    ),
    (Package("opencolorio==2.6.0", (_NUMPY,), "fresh_ocio"), ("ocio",)),
    (PACKAGES["pedalboard"]._replace(first="fresh_rubberband", second=""), ("rubberband",)),
    (PACKAGES["cysystemd"], ("syslog-ng",)),
    (PACKAGES["freetype-py"], ("scribus",)),
    (PACKAGES["gmpy2"], ("nbdkit", "scribus")),
    (PACKAGES["lxml"], ("scribus",)),
    (PACKAGES["lz4"], ("syslog-ng",)),
    (PACKAGES["memray"], ("perf",)),
    (PACKAGES["pi-heif"], ("scribus",)),
    (PACKAGES["pillow"], ("scribus",)),
    (PACKAGES["pillow"]._replace(first="fresh_raqm", second=""), ("raqm",)),
    (PACKAGES["psycopg2-binary"], ("syslog-ng",)),
    (PACKAGES["pycurl"], ("weechat",)),
    (PACKAGES["pymupdf"], ("scribus",)),
    (PACKAGES["uharfbuzz"], ("scribus",)),
    (PACKAGES["zstandard"], ("perf", "weechat")),
    (Package("piper-tts==1.8.0", (), "fresh_espeak"), ("espeak-ng",)),
    (Package("primecountpy==0.2.1", ("cysignals==1.12.5",), "fresh_primecount"), ("primecount",)),
    (Package("pyarrow==26.0.1"), ("mimalloc",)),
    (Package("pyBigWig==0.3.29", (_NUMPY,), "fresh_bigwig"), ("bigwig",)),
    (Package("pybullet==3.2.7", (_NUMPY,), "fresh_bullet"), ("bullet",)),
    (Package("pycolmap==4.2.1", (_NUMPY,), "fresh_colmap"), ("ceres", "glog")),
    (Package("pycryptodome==4.4.0", (), "fresh_tomcrypt"), ("tomcrypt",)),
    (Package("pyebur128==0.1.1", (), "fresh_ebur128"), ("ebur128",)),
    (Package("pyeclib==1.8.0", (), "fresh_erasurecode"), ("erasurecode",)),
    (
        Package("pygmo==2.20.0", ("cloudpickle==3.1.3", _NUMPY, "scipy==1.17.1"), "fresh_pagmo"),
        ("pagmo",),
    ),
    (Package("pyhdf==0.11.7", (_NUMPY,), "fresh_hdf4"), ("hdf4",)),
    (Package("pymd4c==1.3.0", (), "fresh_md4c"), ("md4c", "scribus")),
    (
        Package(
            "pymongocrypt==1.21.2",
            (
                *_CFFI,
                "cryptography==50.0.2",
                "packaging==26.4",
                "pymongo==4.20.1",
                "httpx==0.28.1",
                "httpcore==1.0.9",
                "h11==0.16.0",
                "anyio==4.16.0",
                "idna==3.20",
                _CERTIFI,
                _TYPING,
                "dnspython==2.9.2",
            ),
            "fresh_mongocrypt",
        ),
        ("mongocrypt",),
    ),
    (Package("pynini==2.1.7", (), "fresh_fst"), ("fst",)),
    (
        Package(
            "pyopenjtalk-plus==0.4.1.post10",
            (
                "SudachiPy==0.7.0",
                "annotated-types==0.8.0",
                _NUMPY,
                "pydantic==2.14.4",
                "pydantic_core==2.50.5",
                "sudachidict-core==20261015",
                "typing-inspection==0.4.5",
                _TYPING,
            ),
            "fresh_htsengine",
        ),
        ("htsengine",),
    ),
    (
        Package(
            "PyQt5==5.15.11",
            ("PyQt5-Qt5==5.15.19", "PyQt5_sip==12.20.0"),
            "fresh_qt5",
            "fresh_qt5_widgets",
        ),
        ("qt5", "scribus"),
    ),
    (Package("pyscf==2.14.0", (_NUMPY, "scipy==1.17.1", "h5py==3.16.0"), "fresh_xc"), ("xc",)),
    (Package("pysdl2-dll==2.32.10", ("PySDL2==0.9.17",), "fresh_sdlgfx"), ("sdl2-gfx",)),
    (Package("pyspoa==0.3.2", (), "fresh_spoa"), ("spoa",)),
    (Package("PyStemmer==3.1.0", (), "fresh_stemmer"), ("stemmer",)),
    (Package("python-libsbml==5.21.2", (), "fresh_sbml"), ("sbml",)),
    (Package("python-olm==3.2.16", _CFFI, "fresh_olm"), ("olm",)),
    (Package("pyzint==0.1.10", (), "fresh_zint"), ("zint",)),
    (Package("QuantLib==1.44", (), "fresh_quantlib"), ("quantlib",)),
    (
        Package("rdkit==2026.9.1", (_NUMPY, "pillow==13.0.0"), "fresh_rdkit"),
        ("rdkit", "boost-python", "boost-serialization"),
    ),
    (Package("rl-renderPM==4.0.3", (), "fresh_art", "fresh_art_text"), ("art", "scribus")),
    (Package("rocksdict==0.3.29", (), "fresh_rocksdb"), ("rocksdb",)),
    (
        Package(
            "scikit-learn==1.9.1",
            (
                "cloudpickle==3.1.3",
                "joblib==1.6.0",
                "narwhals==2.29.0",
                _NUMPY,
                "scipy==1.17.1",
                "threadpoolctl==3.8.0",
            ),
            "fresh_liblinear",
        ),
        ("linear",),
    ),
    (Package("scikit-sundae==1.2.0", (_NUMPY, "scipy==1.17.1"), "fresh_sundials"), ("sundials",)),
    (Package("sentencepiece==0.2.3", (), "fresh_sentencepiece"), ("sentencepiece",)),
    (Package("solv==0.7.39.post1", (), "fresh_solv"), ("solv",)),
    (Package("spglib==2.8.0", (_NUMPY, _TYPING), "fresh_symspg"), ("symspg",)),
    (Package("spherely==0.1.1", (_NUMPY,), "fresh_s2"), ("s2",)),
    (
        Package(
            "suitesparse-graphblas==10.5.1.1",
            (*_CFFI, _NUMPY),
            "fresh_graphblas",
            "fresh_graphblas_more",
        ),
        ("graphblas",),
    ),
    (
        Package(
            "tcod==21.2.2",
            (*_CFFI, "attrs==26.1.0", _NUMPY, _TYPING),
            "fresh_tcod",
            "fresh_tcod_more",
        ),
        ("tcod",),
    ),
    (Package("vtk==9.7.2", (), "fresh_vtk"), ("vtk",)),
    (Package("webrtcvad-wheels==2.0.14.post1", (), "fresh_webrtcvad"), ("webrtc-audio",)),
    (Package("zopfli==0.4.3", (), "fresh_zopfli"), ("zopfli",)),
)
"""Packages in hosts of which no other pair is, by library or program: no rule is made on them."""

_SAGE = (
    *("cysignals==1.12.5", "gmpy2==2.3.2", "memory_allocator==0.1.4", "packaging==26.4"),
    *("passagemath-categories==10.8.13", "passagemath-environment==10.8.13"),
    *("passagemath-objects==10.8.13", "platformdirs==4.14.9"),
)
"""What the packages of passagemath need."""

SECOND_FRESH: tuple[tuple[Package, tuple[str, ...]], ...] = (
    (Package("aoflagger==3.5.post0", (_NUMPY,), "fresh2_aoflagger"), ("aoflagger",)),
    (Package("aubio-ledfx==0.4.12", (_NUMPY,), "fresh2_aubio"), ("aubio",)),
    (
        Package("bzip3==0.1.10", _CFFI, "fresh2_bzip3"),
        (
            "bzip3",
            "arm64-bzip3",
        ),
    ),
    (Package("dartpy==6.20.0", (_NUMPY,), "fresh2_dart"), ("dart",)),
    (
        Package("DracoPy==2.2.0", (_NUMPY,), "fresh2_draco"),
        (
            "draco",
            "blender",
        ),
    ),
    (
        Package("ezsnmp==2.5.0", (), "fresh2_snmp"),
        (
            "snmp",
            "uwsgi",
        ),
    ),
    (Package("fpzip==1.2.5", (_NUMPY,), "fresh2_fpzip", "deep_fpzip"), ("fpzip",)),
    (Package("gphoto2==2.6.4", (), "fresh2_gphoto2", "deep_gphoto2"), ("gphoto2",)),
    (Package("gpiod==2.5.0", (), "fresh2_gpiod"), ("gpiod",)),
    (Package("hidapi==0.15.0", (), "fresh2_hid", "deep_hid"), ("hidapi",)),
    (Package("IsoSpecPy==2.6.0", _CFFI, "fresh2_isospec"), ("isospec",)),
    (Package("lcm==1.5.3", (), "fresh2_lcm", "deep_lcm"), ("lcm",)),
    (Package("libewf-python==20260924", (), "fresh2_ewf"), ("ewf",)),
    (Package("libqcow-python==20260703", (), "fresh2_qcow", "deep_qcow"), ("qcow",)),
    (Package("libregf-python==20260526", (), "fresh2_regf", "deep_regf"), ("regf",)),
    (Package("libvmdk-python==20260714", (), "fresh2_vmdk", "deep_vmdk"), ("vmdk",)),
    (Package("liquid-dsp==1.8.3", (_NUMPY,), "fresh2_liquid"), ("liquid",)),
    (
        Package("lzip==1.2.0", (), "fresh2_lzip", "deep_lzip"),
        (
            "lz",
            "gdb",
        ),
    ),
    (Package("miniupnpc==2.3.3", (), "fresh2_miniupnpc", "deep_miniupnpc"), ("miniupnpc",)),
    (Package("odclib==1.6.3.32", (_NUMPY, "eckitlib==2.5.0.32"), "fresh2_odc"), ("odc",)),
    (Package("ompl==2.0.1", (_NUMPY,), "fresh2_ompl"), ("ompl",)),
    (
        Package("OpenImageIO==3.2.2.0", (_NUMPY,), "fresh2_oiio"),
        (
            "openimageio",
            "blender",
        ),
    ),
    (Package("OpenMM==8.3.1", (_NUMPY,), "fresh2_openmm"), ("openmm",)),
    (Package("Panda3D==1.10.16", (_NUMPY,), "fresh2_panda3d"), ("openal",)),
    (Package("parasail==1.3.4", (_NUMPY,), "fresh2_parasail"), ("parasail",)),
    (
        Package(
            "passagemath-bliss==10.8.13", (*_SAGE, "passagemath-graphs==10.8.13"), "fresh2_bliss"
        ),
        ("bliss",),
    ),
    (Package("passagemath-brial==10.8.13", _SAGE, "fresh2_pbori"), ("brial",)),
    (
        Package(
            "passagemath-cliquer==10.8.13",
            (*_SAGE, "passagemath-graphs==10.8.13"),
            "fresh2_cliquer",
            "deep_cliquer",
        ),
        ("cliquer",),
    ),
    (Package("passagemath-ecl==10.8.13", _SAGE, "fresh2_ecl"), ("ecl",)),
    (
        Package(
            "passagemath-eclib==10.8.13",
            (
                *(*_SAGE, "passagemath-linbox==10.8.13", "passagemath-modules==10.8.13"),
                *("passagemath-ntl==10.8.13", "mpmath==1.3.0", "passagemath-iml==10.8.13"),
                *("passagemath-m4ri-m4rie==10.8.13", "passagemath-flint==10.8.13"),
            ),
            "fresh2_eclib",
        ),
        ("ec",),
    ),
    (
        Package(
            "passagemath-homfly==10.8.13", ("cysignals==1.12.5",), "fresh2_homfly", "deep_homfly"
        ),
        ("homfly",),
    ),
    (
        Package(
            "passagemath-lcalc==10.8.13",
            (*_SAGE, "passagemath-modules==10.8.13", "mpmath==1.3.0"),
            "fresh2_lcalc",
            "deep_lcalc",
        ),
        ("lfunction",),
    ),
    (
        Package(
            "passagemath-libbraiding==10.8.13",
            ("cysignals==1.12.5",),
            "fresh2_braiding",
            "deep_braiding",
        ),
        ("braiding",),
    ),
    (Package("passagemath-libecm==10.8.13", _SAGE, "fresh2_ecm", "deep_ecm"), ("ecm",)),
    (
        Package(
            "passagemath-m4ri-m4rie==10.8.13",
            (*_SAGE, "passagemath-modules==10.8.13", "mpmath==1.3.0"),
            "fresh2_m4ri",
        ),
        ("m4ri",),
    ),
    (
        Package("passagemath-ntl==10.8.13", (*_SAGE, "passagemath-pari==10.8.13"), "fresh2_ntl"),
        ("ntl",),
    ),
    (
        Package(
            "passagemath-planarity==10.8.13",
            (*_SAGE, "passagemath-graphs==10.8.13"),
            "fresh2_planarity",
        ),
        ("planarity",),
    ),
    (
        Package(
            "passagemath-rankwidth==10.8.13",
            (*_SAGE, "passagemath-graphs==10.8.13"),
            "fresh2_rankwidth",
            "deep_rankwidth",
        ),
        ("rw",),
    ),
    (Package("pugixml==0.8.0", (_NUMPY,), "fresh2_pugixml"), ("pugixml",)),
    (
        Package("pycld2==0.42", (), "fresh2_cld2"),
        ("cld2",),
    ),
    (Package("pycodec2==4.1.1", (_NUMPY,), "fresh2_codec2", "deep_codec2"), ("codec2",)),
    (
        Package("pycryptosat==5.14.3", (), "fresh2_cryptominisat", "deep_cryptominisat"),
        ("cryptominisat5",),
    ),
    (
        Package("pyenet==1.3.17", (), "fresh2_enet"),
        ("enet",),
    ),
    (
        Package("pyfarmhash==0.5.1", (), "fresh2_farmhash"),
        ("farmhash",),
    ),
    (
        Package("pymediainfo==7.0.1", (), "fresh2_mediainfo"),
        (
            "mediainfo",
            "gdb",
        ),
    ),
    (
        Package(
            "pyopencl==2026.1.4",
            (_NUMPY, "platformdirs==4.14.9", "pytools==2026.1.1", _TYPING, "siphash24==1.9"),
            "fresh2_opencl",
            "deep_opencl",
        ),
        ("opencl",),
    ),
    (
        Package(
            "pyreadstat==1.3.7",
            (
                _NUMPY,
                "narwhals==2.29.0",
                "pandas==3.1.1",
                "python-dateutil==4.0.0",
                "tzdata==2026.6",
            ),
            "fresh2_readstat",
        ),
        ("readstat",),
    ),
    (Package("python-casacore==3.8.1", (_NUMPY,), "fresh2_casacore"), ("casa",)),
    (Package("python3-timbl==2025.5.2", (_NUMPY,), "fresh2_timbl"), ("timbl",)),
    (Package("pytsk3==20260715", (), "fresh2_tsk"), ("tsk",)),
    (
        Package("simplejpeg==1.9.0", (_NUMPY,), "fresh2_simplejpeg", "deep_simplejpeg"),
        ("turbojpeg",),
    ),
    (
        Package("tinyobjloader==2.0.0rc13", (_NUMPY,), "fresh2_tinyobj", "deep_tinyobj"),
        ("tinyobjloader",),
    ),
    (Package("xtb==22.1", (*_CFFI, _NUMPY, _TYPING), "fresh2_xtb"), ("xtb",)),
)
"""As :data:`FRESH`; each exercise was written before anything was said of its pair."""

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
        pairs += [_hosted(PACKAGES[name], host) for host in hosts]
    for name, libraries in ON_ARM64.items():
        for library in libraries:
            host = ARM64_PREFIX + library
            pairs.append(Pair(f"{name}-in-{host}", "aarch64", (PACKAGES[name],), host))
    for one, other in TOGETHER:
        both = (PACKAGES[one], PACKAGES[other])
        pairs.append(Pair(f"{one}-with-{other}", "together", both, PLAIN_HOST))
    return tuple(pairs)


def _hosted(package: Package, host: str) -> Pair:
    known = LINKED_PREFIX + host if host in LINKED else host
    kind: Kind = "aarch64" if host.startswith(ARM64_PREFIX) else "host"
    return Pair(f"{package.name}-in-{host}", kind, (package,), known)


def _fresh() -> tuple[Pair, ...]:
    first = [_hosted(package, host) for package, hosts in FRESH for host in hosts]
    second = [_hosted(package, host) for package, hosts in SECOND_FRESH for host in hosts]
    return (
        *(pair._replace(origin="fresh") for pair in first),
        *(pair._replace(origin="fresh2") for pair in second),
    )


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
PAIRS: tuple[Pair, ...] = OLDER + _new() + _labelled() + _fresh()
ARM64_LIBRARIES = tuple(
    sorted({p.host.removeprefix(ARM64_PREFIX) for p in PAIRS if p.host.startswith(ARM64_PREFIX)})
)
