"""Slots that the real loaders have filled, read from real processes."""

from __future__ import annotations

import os
import shutil
import subprocess
from io import BytesIO
from pathlib import Path

import pytest
from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile

from collide.elf.machines import CLASS_DATA, CLASS_PLT
from collide.loader.opening import NOW
from collide.processes.maps import parse_maps
from collide.support.errors import FormatError, InputError
from collide.verify.got_slots import (
    SlotBinding,
    SlotTable,
    bindings,
    of_process,
    read_slots,
    request,
    slot_tables,
    words_of,
)
from collide.verify.script import Answer, read_answer, script
from relinked import require
from scenario import Scenario, observe, require_loader

# Opens its arguments, says so, and waits until its input ends.
HOST = """
#include <dlfcn.h>
#include <stdio.h>
int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++)
    puts(dlopen(argv[i], RTLD_NOW | RTLD_LOCAL) ? "ok" : dlerror());
  fflush(stdout);
  return getchar() != EOF;
}
"""


def run_and_read(host: Path, *modules: Path) -> list[SlotBinding]:
    """The slots of ``modules`` and of the host, after the host has opened them."""
    with subprocess.Popen(
        [host, *modules], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in modules] == ["ok\n"] * len(modules)
        found = of_process(process.pid, [str(host), *map(str, modules)])
        process.stdin.close()
    return list(found)


def providers(found: list[SlotBinding], of: Path) -> dict[tuple[str, int], str | None]:
    return {
        (b.symbol, b.lookup_class): b.provider and Path(b.provider).name
        for b in found
        if b.object == str(of)
    }


@pytest.fixture
def s(tmp_path: Path) -> Scenario:
    return Scenario(tmp_path)


def test_slots_lead_to_what_the_loader_bound(s: Scenario) -> None:
    host = s.exe(HOST + "int taken(void) { return 1; }", "-rdynamic")
    s.lib("libdep.so", "int dep(void) { return 1; } int taken(void) { return 2; }")
    module = s.module(
        "m.so",
        "int dep(void); int taken(void); extern int gone __attribute__((weak));"
        "int own(void) { return 3; }"
        "int *m(void) { return own() + dep() + taken() ? &gone : 0; }",
        needed=["libdep.so"],
    )
    found = run_and_read(host, module)

    assert providers(found, module) == {
        ("own", CLASS_PLT): "m.so",
        ("dep", CLASS_PLT): "libdep.so",
        ("taken", CLASS_PLT): "host",
        ("gone", CLASS_DATA): None,
    }
    assert [b.symbol for b in found if b.null and b.object == str(module)] == ["gone"]


def test_slots_of_copied_data_lead_to_the_copy(s: Scenario) -> None:
    library = s.lib("libdata.so", "int data = 1; int *own(void) { return &data; }")
    host = s.exe(
        HOST.replace("main(", "main_(") + "extern int data; int *own(void);"
        "int main(int c, char **v) { return &data == own() ? main_(c, v) : 1; }",
        "-no-pie",
        needed=["libdata.so"],
    )
    module = s.module("m.so", "extern int data; int *m(void) { return &data; }")
    found = run_and_read(host, module)
    with subprocess.Popen([host], stdin=subprocess.PIPE) as process:
        process.communicate()

    assert providers(found, module) == {("data", CLASS_DATA): "host"}
    assert "data" not in {b.symbol for b in found if b.object == str(host)}
    assert "data" in {slot.symbol for slot in read_slots(library.read_bytes()).slots}


def test_words_count_only_where_they_are_read_only(s: Scenario) -> None:
    source = "int f(void); int (*%s)(void) = f;"
    module = s.module("m.so", source % "const fixed" + source % "variable", "-Wl,-z,relro,-z,now")
    (slot,) = read_slots(module.read_bytes()).slots
    assert (slot.symbol, slot.lookup_class) == ("f", CLASS_DATA)


def test_addend_is_taken_off(s: Scenario) -> None:
    host = s.exe(HOST + "char text[5000];", "-rdynamic")
    # The word leads beyond the symbol, whose own value is told.
    module = s.module("m.so", "extern char text[]; char *const beyond = text + 4000000;")
    found = run_and_read(host, module)
    (word,) = (b for b in found if b.object == str(module))
    assert word.provider == str(host)
    host_slots = slot_tables([str(host)])
    assert 0 < word.value < host_slots[str(host)].end


def test_versions_are_those_of_the_references(s: Scenario) -> None:
    s.lib("libv.so", "int f(void) { return 1; }", versions="V1 { f; };")
    module = s.module("m.so", "int f(void); int m(void) { return f(); }", needed=["libv.so"])
    (slot,) = read_slots(module.read_bytes()).slots
    assert (slot.symbol, slot.version, slot.addend) == ("f", "V1", 0)


def test_indirect_function_leads_to_what_its_resolver_chose(s: Scenario) -> None:
    """A known limit: the definition is in libi.so, the address is in libreal.so."""
    s.lib("libreal.so", "int real(void) { return 1; }")
    s.lib(
        "libi.so",
        "int real(void); static void *pick(void) { return real; }"
        'int f(void) __attribute__((ifunc("pick")));',
        needed=["libreal.so"],
    )
    host = s.exe(HOST)
    module = s.module("m.so", "int f(void); int m(void) { return f(); }", needed=["libi.so"])
    assert providers(run_and_read(host, module), module) == {("f", CLASS_PLT): "libreal.so"}


def test_absolute_symbol_has_no_provider(s: Scenario) -> None:
    s.lib("liba.so", '__asm__(".globl f; .set f, 8");')
    host = s.exe(HOST)
    module = s.module("m.so", "extern int f; int *m(void) { return &f; }", needed=["liba.so"])
    found = [b for b in run_and_read(host, module) if b.object == str(module)]
    assert [(b.symbol, b.provider, b.value, b.null) for b in found] == [("f", None, 8, False)]


def test_slots_agree_with_the_log_of_glibc(s: Scenario) -> None:
    """The two oracles judge each other: every slot of a real library is in the log."""
    host = s.exe(HOST)
    module = s.module("m.so", "int m(void) { return 1; }", "-Wl,--no-as-needed", "-lm", "-lstdc++")
    with subprocess.Popen([host, module], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        found = of_process(process.pid)
        process.stdin.close()
    log = observe([host, module])[1].providers()
    library = next(b.object for b in found if "libstdc++" in b.object)
    slots = [b for b in found if b.object == library and b.provider]
    assert len(slots) > 1000
    wrong = [
        b
        for b in slots
        if b.provider not in log[b.object, b.symbol, b.version]
        # libc's and libm's indirect functions stay in their library, or in the vDSO.
        and b.provider != "[vdso]"
    ]
    assert wrong == []


# -- inside a Python ------------------------------------------------------------------------------


def ask(
    tmp_path: Path, python: str, path: str, tables: dict[str, SlotTable], **environment: str
) -> Answer:
    program, answer = tmp_path / "open.py", tmp_path / "answer"
    program.write_text(script([(path, NOW)], str(answer), request(tables)))
    environment = {**os.environ, "LD_BIND_NOW": "1", **environment}
    subprocess.run([python, "-S", program], check=True, env=environment)
    told = read_answer(answer)
    assert told is not None
    return told


each_python = pytest.mark.parametrize("python", ["python3", "pypy3"])


@each_python
def test_script_reads_what_it_is_asked_for(s: Scenario, python: str) -> None:
    require_loader()
    require(python, f"apt install {python}")
    s.lib("libdep.so", "int dep(void) { return 1; }")
    module = s.module(
        "m é.so", "int dep(void); int m(void) { return dep(); }", needed=["libdep.so"]
    )
    first = ask(s.directory, python, str(module), {})
    assert first.last.error is None
    assert str(module) not in first.last.before
    tables = slot_tables(r.path for r in parse_maps(first.last.maps))
    second = ask(s.directory, python, str(module), tables)
    maps = parse_maps(second.last.maps)
    found = list(
        bindings(maps, slot_tables((r.path for r in maps), tables), words_of(second.memory))
    )

    assert providers(found, module) == {("dep", CLASS_PLT): "libdep.so"}


@each_python
@pytest.mark.parametrize("locale", ["POSIX", "C.UTF-8"])
def test_script_opens_any_name_in_any_locale(s: Scenario, python: str, locale: str) -> None:
    require(python, f"apt install {python}")
    module = s.module("m é.so", "int m(void) { return 1; }")
    kept = {"PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    assert ask(s.directory, python, str(module), {}, LC_ALL=locale, **kept).last.error is None


def test_script_tells_why_an_object_does_not_open(s: Scenario) -> None:
    module = s.module("m.so", "int gone(void); int m(void) { return gone(); }")
    told = ask(s.directory, "python3", str(module), {})
    assert told.last.error is not None
    assert "undefined symbol: gone" in told.last.error


def test_answer_that_never_came(tmp_path: Path) -> None:
    assert read_answer(tmp_path / "answer") is None
    (tmp_path / "answer").write_text("2:45")
    assert read_answer(tmp_path / "answer") is None
    (tmp_path / "answer").write_text("2:454:erro")
    assert read_answer(tmp_path / "answer") is None


# -- musl -----------------------------------------------------------------------------------------


def test_slots_of_musl(tmp_path: Path) -> None:
    if shutil.which("musl-gcc") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("musl-gcc is not installed")
        pytest.skip("musl-gcc is not installed: apt install musl-tools")
    directory = tmp_path.resolve()

    def build(name: str, source: str, *flags: str) -> Path:
        command = ["musl-gcc", "-x", "c", "-", "-x", "none", "-fPIC", *flags]
        command += ["-o", str(directory / name)]
        subprocess.run(command, input=source, text=True, check=True)
        return directory / name

    host = build("host", HOST + "int taken(void) { return 1; }", "-rdynamic")
    library = build(
        "libdep.so", "int dep(void) { return 1; } int taken(void) { return 2; }", "-shared"
    )
    module = build(
        "m.so",
        "int puts(char *); int dep(void); int taken(void);"
        'int m(void) { return puts("") + dep() + taken(); }',
        "-shared",
        str(library),
    )
    found = run_and_read(host, module)
    bound = providers(found, module)
    assert bound["dep", CLASS_PLT] == "libdep.so"
    assert bound["taken", CLASS_PLT] == "host"
    assert (bound["puts", CLASS_PLT] or "").startswith(("libc", "ld-musl"))


# -- what cannot be read --------------------------------------------------------------------------


def test_process_that_is_gone() -> None:
    with pytest.raises(InputError, match="process 4194999: No such file"):
        of_process(4194999)


def test_memory_that_was_not_read() -> None:
    words = words_of([(4096, bytes(range(8)))])
    assert words(4096, 8) == bytes(range(8))
    for address, size in ((4088, 8), (4097, 8), (8192, 1)):
        with pytest.raises(InputError, match="was not read at"):
            words(address, size)


def test_truncated_object(s: Scenario) -> None:
    data = s.module("m.so", "int f(void); int m(void) { return f(); }").read_bytes()
    with pytest.raises(FormatError):
        read_slots(data[: len(data) // 8])


def test_paths_of_mappings() -> None:
    text = (
        "1000-2000 r-xp 00001000 fe:01 12   /a b/c\\012d (deleted)\n"
        "2000-3000 rw-p 00000000 00:00 0 \n"
        "7000-8000 r-xp 00000000 00:00 0                          [vdso]\n"
    )
    assert [(r.path, r.executable, r.offset) for r in parse_maps(text)] == [
        ("/a b/c\nd (deleted)", True, 0x1000),
        ("[vdso]", True, 0),
    ]


def test_table_that_is_no_whole_number_of_words(s: Scenario) -> None:
    path = s.module("m.so", "int f(void); int m(void) { return f(); }", "-Wl,-z,lazy")
    data = bytearray(path.read_bytes())
    dynamic = ELFFile(BytesIO(data)).get_section_by_name(".dynamic")
    assert isinstance(dynamic, DynamicSection)
    numbers = [tag.entry.d_tag for tag in dynamic.iter_tags()]
    data[dynamic["sh_offset"] + 16 * numbers.index("DT_PLTRELSZ") + 8] -= 1
    with pytest.raises(FormatError, match="no whole number of words"):
        read_slots(bytes(data))
