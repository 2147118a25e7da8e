"""The lines for each build system, in a wheel that is built with them: none of its causes is left.

One wheel has a module for each kind of cause, and so has the one that is built without the lines,
in which each cause is found: what is tested is the difference.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.version import Version

from collide import api
from collide.findings.fixes import (
    CARGO,
    CIBUILDWHEEL,
    CMAKE,
    FIXES,
    MESON,
    SETUP_PY,
    SETUP_TOML,
    Fix,
    snippets,
)
from collide.loader.host import Host
from scenario import require_loader

pytestmark = pytest.mark.corpus


class Cause(NamedTuple):
    """What a module is made of, and the options with which it shows its cause."""

    source: str
    compile: tuple[str, ...] = ()
    link: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()


_INIT = """
__attribute__((visibility("default"))) void *PyInit_demo(void) {{ {body}; return 0; }}
"""
_USES_VAULT = "int vault_new(int); int vault_seal(int);" + _INIT.format(
    body="static volatile int n; n = vault_seal(vault_new(n))"
)
_VAULT = "int vault_new(int a) { return a; } int vault_seal(int a) { return vault_new(a); }"
# Of the vault that the host has, one function is missing: two copies of it are in use then.
_HOST_VAULT = "int vault_new(int a) { return a + 1; }"
_TEMPLATE = """
template <class T> struct Box {
  static T shared;
  __attribute__((noinline)) static T grow(T by) { return shared += by; }
};
template <class T> T Box<T>::shared;
int use() { return Box<int>::grow(1); }
"""
_CXX_INIT = 'extern "C"' + _INIT
CAUSES = {
    "static-copy": Cause(_USES_VAULT, libraries=("vault",)),
    "own-sources": Cause(_VAULT + _USES_VAULT),
    "grafted-library": Cause(_USES_VAULT, libraries=("vault",)),
    "plain-soname": Cause(
        "int vault_only_here(void);" + _INIT.format(body="vault_only_here()"), libraries=("vault",)
    ),
    "cxx-templates": Cause(_TEMPLATE + _CXX_INIT.format(body="static volatile int n; n = use()")),
    "compiler-runtime": Cause(
        "#include <chrono>\n"
        + _CXX_INIT.format(body="static auto n = std::chrono::system_clock::now()"),
        link=("-static-libgcc", "-static-libstdc++"),
    ),
    "executable-stack": Cause(
        "int outer(int a) { int inner(int b) { return a + b; }"
        " int (*volatile p)(int) = inner; return p(1); }" + _INIT.format(body="outer(1)")
    ),
    "static-tls": Cause(
        "static __thread char room[8192];" + _INIT.format(body="room[(long) &room % 8192]++"),
        compile=("-ftls-model=initial-exec",),
    ),
    "libpython": Cause(_INIT.format(body="")),
}
_PROJECT = '[project]\nname = "demo"\nversion = "1.0"\n'


def module_of(fix: Fix) -> str:
    return fix.name.replace("-", "_")


def named(text: str, fix: Fix) -> str:
    """The lines for the module and the library of one cause."""
    module = module_of(fix)
    return re.sub(r"\bdemo\b", module, re.sub(r"vault(?!_)", f"{module}_vault", text))


def lines_for(system: str) -> Iterator[tuple[str, str]]:
    for fix in FIXES.values():
        for one in snippets(fix):
            if one.system == system and one.file and fix.name in CAUSES:
                yield fix.name, named(one.text, fix)


# -- projects -------------------------------------------------------------------------------------


def write_sources(project: Path) -> None:
    project.mkdir()
    for name, cause in CAUSES.items():
        fix = FIXES[name]
        source = re.sub(r"PyInit_demo", f"PyInit_{module_of(fix)}", cause.source)
        end = "cpp" if fix.cxx else "c"
        (project / f"{module_of(fix)}.{end}").write_text(source)
    (project / "plain_soname_vault.c").write_text("int vault_only_here(void) { return 1; }")


def setuptools_project(project: Path, extensions: Iterable[str]) -> None:
    write_sources(project)
    (project / "pyproject.toml").write_text(
        f'[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
        f"{_PROJECT}"
    )
    modules = ",\n".join(extensions)
    (project / "setup.py").write_text(
        "from setuptools import Extension, setup\n"
        f"setup(packages=[], py_modules=[], ext_modules=[{modules}\n])\n"
    )


def setuptools_toml_project(project: Path, tables: Iterable[str]) -> None:
    write_sources(project)
    (project / "pyproject.toml").write_text(
        f'[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
        f"{_PROJECT}[tool.setuptools]\npackages = []\n" + "\n".join(tables)
    )


def cmake_project(project: Path, lines: Iterable[tuple[str, str]]) -> None:
    write_sources(project)
    (project / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["scikit-build-core"]\n'
        f'build-backend = "scikit_build_core.build"\n{_PROJECT}'
    )
    text = [
        "cmake_minimum_required(VERSION 3.26)",
        "project(demo C CXX)",
        "find_package(Python REQUIRED COMPONENTS Interpreter Development.Module)",
        "set(CMAKE_INSTALL_RPATH $ORIGIN)",
        "add_library(plain_soname_vault SHARED plain_soname_vault.c)",
        "install(TARGETS plain_soname_vault DESTINATION .)",
    ]
    for name, snippet in lines:
        fix, module = FIXES[name], module_of(FIXES[name])
        source = f"{module}.{'cpp' if fix.cxx else 'c'}"
        own = f"Python_add_library({module} MODULE WITH_SOABI {source})"
        own = "" if "Python_add_library" in snippet else own
        text += [own, snippet, f"install(TARGETS {module} DESTINATION .)"]
    text.append("target_link_libraries(plain_soname PRIVATE plain_soname_vault)")
    (project / "CMakeLists.txt").write_text("\n".join(text))


def meson_project(project: Path, lines: Iterable[tuple[str, str]]) -> None:
    write_sources(project)
    (project / "pyproject.toml").write_text(
        f'[build-system]\nrequires = ["meson-python"]\nbuild-backend = "mesonpy"\n{_PROJECT}'
    )
    text = [
        "project('demo', 'c', 'cpp')",
        "py = import('python').find_installation(pure: false)",
        *(snippet for _, snippet in lines),
        "py.extension_module('plain_soname', 'plain_soname.c', link_with: plain_soname_vault,",
        "  install_rpath: '$ORIGIN/plain_soname.libs', install: true)",
    ]
    (project / "meson.build").write_text("\n".join(text))


def build(project: Path, vaults: Path, **environment: str) -> Path:
    """The wheel of a project, built by what is installed here."""
    out = project / "dist"
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    own = {"PATH": path, "LIBRARY_PATH": str(vaults), **environment}
    command = ["pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(out), "."]
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=project, env={**os.environ, **own}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    (wheel,) = out.glob("*.whl")
    return wheel


# -- hosts and libraries --------------------------------------------------------------------------


def gcc(*words: str | Path) -> None:
    subprocess.run(["g++" if "c++" in words else "gcc", *map(str, words)], check=True)


@pytest.fixture(scope="module")
def vaults(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The libraries, static and shared, each in its own copy."""
    require_loader()
    directory = tmp_path_factory.mktemp("vaults")
    (directory / "vault.c").write_text(_VAULT)
    gcc("-O1", "-fPIC", "-c", directory / "vault.c", "-o", directory / "vault.o")
    for name in ("static_copy_vault", "grafted_library_vault"):
        archive = directory / f"lib{name}.a"
        subprocess.run(["ar", "rcs", archive, directory / "vault.o"], check=True)
    shared = directory / "libgrafted_library_vault.so"
    gcc("-shared", directory / "vault.o", "-o", shared, f"-Wl,-soname,{shared.name}")
    return directory


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> list[Host]:
    """A host that has all these names, and one with a loader that allows no executable stack."""
    require_loader()
    directory = tmp_path_factory.mktemp("host")
    for name, text in {
        "libvault.so": _HOST_VAULT + "int vault_unused;",
        "libplain_soname_vault.so": "int vault_other(void) { return 1; }",
    }.items():
        (directory / "library.c").write_text(text)
        soname = f"-Wl,-soname,{name}"
        gcc("-shared", "-fPIC", directory / "library.c", "-o", directory / name, soname)
    (directory / "box.cpp").write_text(_TEMPLATE)
    gcc("-x", "c++", "-shared", "-fPIC", directory / "box.cpp", "-o", directory / "libbox.so")
    (directory / "host.c").write_text("int main(void) { return 0; }")
    libraries = ["-lvault", "-lplain_soname_vault", "-lbox", "-lstdc++"]
    gcc(
        directory / "host.c", "-o", directory / "host", f"-L{directory}", "-Wl,--no-as-needed",
        *libraries, f"-Wl,-rpath,{directory}",
    )  # fmt: skip
    return [*api.load_hosts(str(directory / "host")), *api.load_hosts("debian-13-python3")]


def found(wheel: Path, hosts: list[Host]) -> dict[str, set[str]]:
    """The codes of each kind of cause that one of its fixes is for."""
    report = api.check(wheel, hosts)
    assert not report.problems
    findings = [f for judged in report.judged for f in judged.findings]
    findings += [f for exposed in report.exposed for f in exposed.findings]
    return {
        name: {
            f.code.id
            for f in findings
            if name in f.code.fixes and f.victim.startswith(f"{module_of(FIXES[name])}.")
        }
        for name in CAUSES
    }


def require(*packages: str) -> None:
    for package in packages:
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed: tox run -e corpus has it")


# -- tests ----------------------------------------------------------------------------------------


def test_without_the_lines_each_cause_is_found(
    tmp_path: Path, vaults: Path, hosts: list[Host]
) -> None:
    require("scikit_build_core", "cmake", "ninja")

    def lines() -> Iterator[tuple[str, str]]:
        for name, cause in CAUSES.items():
            fix = FIXES[name]
            module = module_of(fix)
            libraries = [f"{module}_vault" for _ in cause.libraries]
            options = {
                "link_libraries": libraries,
                "compile_options": cause.compile,
                "link_options": cause.link,
            }
            yield (
                name,
                "\n".join(
                    f"target_{kind}({module} PRIVATE {' '.join(values)})"
                    for kind, values in options.items()
                ),
            )

    cmake_project(tmp_path / "project", lines())
    by_cause = found(build(tmp_path / "project", vaults), hosts)
    # What links libpython cannot be built where Python is static, as it often is.
    assert {name for name, codes in by_cause.items() if not codes} == {"libpython"}


def bad_flags() -> dict[str, str]:
    """Flags of a cause that the environment brings, before those of a build file."""
    return {"CFLAGS": " ".join(flag for cause in CAUSES.values() for flag in cause.compile)}


def test_setup_py(tmp_path: Path, vaults: Path, hosts: list[Host]) -> None:
    require("setuptools")
    kinds = dict(lines_for(SETUP_PY))
    setuptools_project(tmp_path / "project", [text.partition("  #")[0] for text in kinds.values()])
    assert_clean(build(tmp_path / "project", vaults, **bad_flags()), hosts, kinds)


def test_pyproject_of_setuptools(tmp_path: Path, vaults: Path, hosts: list[Host]) -> None:
    require("setuptools")
    if Version(version("setuptools")) < Version("74.1"):
        pytest.skip("setuptools has ext-modules from 74.1 on: tox run -e corpus has it")
    kinds = dict(lines_for(SETUP_TOML))
    setuptools_toml_project(tmp_path / "project", kinds.values())
    assert_clean(build(tmp_path / "project", vaults, **bad_flags()), hosts, kinds)


def test_cmake(tmp_path: Path, vaults: Path, hosts: list[Host]) -> None:
    require("scikit_build_core", "cmake", "ninja")
    kinds = dict(lines_for(CMAKE))
    cmake_project(tmp_path / "project", kinds.items())
    assert_clean(build(tmp_path / "project", vaults, **bad_flags()), hosts, kinds)


def test_meson(tmp_path: Path, vaults: Path, hosts: list[Host]) -> None:
    require("mesonpy", "ninja")
    kinds = dict(lines_for(MESON))
    meson_project(tmp_path / "project", kinds.items())
    assert_clean(build(tmp_path / "project", vaults, **bad_flags()), hosts, kinds)


def test_environment_of_cibuildwheel(tmp_path: Path, vaults: Path, hosts: list[Host]) -> None:
    """One environment is that of a whole project, so that there is a wheel for each."""
    require("setuptools")
    tomllib = pytest.importorskip("tomllib", reason="tomllib comes with Python 3.11")
    for name, text in lines_for(CIBUILDWHEEL):
        fix = FIXES[name]
        environment = tomllib.loads(text)["tool"]["cibuildwheel"]["linux"].get("environment")
        if environment is None or name not in ("static-copy", "cxx-templates"):
            continue
        module = module_of(fix)
        source = f"{module}.{'cpp' if fix.cxx else 'c'}"
        libraries = [f"{module}_vault" for _ in fix.libraries]
        project = tmp_path / module
        setuptools_project(
            project, [f"Extension({module!r}, [{source!r}], libraries={libraries!r})"]
        )
        assert_clean(build(project, vaults, **environment), hosts, {name: text})


def assert_clean(wheel: Path, hosts: list[Host], kinds: Mapping[str, str]) -> None:
    by_cause = found(wheel, hosts)
    assert kinds
    assert {name: by_cause[name] for name in kinds} == {name: set() for name in kinds}


def test_cargo(tmp_path: Path, vaults: Path, hosts: list[Host]) -> None:
    """A cdylib without a crate from the registry: what hides the library is rustc itself."""
    if shutil.which("cargo") is None:
        pytest.skip("no cargo: apt install cargo")
    module = tmp_path / "demo"
    (module / "src").mkdir(parents=True)
    (module / "Cargo.toml").write_text(
        '[package]\nname = "static_copy"\nversion = "0.1.0"\nedition = "2021"\n'
        '[lib]\ncrate-type = ["cdylib"]\n'
    )
    statements = [text for name, text in lines_for(CARGO) if name != "grafted-library"]
    search = f'println!("cargo::rustc-link-search=native={vaults}");'
    (module / "build.rs").write_text("fn main() {" + "\n".join([search, *statements]) + "}")
    (module / "src/lib.rs").write_text(
        'extern "C" { fn vault_new(a: i32) -> i32; }\n'
        '#[no_mangle] pub extern "C" fn PyInit_static_copy() -> *mut u8 {\n'
        "  unsafe { vault_new(1) as usize as *mut u8 }\n}\n"
    )
    command = ["cargo", "build", "--quiet", "--release", "--offline"]
    subprocess.run(command, cwd=module, check=True)
    built = module / "target/release/libstatic_copy.so"
    loaded = tmp_path / "static_copy.so"
    shutil.copy(built, loaded)
    report = api.check(loaded, hosts)
    codes = {f.code for judged in report.judged for f in judged.findings}
    assert not {code.id for code in codes if "static-copy" in code.fixes}
