"""What to write where: the changes that remove a cause, in the words of each build system.

A code names those that help (``Code.fixes``). Most are options of the compiler or the linker,
and the lines for each build system follow from them; others have lines of their own. The tests
build a wheel with the lines of each build system.
"""

from __future__ import annotations

from collide.support.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Snippet(NamedTuple):
    """Lines for one build system: the ``file`` they stand in, and their ``language``.

    ``text`` is one sentence without a file where there is nothing to write.
    """

    system: str
    file: str
    language: str
    text: str


class Fix(NamedTuple):
    """One kind of change.

    ``name`` is what ``collide explain`` takes, ``title`` what it is about, ``text`` what the
    change does and what it costs. ``compile`` and ``link`` are options, of which the lines for
    each system are made. ``cxx`` says that the sources are C++. ``libraries`` are linked.
    ``own`` has the lines of systems that need others, or a sentence; an empty text leaves a
    system out.
    """

    name: str
    title: str
    text: str
    compile: tuple[str, ...] = ()
    link: tuple[str, ...] = ()
    cxx: bool = False
    libraries: tuple[str, ...] = ()
    own: Mapping[str, str] = {}


SETUP_PY = "setuptools, setup.py"
SETUP_TOML = "setuptools 74.1 and later, pyproject.toml"
CMAKE = "CMake (scikit-build-core)"
MESON = "meson-python"
CARGO = "cargo (maturin, setuptools-rust)"
CIBUILDWHEEL = "cibuildwheel"
AUDITWHEEL = "auditwheel"
_PLACES = {
    SETUP_PY: ("setup.py", "python"),
    SETUP_TOML: ("pyproject.toml", "toml"),
    CMAKE: ("CMakeLists.txt", "cmake"),
    MESON: ("meson.build", "meson"),
    CARGO: ("build.rs", "rust"),
    CIBUILDWHEEL: ("pyproject.toml", "toml"),
    AUDITWHEEL: ("", ""),
}
"""The systems in their order, with the file that the lines stand in and its language."""

_HIDDEN_BY_RUSTC = (
    "Nothing: rustc exports the `#[no_mangle]` functions of a cdylib and nothing of the C and C++ "
    "that is linked into it statically."
)
_AFTER_AUDITWHEEL = """\
[tool.cibuildwheel.linux]
before-all = "pipx install 'collide-wheels[repair]'"
repair-wheel-command = [
    "auditwheel repair -w {dest_dir}/audited {wheel}",
    "collide repair -w {dest_dir} {dest_dir}/audited/*.whl",
]"""

FIXES = {
    fix.name: fix
    for fix in (
        Fix(
            "static-copy",
            "A library that is linked statically into a module",
            "The linker hides what comes from archives (.a), so that no host can answer for it. "
            "It costs nothing: the module's own init function stays visible.",
            link=("-Wl,--exclude-libs,ALL",),
            libraries=("vault",),
            own={
                CARGO: 'println!("cargo::rustc-link-lib=static=vault");',
                AUDITWHEEL: "Nothing: auditwheel does not touch what is linked statically.",
            },
        ),
        Fix(
            "own-sources",
            "Sources that are compiled into the module",
            "Only what is marked is exported then, and PyMODINIT_FUNC marks the init function. "
            "Mark a function that other packages link with "
            '__attribute__((visibility("default"))).',
            compile=("-fvisibility=hidden",),
            own={
                CARGO: _HIDDEN_BY_RUSTC,
                AUDITWHEEL: "Nothing: auditwheel changes no visibility. `collide repair` does.",
            },
        ),
        Fix(
            "grafted-library",
            "A shared library that auditwheel copies into the wheel",
            "auditwheel gives the library a name of its own, but not its symbols, which any host "
            "may answer for. Link the library statically and hide it; build it with position-"
            "independent code (CMake: -DBUILD_SHARED_LIBS=OFF -DCMAKE_POSITION_INDEPENDENT_CODE=ON,"
            " configure: --disable-shared --with-pic). Where several modules share its state they "
            "need one copy: let `collide repair` rename its symbols behind auditwheel.",
            link=("-l:libvault.a", "-Wl,--exclude-libs,ALL"),
            own={
                CMAKE: (
                    "target_link_libraries(demo PRIVATE -l:libvault.a)\n"
                    "target_link_options(demo PRIVATE LINKER:--exclude-libs,ALL)"
                ),
                MESON: (
                    "py.extension_module('demo', 'demo.c',\n"
                    "  dependencies: meson.get_compiler('c').find_library('vault', static: true),\n"
                    "  link_args: ['-Wl,--exclude-libs,ALL'], install: true)"
                ),
                CARGO: 'println!("cargo::rustc-link-lib=static=vault");',
                CIBUILDWHEEL: _AFTER_AUDITWHEEL,
                AUDITWHEEL: "auditwheel repair demo-*.whl && collide repair wheelhouse/demo-*.whl",
            },
        ),
        Fix(
            "plain-soname",
            "A bundled library under the name that it has everywhere",
            "The loader opens one library of each DT_SONAME: the first. A name that only this "
            "wheel has keeps others out, and keeps this library from serving others. It does "
            "nothing for the symbols: see grafted-library.",
            own={
                SETUP_PY: "Nothing: setuptools builds no shared libraries; see auditwheel.",
                CMAKE: "set_target_properties(vault PROPERTIES OUTPUT_NAME vault-demo)",
                MESON: (
                    "vault = shared_library('vault-demo', 'vault.c',\n"
                    "  install: true, install_dir: py.get_install_dir() / 'demo.libs')"
                ),
                CARGO: "Nothing: link the library statically, as static-copy has it.",
                CIBUILDWHEEL: "Nothing: its repair-wheel-command runs auditwheel unless changed.",
                AUDITWHEEL: "auditwheel repair demo-*.whl",
            },
        ),
        Fix(
            "cxx-templates",
            "Inline functions and templates of C++",
            "Each object that uses one emits it, and one copy serves the whole process unless it "
            "is hidden. The third option leaves out the binding that is unique in a process. Types "
            "that cross to another module as exceptions or in dynamic_cast must stay visible. What "
            "is left are templates of std, which are declared visible: a version script hides them "
            "(-Wl,--version-script with a file `{ global: PyInit_*; local: *; };`).",
            compile=("-fvisibility=hidden", "-fvisibility-inlines-hidden", "-fno-gnu-unique"),
            cxx=True,
            own={
                CARGO: _HIDDEN_BY_RUSTC,
                AUDITWHEEL: "Nothing: auditwheel changes no visibility. `collide repair` does.",
            },
        ),
        Fix(
            "compiler-runtime",
            "The compiler's own libraries, linked statically",
            "The static copies of libgcc and libstdc++ serve the module alone. Do it only if no "
            "other module gets C++ objects or exceptions from it: each copy has a state of its "
            "own. Without these options the module uses the system's, which every manylinux "
            "policy allows.",
            link=("-static-libgcc", "-static-libstdc++", "-Wl,--exclude-libs,ALL"),
            cxx=True,
            own={
                CARGO: "",
                AUDITWHEEL: "Nothing: auditwheel leaves the compiler's libraries to the system.",
            },
        ),
        Fix(
            "executable-stack",
            "An object that asks for an executable stack",
            "One file of assembly without a .note.GNU-stack section is enough, and the linker asks "
            "for the whole module. No code but that of nested functions of GNU C needs it.",
            link=("-Wl,-z,noexecstack",),
            own={
                CARGO: 'println!("cargo::rustc-cdylib-link-arg=-Wl,-z,noexecstack");',
                AUDITWHEEL: "Nothing: `patchelf --clear-execstack` mends a file that is built.",
            },
        ),
        Fix(
            "static-tls",
            "Thread-local variables that need room reserved at start-up",
            "The general model works in every module that dlopen brings, and costs a call for each "
            "access. An allocator that sets the other model by itself is told by configure "
            "(jemalloc: --disable-initial-exec-tls).",
            compile=("-ftls-model=global-dynamic",),
            own={
                CARGO: "",
                AUDITWHEEL: "Nothing: the model is in the code.",
            },
        ),
        Fix(
            "libpython",
            "A module that links libpython",
            "A module takes the C API from the interpreter that imports it. One that links "
            "libpython brings another interpreter, or fails where none is installed.",
            own={
                SETUP_PY: 'Extension("demo", ["demo.c"])  # without libraries=["python3.12"]',
                CMAKE: (
                    "find_package(Python REQUIRED COMPONENTS Interpreter Development.Module)\n"
                    "Python_add_library(demo MODULE WITH_SOABI demo.c)"
                ),
                MESON: (
                    "py = import('python').find_installation(pure: false)\n"
                    "py.extension_module('demo', 'demo.c', install: true)"
                ),
                CARGO: "Nothing with maturin; else the feature `extension-module` of pyo3.",
                AUDITWHEEL: "auditwheel repair --exclude 'libpython3*' demo-*.whl",
            },
        ),
        Fix(
            "older-system",
            "A wheel that is built on a newer system than it is to run on",
            "A wheel needs the symbol versions of the libraries that it was linked with. Build it "
            "where they are old.",
            own={
                CIBUILDWHEEL: (
                    '[tool.cibuildwheel.linux]\nmanylinux-x86_64-image = "manylinux2014"'
                ),
                AUDITWHEEL: "auditwheel repair --plat manylinux2014_x86_64 demo-*.whl",
            },
        ),
    )
}
"""All fixes by name."""


def snippets(fix: Fix) -> Iterator[Snippet]:
    """The lines for each build system, in the order of the page."""
    made = _made(fix) if fix.compile or fix.link else {}
    for system, (file, language) in _PLACES.items():
        text = fix.own.get(system, made.get(system, ""))
        if not text:
            continue
        if text.startswith("Nothing"):
            yield Snippet(system, "", "", text)
        elif system == AUDITWHEEL:
            yield Snippet(system, "", "sh", text)
        else:
            yield Snippet(system, file, language, text)


def _made(fix: Fix) -> dict[str, str]:
    """The lines that follow from the options."""
    source = "demo.cpp" if fix.cxx else "demo.c"
    return {
        SETUP_PY: _setup_py(fix, source),
        SETUP_TOML: _setup_toml(fix, source),
        CMAKE: _cmake(fix),
        MESON: _meson(fix, source),
        CIBUILDWHEEL: _cibuildwheel(fix),
    }


def _setup_py(fix: Fix, source: str) -> str:
    lines = ["Extension(", '    "demo",', f'    ["{source}"],']
    for name, values in _lists(fix).items():
        lines.append(f"    {name}=[{_quoted(values)}],")
    return "\n".join([*lines, ")"])


def _setup_toml(fix: Fix, source: str) -> str:
    lines = ["[[tool.setuptools.ext-modules]]", 'name = "demo"', f'sources = ["{source}"]']
    for name, values in _lists(fix).items():
        lines.append(f"{name.replace('_', '-')} = [{_quoted(values)}]")
    return "\n".join(lines)


def _lists(fix: Fix) -> dict[str, tuple[str, ...]]:
    lists = {
        "libraries": fix.libraries,
        "extra_compile_args": fix.compile,
        "extra_link_args": fix.link,
    }
    return {name: values for name, values in lists.items() if values}


def _cmake(fix: Fix) -> str:
    lines = []
    if fix.libraries:
        lines.append(f"target_link_libraries(demo PRIVATE {' '.join(fix.libraries)})")
    if fix.compile:
        lines.append(f"target_compile_options(demo PRIVATE {' '.join(fix.compile)})")
    if fix.link:
        options = " ".join(option.replace("-Wl,", "LINKER:") for option in fix.link)
        lines.append(f"target_link_options(demo PRIVATE {options})")
    return "\n".join(lines)


def _meson(fix: Fix, source: str) -> str:
    language = "cpp" if fix.cxx else "c"
    found = [f"meson.get_compiler('c').find_library('{library}')" for library in fix.libraries]
    lines = [f"py.extension_module('demo', '{source}',"]
    lines += [f"  dependencies: {library}," for library in found]
    if fix.compile:
        lines.append(f"  {language}_args: [{_single_quoted(fix.compile)}],")
    if fix.link:
        lines.append(f"  link_args: [{_single_quoted(fix.link)}],")
    return "\n".join([*lines, "  install: true)"])


def _cibuildwheel(fix: Fix) -> str:
    """The variables that setuptools, CMake and meson read."""
    lines = ["[tool.cibuildwheel.linux.environment]"]
    if fix.compile:
        names = ("CFLAGS", "CXXFLAGS") if fix.cxx else ("CFLAGS",)
        lines += [f'{name} = "{" ".join(fix.compile)}"' for name in names]
    if fix.link:
        lines.append(f'LDFLAGS = "{" ".join(fix.link)}"')
    return "\n".join(lines)


def _quoted(values: tuple[str, ...]) -> str:
    return ", ".join(f'"{value}"' for value in values)


def _single_quoted(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{value}'" for value in values)
