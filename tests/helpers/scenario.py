"""A few objects and a host, built in C, opened by the real loader and by collide.

:meth:`Scenario.compare` is the test of every loader rule: it asserts that
collide and the loader agree on start-up, on every scope and on every binding.
What is left for a test is to say what it expected.
"""

from __future__ import annotations

import os
import platform
import shutil
import struct
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
from elftools.elf.elffile import ELFFile

from collide.binding.binder import Binder
from collide.binding.binding import Binding, BoundModule
from collide.binding.session import Session
from collide.elf.hash_tables import sysv_hash
from collide.elf.machines import CLASS_PLT
from collide.elf.symbols import Definition
from collide.filesystems.root import Root
from collide.hosts.extract import extract
from collide.loader.host import Host
from collide.loader.link_map import LinkMap, LoadFailure, Opened
from collide.loader.messages import says
from collide.loader.opening import Mode
from collide.loader.process import Process
from collide.verify.ld_debug import Key, Log, Run, read_log, run, unsteered
from compiler import compile_c, compile_so
from conformance import loader_was_asked

# "+" before a name stands for RTLD_GLOBAL, "~" for RTLD_LAZY, "^" for RTLD_DEEPBIND, which musl
# has no name for.
OPEN = """
#include <dlfcn.h>
static void *opened_as(const char *name) {
  int mode = 0, binding = RTLD_NOW;
  for (;; name++)
    if (*name == '+') mode |= RTLD_GLOBAL;
    else if (*name == '~') binding = RTLD_LAZY;
    else if (*name == '^') mode |= 8;
    else return dlopen(name, mode | binding);
}
"""
# Opens its arguments and prints "ok" or the error of each.
HOST = """
#include <stdio.h>
int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    void *opened = opened_as(argv[i]);
    puts(opened ? "ok" : dlerror());
    fflush(stdout);
  }
  return 0;
}
"""
_UNKNOWN_TAG = 0x6000000D


def require_loader() -> None:
    """Skip the calling test where there is no loader of the kind collide is judged by."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        pytest.skip("the scenarios need x86-64 Linux")
    if platform.libc_ver()[0] != "glibc":
        pytest.skip("the scenarios need a glibc system")
    if shutil.which("gcc") is None:
        pytest.skip("the scenarios need gcc: apt install gcc libc6-dev")


@cache
def _require_log() -> None:
    """A known line must appear before silence means anything: glibc 2.36.0 prints none."""
    program = shutil.which("true") or "/bin/true"
    log = read_log(run([program], environment=os.environ))
    if not any(line.symbol == "__libc_start_main" for line in log.bindings):
        pytest.skip(f"the loader of {program} does not print its bindings (LD_DEBUG)")


def observe(
    command: Sequence[str | Path], env: Mapping[str, str] | None = None, *, bind_now: bool = True
) -> tuple[Run, Log]:
    """Run ``command``, with ``env`` added to the environment, and read its loader's log."""
    _require_log()
    loader_was_asked("glibc")
    environment = {**unsteered(os.environ), **(env or {})}
    ran = run(command, environment=environment, bind_now=bind_now)
    return ran, read_log(ran)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What both agreed on. Names are paths below the scenario's directory, or base names."""

    directory: Path
    ran: Run
    log: Log
    host: Host
    bound: tuple[BoundModule, ...]
    messages: tuple[str, ...]
    failures: tuple[LoadFailure, ...]

    def providers(self, name: str, symbol: str, version: str | None = None) -> set[str]:
        """Every object that serves a reference of object ``name``."""
        key = (str(self.directory / name), symbol, version)
        return {self.name(p) for p in self.log.providers().get(key, ())}

    def provider(self, name: str, symbol: str, version: str | None = None) -> str | None:
        """The one object that does; None when the loader printed nothing."""
        found = self.providers(name, symbol, version)
        assert len(found) <= 1, f"{symbol} of {name} has several providers: {found}"
        return next(iter(found), None)

    def bindings(self, name: str, symbol: str) -> list[Binding]:
        """What collide says of the references of object ``name`` to ``symbol``."""
        objects = (o for bound in self.bound for o in bound.relocated)
        return [
            b
            for o in objects
            if o.map.dso.path == str(self.directory / name)
            for b in o.bindings
            if b.reference.name == symbol
        ]

    def binding(self, name: str, symbol: str) -> Binding:
        """The only one of them."""
        (only,) = self.bindings(name, symbol)
        return only

    def definition(self, name: str, symbol: str) -> Definition | None:
        """The definition that serves it."""
        actual = self.binding(name, symbol).actual
        return actual.definition if actual else None

    def scope(self, name: str) -> list[str]:
        """The whole search order for the references of ``name``."""
        lists = self.log.scopes[str(self.directory / name)]
        return [self.name(path) for paths in lists for path in paths]

    def closure(self, name: str) -> list[str]:
        """The opened module ``name`` and what it brought or found, in search order."""
        return [self.name(path) for path in self.log.scopes[str(self.directory / name)][-1]]

    def name(self, path: str) -> str:
        """``path`` as a test writes it."""
        if path.startswith(f"{self.directory}/"):
            return path[len(str(self.directory)) + 1 :]
        return os.path.basename(path)  # noqa: PTH119


class Scenario:
    """Builds objects in one directory and compares what becomes of them."""

    compiler = "gcc"
    main = HOST

    def __init__(self, directory: Path) -> None:
        require_loader()
        self.directory = directory.resolve()

    def lib(
        self,
        name: str,
        source: str = "",
        *flags: str,
        soname: str | None = "",
        needed: Sequence[str] = (),
        runpath: str | None = "$ORIGIN",
        rpath: str | None = None,
        versions: str | None = None,
    ) -> Path:
        """A shared object; it links no libc.

        ``soname`` is by default its own name, None for no DT_SONAME. ``needed``
        are names in this directory. ``rpath`` replaces ``runpath``. ``versions``
        is a version script.
        """
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        flags = (*flags, *self._links(needed, runpath, rpath))
        if soname is not None:
            flags += (f"-Wl,-soname,{soname or path.name}",)
        if versions is not None:
            script = path.with_suffix(".map")
            script.write_text(versions)
            flags += (f"-Wl,--version-script={script}",)
        return compile_so(self.directory, name, source, "-O0", *flags)

    module = lib

    def exe(
        self,
        source: str,
        *flags: str,
        name: str = "host",
        needed: Sequence[str] = (),
        runpath: str | None = "$ORIGIN",
        rpath: str | None = None,
    ) -> Path:
        """An executable that links libc last; position independent unless ``-no-pie``."""
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        kind = ["-no-pie", "-fno-pic"] if "-no-pie" in flags else ["-pie", "-fPIE"]
        links = self._links(needed, runpath, rpath)
        command = [self.compiler, "-O0", *kind, "-x", "c", "-", "-x", "none", *flags, *links]
        compile_c([*command, "-Wl,--allow-shlib-undefined"], source, path)
        return path

    def host(
        self,
        source: str = "",
        *flags: str,
        name: str = "host",
        needed: Sequence[str] = (),
        runpath: str | None = "$ORIGIN",
        rpath: str | None = None,
    ) -> Path:
        """An executable that exports what ``source`` defines and opens its arguments."""
        return self.exe(
            OPEN + self.main + source,
            "-rdynamic",
            *flags,
            name=name,
            needed=needed,
            runpath=runpath,
            rpath=rpath,
        )

    def _links(
        self, needed: Sequence[str], runpath: str | None, rpath: str | None
    ) -> Iterator[str]:
        yield "-Wl,--no-as-needed"
        yield f"-Wl,-rpath-link,{self.directory}"
        for name in needed:
            path = self.directory / name
            yield f"-L{path.parent}"
            yield f"-l:{path.name}"
        if rpath is not None:
            yield f"-Wl,--disable-new-dtags,-rpath,{rpath}"
        elif runpath is not None:
            yield f"-Wl,--enable-new-dtags,-rpath,{runpath}"

    def compare(
        self,
        host: Path,
        *opens: str | Path,
        preload: Sequence[str | Path] = (),
        library_path: Sequence[str | Path] = (),
    ) -> Outcome:
        """Open modules one after the other in one process, and predict the same.

        ``opens`` are files of this directory or, where there is none, names as
        they are; ``+``, ``~`` and ``^`` before them ask for flags (:data:`OPEN`). Asserts that
        the two agree; a failing dlopen must fail in both.
        """
        names = [self._open_name(str(o)) for o in opens]
        preloaded, searched = [str(p) for p in preload], [str(p) for p in library_path]
        env = {"LD_PRELOAD": ":".join(preloaded), "LD_LIBRARY_PATH": ":".join(searched)}
        # LD_BIND_NOW, which shows every binding of start-up, voids RTLD_LAZY.
        bind_now = not any(mode_and_name(name)[0].lazy for name in names)
        steering = {k: v for k, v in env.items() if v}
        ran, log = observe([host, *names], env=steering, bind_now=bind_now)
        root = Root()
        extracted = extract(str(host), root, preload=preloaded, library_path=searched)
        comparison = Comparison(log, extracted.process.copy(root))
        comparison.start_up(bind_now=bind_now)
        messages = ran.stdout.splitlines()
        # An assertion of the loader ends the process without an answer.
        for name, message in zip_longest(names, messages, fillvalue=ran.stderr):
            comparison.open(name, message)
        comparison.bindings()
        return Outcome(
            self.directory,
            ran,
            log,
            extracted,
            tuple(comparison.bound),
            tuple(messages),
            tuple(comparison.failures),
        )

    def _open_name(self, name: str) -> str:
        _, bare = mode_and_name(name)
        path = self.directory / bare
        return name.removesuffix(bare) + (str(path) if path.exists() else bare)


def mode_and_name(opened: str) -> tuple[Mode, str]:
    """The flags and the name of what a scenario opens; see :data:`OPEN`."""
    name = opened.lstrip("+~^")
    flags = opened.removesuffix(name)
    return Mode("+" in flags, "~" in flags, "^" in flags), name


class Comparison:
    """One process predicted step by step beside its log."""

    def __init__(self, log: Log, process: Process) -> None:
        self.log = log
        self.bound: list[BoundModule] = []
        self.failures: list[LoadFailure] = []
        self._binder = Binder(process)
        self._session = Session(process, process.files, self._binder)
        self._tried: set[str] = set()
        self._possible: dict[Key, set[str]] = {}
        self._certain: dict[Key, set[str]] = {}

    @property
    def process(self) -> Process:
        return self._session.process

    def start_up(self, *, bind_now: bool = True) -> None:
        executable, scope = self.process.executable, self.process.global_scope
        assert self.log.scopes[executable.dso.path] == (_paths(scope),)
        everything = Opened(executable, scope, scope, scope, (), Mode(lazy=not bind_now))
        self._predict(self._binder.bind(everything, self._session.unique), certain=True)

    def open(self, name: str, message: str) -> None:
        (mode, path), again = mode_and_name(name), name in self._tried
        bound, failures = self._session.open(path, mode)
        self._tried.add(name)
        if bound is not None:
            self._predict(bound, certain=not failures)
        assert bool(failures) == (message != "ok"), f"{message}; predicted: {failures}"
        self.failures += failures
        if failures:
            assert says(message, failures[0]), f"{message}; predicted: {failures[0]}"
        elif bound is not None and bound.opened.root in bound.opened.new and not again:
            # The log keeps the scopes an object is first printed with.
            root = bound.opened.root
            own = (root.dso.path,) if root.elf.symbolic and not mode.deepbind else ()
            assert sum(self.log.scopes[root.dso.path], ()) == own + _paths(bound.opened.scope)

    def _predict(self, bound: BoundModule, *, certain: bool) -> None:
        self.bound.append(bound)
        for brought in bound.relocated:
            for group in brought.groups:
                # Read before the bindings, which it may save the making of.
                shadowed, undefined = group.shadowed, group.undefined
                assert shadowed == tuple(b for b in group.bindings if b.shadowed)
                assert undefined == tuple(
                    b for b in group.bindings if b.actual is None and not b.reference.weak
                )
            for b in brought.bindings:
                if b.provider is not None:
                    key = (brought.map.dso.path, b.reference.name, b.reference.version)
                    self._possible.setdefault(key, set()).add(b.provider.path)
                    by_call = brought.lazy and b.reference.lookup_class == CLASS_PLT
                    if certain and not by_call:
                        self._certain.setdefault(key, set()).add(b.provider.path)

    def bindings(self) -> None:
        """Every line is predicted; every prediction is a line."""
        printed = self.log.providers(relocations=True)
        wrong = [
            f"{key}: bound to {sorted(found)}, predicted {sorted(self._possible.get(key, ()))}"
            for key, found in printed.items()
            if not found <= self._possible.get(key, set())
        ]
        wrong += [
            f"{key}: predicted {sorted(found)}, bound to {sorted(printed.get(key, ()))}"
            for key, found in self._certain.items()
            if not found <= printed.get(key, frozenset())
        ]
        assert not wrong, "\n".join(wrong)


def _paths(maps: Sequence[LinkMap]) -> tuple[str, ...]:
    return tuple(m.dso.path for m in maps)


# -- what no compiler emits -----------------------------------------------------------------------


def patch_symbol(
    path: Path,
    name: str,
    *,
    binding: int | None = None,
    kind: int | None = None,
    visibility: int | None = None,
    section: int | None = None,
    value: int | None = None,
) -> None:
    """Change fields of the dynamic symbols called ``name``."""
    with _Patch(path) as patch:
        table = patch.elf.get_section_by_name(".dynsym")
        for index in patch.indexes(name):
            at = table["sh_offset"] + 24 * index
            fields = list(patch.read("<IBBHQQ", at))
            info = fields[1]
            fields[1] = (binding if binding is not None else info >> 4) << 4
            fields[1] |= kind if kind is not None else info & 15
            changes = {2: visibility, 3: section, 4: value}
            for position, new in changes.items():
                if new is not None:
                    fields[position] = new
            patch.write("<IBBHQQ", at, *fields)


def patch_versym(path: Path, name: str, *values: int) -> None:
    """Give the dynamic symbols called ``name`` these DT_VERSYM entries, in table order."""
    with _Patch(path) as patch:
        table = patch.elf.get_section_by_name(".gnu.version")
        for index, value in zip(patch.indexes(name), values, strict=True):
            patch.write("<H", table["sh_offset"] + 2 * index, value)


def patch_need(
    path: Path, version: str, *, exact: bool = False, weak: bool = False, to: str | None = None
) -> None:
    """Set bit 15 of ``vna_other``, or VER_FLG_WEAK, where ``path`` needs ``version``.

    ``to`` is a version in the same string table that it needs instead.
    """
    with _Patch(path) as patch:
        section = patch.elf.get_section_by_name(".gnu.version_r")
        strings = patch.elf.get_section(section["sh_link"])
        at = section["sh_offset"]
        while True:
            _, count, _, aux, following = patch.read("<HHIII", at)
            position = at + aux
            for _ in range(count):
                name_hash, flags, other, name, step = patch.read("<IHHII", position)
                if strings.get_string(name) == version:
                    if to is not None:
                        name_hash = sysv_hash(to.encode())
                        name = strings.data().index(f"\0{to}\0".encode()) + 1
                    fields = name_hash, flags | (2 * weak), other | (0x8000 * exact), name, step
                    patch.write("<IHHII", position, *fields)
                position += step
            if not following:
                return
            at += following


def dynamic_value(path: Path, tag: int) -> int:
    """The value of one entry of the dynamic section."""
    with _Patch(path) as patch:
        at = patch.elf.get_section_by_name(".dynamic")["sh_offset"]
        while patch.read("<Q", at)[0] != tag:
            at += 16
        return patch.read("<Q", at + 8)[0]


def patch_dynamic(path: Path, tag: int, value: int) -> None:
    """Set one entry of the dynamic section, using up one of the spare ones at its end."""
    with _Patch(path) as patch:
        at = patch.elf.get_section_by_name(".dynamic")["sh_offset"]
        while patch.read("<QQ", at)[0] not in (0, tag):
            at += 16
        assert patch.read("<QQ", at)[0] == tag or patch.read("<QQ", at + 16)[0] == 0
        patch.write("<QQ", at, tag, value)


def drop_dynamic(path: Path, *tags: int) -> None:
    """Make the loader overlook entries of the dynamic section."""
    with _Patch(path) as patch:
        at = patch.elf.get_section_by_name(".dynamic")["sh_offset"]
        while (tag := patch.read("<Q", at)[0]) != 0:
            if tag in tags:
                patch.write("<Q", at, _UNKNOWN_TAG)
            at += 16


def empty_bloom_filter(path: Path) -> None:
    """Make every export unreachable: no name passes DT_GNU_HASH's filter."""
    with _Patch(path) as patch:
        at = patch.elf.get_section_by_name(".gnu.hash")["sh_offset"]
        words = patch.read("<4I", at)[2]
        patch.write(f"<{words}Q", at + 16, *[0] * words)


def shorten_segment(path: Path) -> None:
    """End the segment that holds the names of symbols in the midst of them."""
    with _Patch(path) as patch:
        names = patch.elf.get_section_by_name(".dynstr")
        end = names["sh_offset"] + names["sh_size"] // 2
        at = patch.elf["e_phoff"]
        for number, segment in enumerate(patch.elf.iter_segments()):
            size = end - segment["p_offset"]
            if segment["p_type"] == "PT_LOAD" and 0 < size < segment["p_filesz"]:
                patch.write("<QQ", at + number * patch.elf["e_phentsize"] + 32, size, size)
                return
    raise AssertionError("no segment holds .dynstr")


def patch_segment(path: Path, of: int, *, last: bool = False, **fields: int) -> None:
    """Change fields of the first program header of type ``of``, or of the last one."""
    names = ("kind", "flags", "offset", "address", "physical", "size", "memory", "align")
    with _Patch(path) as patch:
        first, each = patch.elf["e_phoff"], patch.elf["e_phentsize"]
        places = [first + each * number for number in range(patch.elf["e_phnum"])]
        at = [p for p in places if patch.read("<I", p)[0] == of][-1 if last else 0]
        header = dict(zip(names, patch.read("<IIQQQQQQ", at), strict=True))
        assert fields.keys() <= header.keys()
        patch.write("<IIQQQQQQ", at, *(header | fields).values())


def patch_bytes(path: Path, at: int, *values: int) -> None:
    """Replace bytes of a file."""
    data = bytearray(path.read_bytes())
    data[at : at + len(values)] = bytes(values)
    path.write_bytes(data)


def patch_header(path: Path, *, bits: int | None = None, machine: int | None = None) -> None:
    """Change the class or the machine that the ELF header names."""
    data = bytearray(path.read_bytes())
    if bits is not None:
        data[4] = bits // 32
    if machine is not None:
        struct.pack_into("<H", data, 18, machine)
    path.write_bytes(data)


class _Patch:
    """An ELF file open for change."""

    def __init__(self, path: Path) -> None:
        self._stream = path.open("r+b")
        self.elf: Any = ELFFile(self._stream)

    def __enter__(self) -> _Patch:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def indexes(self, name: str) -> list[int]:
        """Where ``name`` stands in the dynamic symbol table; it must."""
        symbols = self.elf.get_section_by_name(".dynsym").iter_symbols()
        found = [i for i, symbol in enumerate(symbols) if symbol.name == name]
        assert found, f"no dynamic symbol {name}"
        return found

    def read(self, layout: str, at: int) -> tuple[int, ...]:
        self._stream.seek(at)
        return struct.unpack(layout, self._stream.read(struct.calcsize(layout)))

    def write(self, layout: str, at: int, *fields: int) -> None:
        self._stream.seek(at)
        self._stream.write(struct.pack(layout, *fields))
