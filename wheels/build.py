"""Build the specimen wheels, the host and ``bindings.json``, what the loader does with them.

``python wheels/build.py [-o DIR]``, where collide is installed, with gcc on
x86-64 Linux with glibc. A wheel is a few lines of C, shows one rule, and is
wrong in no other way; its rule is its Summary. The host links release 1 of
libvault, every wheel carries release 2: whatever the host supplies, and
whatever it lacks, shows.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from observe import observe_all, to_json

from collide.wheels.archive import Member, write_wheel

HERE = Path(__file__).resolve().parent
SOURCES = HERE / "src"
TAG = "cp310-abi3-manylinux_2_17_x86_64"
EXTENSION = ".abi3.so"

# Whatever a distribution's gcc adds by default and makes files larger or references differ.
CODE = [
    "-std=gnu11", "-O2", "-fPIC", "-Wall", "-Wextra", "-fno-ident", "-fno-stack-protector",
    "-fno-asynchronous-unwind-tables", "-fcf-protection=none",
]  # fmt: skip
LINK = [
    "-s", "-Wl,--as-needed", "-Wl,--build-id=none", "-Wl,--hash-style=gnu",
    "-Wl,--disable-new-dtags", "-Wl,-z,noseparate-code", "-Wl,-z,max-page-size=4096",
]  # fmt: skip
SHARED = [*LINK, "-shared", "-nostartfiles"]


@dataclass(frozen=True, slots=True)
class Step:
    """One command: ``output``'s suffix tells which, a shared object goes into the wheel.

    ``inputs`` are outputs of earlier steps, or else sources.
    """

    output: str
    inputs: tuple[str, ...]
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Specimen:
    """A wheel that shows one rule of the loader."""

    name: str
    rule: str
    steps: tuple[Step, ...]

    @property
    def distribution(self) -> str:
        """The wheel's name, as files spell it."""
        return f"specimen_{self.name}"


def _static(
    name: str, rule: str, *, compile_flags: tuple[str, ...] = (), link_flags: tuple[str, ...] = ()
) -> Specimen:
    return Specimen(
        name,
        rule,
        (
            Step("libvault.o", ("libvault.c",), compile_flags),
            Step("libvault.a", ("libvault.o",)),
            Step(f"specimen_{name}{EXTENSION}", ("module.c", "libvault.a"), link_flags),
        ),
    )


def _bundled(
    name: str, rule: str, *, soname: str, link_flags: tuple[str, ...] = (), old_api: bool = False
) -> Specimen:
    directory = f"specimen_{name}.libs"
    library = Step(f"{directory}/{soname}", ("libvault.c",), (f"-Wl,-soname,{soname}", *link_flags))
    inputs = ("module.c", library.output)
    rpath = f"-Wl,-rpath,$ORIGIN/{directory}"
    modules = [Step(f"specimen_{name}{EXTENSION}", inputs, (rpath,))]
    if old_api:
        modules.append(Step(f"specimen_{name}_old{EXTENSION}", inputs, (rpath, "-DOLD_API")))
    return Specimen(name, rule, (library, *modules))


SPECIMENS = (
    _static(
        "static_exported",
        "A static library that the module exports: the host's copy takes every name that both"
        " have, and one run mixes the two.",
    ),
    _static(
        "static_hidden",
        "The same static library, hidden: the module's own copy is not looked up by name.",
        link_flags=("-Wl,--exclude-libs,ALL",),
    ),
    _bundled(
        "bundled_mangled",
        "A bundled library with a SONAME of its own is loaded beside the host's, but the host's"
        " still takes its names, even from the library itself.",
        soname="libvault-2f6e8b1c.so.1",
    ),
    _bundled(
        "bundled_unmangled",
        "A bundled library with the SONAME of one that the host has is never loaded: what is"
        " missing in the host's fails the import, the rest runs on the wrong release.",
        soname="libvault.so.1",
        old_api=True,
    ),
    _bundled(
        "versioned",
        "Symbol versions do not help against a host whose copy has none: an unversioned"
        " definition satisfies any version.",
        soname="libvault-7d40c95a.so.1",
        link_flags=(f"-Wl,--version-script={SOURCES / 'vault.map'}",),
    ),
    _static(
        "bsymbolic",
        "-Bsymbolic: the linker bound the module's functions and data to itself, although it"
        " exports them.",
        link_flags=("-Wl,-Bsymbolic",),
    ),
    _static(
        "bsymbolic_functions",
        "-Bsymbolic-functions: the functions are bound to the module itself, its data is still"
        " the host's.",
        link_flags=("-Wl,-Bsymbolic-functions",),
    ),
    _static(
        "protected",
        "Protected visibility: the module exports its copy and cannot lose it.",
        compile_flags=("-fvisibility=protected",),
        # Linkers before 2.40 leave protected data to an executable's copy relocation.
        link_flags=("-Wl,-z,noextern-protected-data",),
    ),
    Specimen(
        "unique",
        "STB_GNU_UNIQUE, as in C++ inline variables: one per process by name, so that the second"
        " module uses the first one's, though both are RTLD_LOCAL.",
        tuple(Step(f"specimen_unique_{x}{EXTENSION}", ("unique.c",)) for x in "ab"),
    ),
)

HOST = (
    Step("libvault.so.1", ("libvault.c",), ("-Wl,-soname,libvault.so.1",)),
    Step(
        "host",
        ("host.c", "libvault.so.1"),
        ("-fvisibility=hidden", "-rdynamic", "-pie", "-Wl,-rpath,$ORIGIN"),
    ),
)


def _command(step: Step, *, release: int, built: frozenset[str]) -> list[str]:
    inputs = [name if name in built else str(SOURCES / name) for name in step.inputs]
    define = [f"-DRELEASE={release}"]
    if step.output.endswith(".a"):
        return ["ar", "rcD", step.output, *inputs]
    if step.output.endswith(".o"):
        kind = ["-c"]
    elif ".so" in step.output:
        kind = SHARED
    else:
        # The host links its library for good, used or not, as uwsgi does with its own.
        kind = [*LINK, "-Wl,--no-as-needed"]
    if step.output.endswith(EXTENSION):
        define.append(f"-DNAME={step.output.removesuffix(EXTENSION)}")
    return ["gcc", *CODE, *define, *kind, *step.flags, "-o", step.output, *inputs]


def _run(steps: Iterable[Step], directory: Path, *, release: int) -> None:
    built: frozenset[str] = frozenset()
    for step in steps:
        (directory / step.output).parent.mkdir(exist_ok=True)
        subprocess.run(_command(step, release=release, built=built), cwd=directory, check=True)
        built |= {step.output}


def build_wheel(specimen: Specimen, directory: Path) -> None:
    """Compile one specimen and write its wheel."""
    with tempfile.TemporaryDirectory() as work:
        _run(specimen.steps, Path(work), release=2)
        members = [
            Member(step.output, (Path(work) / step.output).read_bytes(), 0o755)
            for step in specimen.steps
            if ".so" in step.output
        ]
    info = f"{specimen.distribution}-1.0.dist-info"
    metadata = (
        "Metadata-Version: 2.1\n"
        f"Name: {specimen.distribution.replace('_', '-')}\n"
        "Version: 1.0\n"
        f"Summary: {specimen.rule}\n"
        "License: MIT\n"
    )
    wheel = (
        "Wheel-Version: 1.0\n"
        "Generator: collide wheels/build.py\n"
        "Root-Is-Purelib: false\n"
        f"Tag: {TAG}\n"
    )
    members.append(Member(f"{info}/METADATA", metadata.encode()))
    members.append(Member(f"{info}/WHEEL", wheel.encode()))
    write_wheel(directory / f"{specimen.distribution}-1.0-{TAG}.whl", members)


def build_host(directory: Path) -> None:
    """Compile the host and its library."""
    with tempfile.TemporaryDirectory() as work:
        _run(HOST, Path(work), release=1)
        for step in HOST:
            file = directory / step.output
            file.unlink(missing_ok=True)
            file.write_bytes((Path(work) / step.output).read_bytes())
            file.chmod(0o755)


def main() -> None:
    """Build all of it."""
    parser = argparse.ArgumentParser(description="Build the specimen wheels and their host.")
    parser.add_argument("-o", "--output", type=Path, default=HERE, metavar="DIR")
    output: Path = parser.parse_args().output
    for name in ("dist", "host"):
        (output / name).mkdir(parents=True, exist_ok=True)
    for specimen in SPECIMENS:
        build_wheel(specimen, output / "dist")
    build_host(output / "host")
    (output / "bindings.json").write_text(to_json(observe_all(output)))


if __name__ == "__main__":
    main()
