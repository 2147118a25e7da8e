"""Repairs wheels whose code asks libraries for names at run time, and uses them before and after.

    python tests/tools/repair_by_name.py [-o TABLE] [PATTERN...]

Each package opens a library of its own with ctypes, cffi or dlopen, or another package does.
It is repaired with ``--all``, or for a program that links a library of the same names, and
its basic use runs in a plain interpreter before and after. A table in Markdown is printed,
or written; ``tests/data/repair_by_name.md`` is the one of all. It needs the package index.
"""

from __future__ import annotations

import fnmatch
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import programs
import repair_hosts
from collide.repair.import_trial import unpack_wheel
from repair_hosts import UnavailableError, download, repaired
from roots import RootError, root

_2014 = "manylinux_2_17_x86_64.manylinux2014_x86_64"
_2014_TOO = "manylinux2014_x86_64.manylinux_2_17_x86_64"
_28 = "manylinux_2_27_x86_64.manylinux_2_28_x86_64"
_NUMPY = f"numpy-1.26.4-cp311-cp311-{_2014}.whl"
_SCIPY = f"scipy-1.11.4-cp311-cp311-{_2014}.whl"
_CFFI = f"cffi-2.1.1-cp311-cp311-{_2014_TOO}.whl"
_PYCPARSER = "pycparser-3.12-py3-none-any.whl"
_THREADPOOLCTL = "threadpoolctl-3.8.0-py3-none-any.whl"
_GEOS = ("libgeos-c1v5", "libgeos_c.so.1")
_FREETYPE = (
    "freetype_py-2.5.1-py3-none-manylinux_2_5_x86_64.manylinux1_x86_64"
    ".manylinux_2_12_x86_64.manylinux2010_x86_64.whl"
)
_LIBUSB = (
    "libusb_package-1.0.30.0-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64"
    ".manylinux_2_28_x86_64.whl"
)
_H5PY = "h5py-3.16.0-cp311-cp311-manylinux_2_28_x86_64.whl"
_SHAPELY = """\
from shapely import geos, speedups, wkt
from shapely.geometry import Point
from shapely.ops import unary_union
speedups.enable()
print(speedups.enabled, geos.geos_version, Point(0, 0).buffer(1).area)
print(unary_union([Point(i, 0).buffer(1) for i in range(3)]).area, wkt.loads("POINT (1 2)").wkt)
"""


class Package(NamedTuple):
    """Wheels that are unpacked together, and their use.

    The first ``repaired`` of ``wheels`` are repaired with ``--all``, or for a program that
    links a library of a Debian package (``links``), or for the plain interpreter (``for_plain``).
    ``opens`` says how names are asked for;
    ``script`` prints.
    """

    name: str
    opens: str
    wheels: tuple[str, ...]
    script: str
    repaired: int = 1
    python: str = "3.11"
    links: tuple[str, str] | None = None
    for_plain: bool = False

    def __str__(self) -> str:
        return self.name


PACKAGES = (
    Package(
        "soundfile", "cffi, ABI mode",
        ("soundfile-0.14.0-py2.py3-none-manylinux_2_28_x86_64.whl", _NUMPY, _CFFI, _PYCPARSER,
         "typing_extensions-4.15.0-py3-none-any.whl"),
        """\
import io, numpy, soundfile
b = io.BytesIO()
soundfile.write(b, numpy.sin(numpy.arange(4000) / 20), 8000, format="OGG", subtype="VORBIS")
b.seek(0)
data, rate = soundfile.read(b)
print(soundfile.__libsndfile_version__, len(data), rate, len(soundfile.available_formats()))
""",
    ),
    Package(
        "rtree", "ctypes, made-up path",
        ("rtree-1.4.1-py3-none-manylinux_2_24_x86_64.manylinux_2_28_x86_64.whl",),
        """\
from rtree import index
i = index.Index()
for n in range(100):
    i.insert(n, (n, n, n + 1, n + 1))
print(sorted(i.intersection((3.5, 3.5, 6.5, 6.5))), list(i.nearest((50.5, 50.5, 50.6, 50.6))))
""",
    ),
    Package(
        "glfw", "ctypes, pattern",
        ("glfw-2.11.0-py2.py3-none-manylinux_2_28_x86_64.whl",),
        """\
import glfw
print(glfw.get_version(), glfw.get_version_string().split()[0], bool(glfw.get_time))
""",
    ),
    Package(
        "z3-solver", "ctypes, made-up path",
        ("z3_solver-5.4.1.0-py3-none-manylinux_2_27_x86_64.whl",),
        """\
import z3
x, y = z3.Ints("x y")
s = z3.Solver()
s.add(x + y == 10, x - y == 4)
print(s.check(), s.model()[x], s.model()[y], z3.simplify(x + x))
""",
    ),
    Package(
        "lightgbm", "ctypes, made-up path",
        (f"lightgbm-4.7.0-py3-none-{_28}.whl", _NUMPY, _SCIPY, "narwhals-2.29.0-py3-none-any.whl"),
        """\
import ctypes, lightgbm
from lightgbm.basic import _LIB
print(ctypes.string_at(_LIB.LGBM_GetLastError()))
import numpy
r = numpy.random.default_rng(1)
x = r.random((200, 3))
d = lightgbm.Dataset(x, x[:, 0] > 0.5)
b = lightgbm.train({"objective": "binary", "verbose": -1, "num_threads": 1}, d, 5)
print(b.num_trees(), round(float(b.predict(x)[0]), 6))
""",
    ),
    Package(
        "xgboost", "ctypes, made-up path",
        ("xgboost-3.2.0-py3-none-manylinux_2_28_x86_64.whl", _NUMPY, _SCIPY),
        """\
import numpy, xgboost
r = numpy.random.default_rng(1)
x = r.random((200, 3))
b = xgboost.train({"nthread": 1}, xgboost.DMatrix(x, x[:, 0]), 5)
print(b.num_boosted_rounds(), round(float(b.predict(xgboost.DMatrix(x))[0]), 5))
""",
    ),
    Package(
        "pynng", "cffi, API mode",
        ("pynng-0.9.0-cp311-cp311-manylinux_2_26_x86_64.manylinux_2_28_x86_64.whl", _CFFI,
         _PYCPARSER, "sniffio-1.3.1-py3-none-any.whl"),
        """\
import pynng
with pynng.Pair0(listen="inproc://a") as a, pynng.Pair0(dial="inproc://a") as b:
    a.send(b"x")
    print(b.recv())
""",
        repaired=2,
    ),
    Package(
        "coincurve", "cffi, API mode",
        (f"coincurve-21.0.0-cp311-cp311-{_2014}.whl",),
        """\
import coincurve
k = coincurve.PrivateKey(b"\\1" * 32)
print(k.public_key.format().hex(), k.public_key.verify(k.sign(b"x"), b"x"))
""",
    ),
    Package(
        "llvmlite", "ctypes, importlib.resources",
        (f"llvmlite-0.50.0-cp311-cp311-{_28}.whl",),
        """\
import ctypes, llvmlite.binding as llvm
llvm.initialize_native_target()
llvm.initialize_native_asmprinter()
m = llvm.parse_assembly("define i32 @f(i32 %a) { %b = add i32 %a, 1 ret i32 %b }")
e = llvm.create_mcjit_compiler(m, llvm.Target.from_default_triple().create_target_machine())
e.finalize_object()
f = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(e.get_function_address("f"))
print(f(41), llvm.llvm_version_info)
""",
    ),
    Package(
        "numba", "ctypes, names put together",
        (f"llvmlite-0.50.0-cp311-cp311-{_28}.whl", f"numba-0.68.1-cp311-cp311-{_28}.whl", _NUMPY),
        """\
import numba, numpy
@numba.njit
def f(a):
    s = 0.0
    for x in a:
        s += numpy.sin(x)
    return s
print(round(f(numpy.arange(100.0)), 9))
""",
        repaired=2,
    ),
    Package(
        "pyzmq", "linked",
        ("pyzmq-27.3.0-cp311-cp311-manylinux_2_26_x86_64.manylinux_2_28_x86_64.whl",),
        """\
import zmq
c = zmq.Context()
a, b = c.socket(zmq.PAIR), c.socket(zmq.PAIR)
a.bind("inproc://a"); b.connect("inproc://a")
a.send(b"x")
print(b.recv(), zmq.zmq_version(), zmq.has("curve"), len(zmq.curve_keypair()[0]))
""",
    ),
    Package(
        "shapely-1.7.1", "ctypes, pattern, names put together",
        ("Shapely-1.7.1-1-cp39-cp39-manylinux1_x86_64.whl",), _SHAPELY, python="3.9",
        links=_GEOS,
    ),
    Package(
        "shapely-1.8.5", "ctypes, pattern, names put together",
        (f"Shapely-1.8.5-cp311-cp311-{_2014}.whl",), _SHAPELY, links=_GEOS,
    ),
    Package(
        "shapely-1.8.5-all", "ctypes, pattern, names put together",
        (f"Shapely-1.8.5-cp311-cp311-{_2014}.whl",), _SHAPELY,
    ),
    Package(
        "pypdfium2", "ctypes, made-up path",
        (f"pypdfium2-5.15.2-py3-none-{_2014}.whl",),
        """\
import pypdfium2
d = pypdfium2.PdfDocument.new()
p = d.new_page(100, 200)
print(len(d), p.get_size(), p.render().width, pypdfium2.PDFIUM_INFO.build > 0)
""",
    ),
    Package(
        "freetype-py", "ctypes, literal",
        (_FREETYPE,),
        """\
import freetype
print(freetype.version())
try:
    freetype.Face("/dev/null")
except freetype.FT_Exception as e:
    print(e)
""",
    ),
    Package(
        "wasmtime", "ctypes, made-up path",
        ("wasmtime-50.0.1-py3-none-manylinux1_x86_64.whl",),
        """\
from wasmtime import Instance, Module, Store
s = Store()
w = '(module (func (export "f") (param i32) (result i32) local.get 0 i32.const 1 i32.add))'
print(Instance(s, Module(s.engine, w), []).exports(s)["f"](s, 41))
""",
    ),
    Package(
        "libusb-package", "ctypes, importlib.resources",
        (_LIBUSB, "importlib_resources-6.5.2-py3-none-any.whl"),
        """\
import ctypes, libusb_package
lib = ctypes.CDLL(str(libusb_package.get_library_path()))
lib.libusb_error_name.restype = ctypes.c_char_p
print([lib.libusb_error_name(n) for n in (0, -1, -99)])
""",
    ),
    Package(
        "capstone", "ctypes, made-up path",
        (f"capstone-5.0.9-py3-none-{_2014}.whl",),
        """\
import capstone
md = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
print([(i.mnemonic, i.op_str) for i in md.disasm(bytes.fromhex("554889e5c3"), 0)])
""",
    ),
    Package(
        "keystone-engine", "ctypes, made-up path",
        ("keystone_engine-0.9.2-py2.py3-none-manylinux1_x86_64.whl",),
        """\
import keystone
print(keystone.Ks(keystone.KS_ARCH_X86, keystone.KS_MODE_64).asm("push rbp; ret"))
""",
    ),
    Package(
        "unicorn", "ctypes, made-up path",
        (f"unicorn-2.1.4-cp37-abi3-{_2014}.whl",),
        """\
from unicorn import Uc, UC_ARCH_X86, UC_MODE_64
from unicorn.x86_const import UC_X86_REG_RAX
u = Uc(UC_ARCH_X86, UC_MODE_64)
u.mem_map(0x1000, 0x1000)
u.mem_write(0x1000, bytes.fromhex("48ffc048ffc0"))
u.reg_write(UC_X86_REG_RAX, 40)
u.emu_start(0x1000, 0x1006)
print(u.reg_read(UC_X86_REG_RAX))
""",
    ),
    Package(
        "libclang", "ctypes, literal",
        ("libclang-18.1.1-py2.py3-none-manylinux2010_x86_64.whl",),
        """\
from clang.cindex import Index
t = Index.create().parse("a.c", unsaved_files=[("a.c", "int f(void) { return 1; }")])
print([c.spelling for c in t.cursor.get_children()])
""",
    ),
    Package(
        "pycryptodome", "cffi or ctypes on its modules",
        (f"pycryptodome-4.4.0-cp39-abi3-{_2014_TOO}.whl",),
        """\
from Crypto.Cipher import AES, ChaCha20_Poly1305
from Crypto.Hash import SHA3_256
from Crypto.PublicKey import ECC
c = AES.new(b"k" * 16, AES.MODE_GCM, nonce=b"n" * 12)
print(c.encrypt_and_digest(b"x" * 20)[1].hex(), SHA3_256.new(b"x").hexdigest())
print(ChaCha20_Poly1305.new(key=b"k" * 32, nonce=b"n" * 12).encrypt(b"x").hex())
print(ECC.construct(curve="P-256", d=5).public_key().pointQ.x)
""",
    ),
    Package(
        "awkward-cpp", "ctypes, importlib.resources",
        (f"awkward_cpp-57-cp311-cp311-{_28}.whl", _NUMPY),
        """\
import ctypes, numpy
from awkward_cpp import cpu_kernels, libawkward
print(len(cpu_kernels.kernel), sorted(map(str, cpu_kernels.kernel))[0])
""",
    ),
    Package(
        "hdf5plugin", "dlopen in C, by HDF5",
        (f"hdf5plugin-7.1.0-py3-none-{_28}.whl", _H5PY, _NUMPY),
        """\
import h5py, hdf5plugin, numpy
f = h5py.File("x.h5", "w", driver="core", backing_store=False)
for n, c in enumerate((hdf5plugin.Blosc(), hdf5plugin.Zstd(), hdf5plugin.LZ4())):
    f.create_dataset(str(n), data=numpy.arange(1000), chunks=(100,), **c)
print([int(d[:].sum()) for d in f.values()], h5py.version.hdf5_version)
""",
        repaired=2,
    ),
    Package(
        "pysdl2-dll", "ctypes, by another package",
        ("pysdl2_dll-2.32.10-py2.py3-none-manylinux_2_28_x86_64.whl",
         "PySDL2-0.9.17-py3-none-any.whl"),
        """\
import os
os.environ["SDL_VIDEODRIVER"] = "dummy"
import sdl2, sdl2dll
from sdl2 import sdlimage, sdlmixer, sdlttf
print(sdl2.SDL_Init(sdl2.SDL_INIT_VIDEO), sdlttf.TTF_Init(), sdlimage.IMG_Init(2) & 2)
v = sdl2.SDL_version()
sdl2.SDL_GetVersion(v)
print(v.major, v.minor, v.patch, sdlmixer.Mix_Init(8) & 8)
""",
    ),
    Package(
        "openslide-bin", "ctypes, by another package",
        ("openslide_bin-4.0.1.2-py3-none-manylinux_2_28_x86_64.whl",
         "openslide_python-1.4.7-cp311-abi3-manylinux1_x86_64.manylinux_2_5_x86_64.whl"),
        """\
import ctypes, openslide_bin
lib = openslide_bin.libopenslide1 if hasattr(openslide_bin, "libopenslide1") else None
import glob, os
lib = ctypes.CDLL(glob.glob(os.path.join(os.path.dirname(openslide_bin.__file__), "*.so.*"))[0])
lib.openslide_get_version.restype = ctypes.c_char_p
print(lib.openslide_get_version(), lib.openslide_detect_vendor(b"/dev/null"))
""",
        repaired=2,
    ),
    Package(
        "pyvips-binary", "cffi, API mode",
        ("pyvips_binary-8.18.7-cp37-abi3-manylinux_2_28_x86_64.whl", _CFFI, _PYCPARSER),
        """\
from _libvips import ffi, lib
print(lib.vips_init(b"x"), [lib.vips_version(n) for n in range(3)])
print(lib.vips_type_find(b"VipsOperation", b"jpegload") > 0, ffi.string(lib.vips_error_buffer()))
""",
        repaired=2,
    ),
    Package(
        "pylibmagic", "ctypes, by another package",
        (f"pylibmagic-0.5.0-py3-none-{_2014}.whl",),
        """\
import ctypes, glob, os, pylibmagic
here = os.path.dirname(pylibmagic.__file__)
lib = ctypes.CDLL(sorted(glob.glob(here + "/**/libmagic*.so*", recursive=True))[0])
print(lib.magic_version(), bool(lib.magic_getpath))
""",
    ),
    Package(
        "treelite", "ctypes, made-up path",
        ("treelite-4.8.1-py3-none-manylinux_2_28_x86_64.whl", _NUMPY, _SCIPY,
         "packaging-26.4-py3-none-any.whl"),
        """\
import treelite
from treelite.model_builder import Metadata, ModelBuilder, PostProcessorFunc, TreeAnnotation
b = ModelBuilder(
    threshold_type="float32", leaf_output_type="float32",
    metadata=Metadata(num_feature=1, task_type="kRegressor", average_tree_output=False,
                      num_target=1, num_class=[1], leaf_vector_shape=(1, 1)),
    tree_annotation=TreeAnnotation(num_tree=1, target_id=[0], class_id=[0]),
    postprocessor=PostProcessorFunc(name="identity"), base_scores=[0.0])
b.start_tree(); b.start_node(0); b.leaf(3.0); b.end_node(); b.end_tree()
print(b.commit().num_tree)
""",
    ),
    Package(
        "numpy", "ctypes, names put together by threadpoolctl",
        (_NUMPY, _THREADPOOLCTL),
        """\
import numpy, threadpoolctl
(i,) = threadpoolctl.threadpool_info()
with threadpoolctl.threadpool_limits(1):
    (j,) = threadpoolctl.threadpool_info()
print(i["internal_api"], i["version"], j["num_threads"], float(numpy.linalg.det(numpy.eye(3) * 2)))
""",
    ),
    Package(
        "scipy", "ctypes, names put together by threadpoolctl",
        (_SCIPY, _NUMPY, _THREADPOOLCTL),
        """\
import numpy, scipy.linalg, scipy.optimize, scipy.special, threadpoolctl
with threadpoolctl.threadpool_limits(1):
    info = threadpoolctl.threadpool_info()
print(sorted((i["internal_api"], i["version"]) for i in info))
print(round(float(scipy.linalg.expm(numpy.eye(2))[0, 0]), 9), scipy.special.gamma(5))
print(scipy.optimize.root(numpy.cos, 1).success)
""",
        repaired=2,
    ),
    Package(
        "zstandard", "cffi, API mode",
        (f"zstandard-0.25.0-cp311-cp311-{_2014_TOO}.whl", _CFFI, _PYCPARSER),
        """\
import os
os.environ["PYTHON_ZSTANDARD_IMPORT_POLICY"] = "cffi"
import zstandard
print(zstandard.backend, zstandard.decompress(zstandard.compress(b"x" * 999)) == b"x" * 999)
""",
        repaired=2,
    ),
    Package(
        "cffi", "cffi, ABI mode",
        (_CFFI, _PYCPARSER),
        """\
import cffi
f = cffi.FFI()
f.cdef("int abs(int);")
print(f.dlopen(None).abs(-3), f.callback("int(int)", lambda n: n + 1)(2))
""",
    ),
    Package(
        "vosk", "cffi, ABI mode",
        ("vosk-0.3.45-py3-none-manylinux_2_12_x86_64.manylinux2010_x86_64.whl", _CFFI, _PYCPARSER),
        """\
import glob, os, cffi, importlib.util
here = os.path.dirname(importlib.util.find_spec("vosk").origin)
f = cffi.FFI()
f.cdef("void vosk_set_log_level(int); void *vosk_model_new(const char *);")
lib = f.dlopen(os.path.join(here, "libvosk.so"))
lib.vosk_set_log_level(-1)
print(lib.vosk_model_new(b"/nonexistent") == f.NULL)
""",
    ),
    Package(
        "mysql-connector-python", "dlopen in C, after ssl",
        ("mysql_connector_python-26.10.0-cp311-cp311-manylinux_2_28_x86_64.whl",),
        """\
import _mysql_connector, ssl
print(bool(ssl.OPENSSL_VERSION), hasattr(_mysql_connector, "MySQL"))
""",
    ),
    Package(
        "mysql-connector-python-plain", "dlopen in C, after ssl",
        ("mysql_connector_python-26.10.0-cp311-cp311-manylinux_2_28_x86_64.whl",),
        """\
import _mysql_connector, ssl
print(bool(ssl.OPENSSL_VERSION), hasattr(_mysql_connector, "MySQL"))
""",
        for_plain=True,
    ),
)  # fmt: skip


class Outcome(NamedTuple):
    """What a package's use prints before and after, and what the repair did."""

    before: str
    after: str
    repair: str

    @property
    def works_as_before(self) -> bool:
        """Whether the use succeeds before, and prints the same after."""
        return not self.before.startswith("<") and self.before == self.after


def try_package(package: Package, directory: Path) -> Outcome:
    """Repair a package in ``directory`` and use it; raises UnavailableError."""
    wheels = [download(name) for name in package.wheels]
    python = str(repair_hosts.prefix(package.python) / f"bin/python{package.python}")
    options = ["--all"]
    if package.links:
        options = ["--profile", _program(package.python, *package.links)]
    if package.for_plain:
        options = ["--profile", python]
    made, did = repaired(wheels[: package.repaired], directory / "repaired", options)
    said: list[str] = []
    for name, chosen in (("before", wheels), ("after", [*made, *wheels[package.repaired :]])):
        for wheel in chosen:
            unpack_wheel(wheel, directory / name)
        said.append(_used(python, package.script, directory / name / "lib/python/site-packages"))
    before, after = said
    return Outcome(before, after, did)


def _program(python: str, package: str, library: str) -> str:
    """A program that embeds CPython and links a library of Debian 12, which is only unpacked."""
    try:
        directory = root("bookworm", "amd64", (package,)) / "usr/lib/x86_64-linux-gnu"
    except RootError as e:
        raise UnavailableError(str(e)) from e
    rpath = f"-Wl,--disable-new-dtags,-rpath,{directory},-rpath-link,{directory}"
    return repair_hosts.embedding(python, str(directory / library), flags=(rpath,)).profile[0]


def _used(python: str, script: str, site: Path) -> str:
    program = site.parents[2] / "use.py"
    program.write_text(
        f"import sys\nsys.dont_write_bytecode = True\nsys.path[:0] = [{str(site)!r}]\n{script}"
    )
    try:
        done = subprocess.run(
            [python, "-S", str(program)],
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            cwd=site,
        )
    except subprocess.TimeoutExpired:
        return "<no end within 300 s>"
    if done.returncode:
        return f"<status {done.returncode}> " + (done.stderr.strip().splitlines() or [""])[-1]
    return " ".join(done.stdout.split())


def row(package: Package, outcome: Outcome) -> str:
    """The line of the table for one package; without what differs from machine to machine."""
    wheels = ", ".join(w.rsplit("-", 3)[0] for w in package.wheels[: package.repaired])
    how = f"for a host with {package.links[1]}" if package.links else "--all"
    how = "for plain Python" if package.for_plain else how
    result = "works as before" if outcome.works_as_before else "DIFFERENT"
    return f"| {wheels} | {package.opens} | {how} | {outcome.repair} | {result} |"


HEAD = """\
# Wheels whose code asks for names at run time, repaired

Made by `tests/tools/repair_by_name.py`. "Works as before": in a plain interpreter, a basic use
prints the same before and after.

| wheel | asks by | repaired | changes | after |
|---|---|---|---|---|
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table; the exit status tells whether all that could be tried work as before."""
    parser = programs.parser(__doc__)
    parser.add_argument("patterns", nargs="*", metavar="PATTERN", help="of packages; default: all")
    parser.add_argument("-o", dest="output", metavar="TABLE", help="write it instead")
    args = parser.parse_args(argv)
    good = True
    rows = []
    for package in PACKAGES:
        if args.patterns and not any(fnmatch.fnmatch(package.name, p) for p in args.patterns):
            continue
        try:
            with tempfile.TemporaryDirectory(prefix="collide-name-") as directory:
                outcome = try_package(package, Path(directory))
        except UnavailableError as e:
            print(f"{package.name}: cannot be tried: {e}", file=sys.stderr, flush=True)
            continue
        rows.append(row(package, outcome))
        print(rows[-1], file=sys.stderr, flush=True)
        if not outcome.works_as_before:
            good = False
            print(f"  before: {outcome.before}\n  after:  {outcome.after}", file=sys.stderr)
    table = HEAD + "\n".join(rows) + "\n"
    if args.output:
        Path(args.output).write_text(table)
    else:
        sys.stdout.write(table)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
