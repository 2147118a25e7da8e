"""What the loader maps and then refuses, judged by the loaders of several releases."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from chrooted import ChrootScenario, agrees
from collide.binding.binder import Binder
from collide.binding.session import Session
from collide.filesystems.root import Root
from collide.hosts.extract import extract
from collide.hosts.profile_file.read import load
from collide.hosts.profile_file.write import record, to_bytes
from collide.loader.messages import says
from collide.support.errors import InputError
from conformance import loader_was_asked
from scenario import Scenario, patch_bytes, patch_segment

NOT_GRANTED = "cannot enable executable stack as shared object requires: Invalid argument"
STACK = pytest.mark.rule("6.4", "executable stack")
LATER = pytest.mark.parametrize("suite", ["trixie", "sid"])
LOAD = pytest.mark.rule("6.4", "load command")
HEADER = pytest.mark.rule("6.4", "ELF header")
PT_NULL, PT_LOAD, PT_DYNAMIC, PT_GNU_STACK = 0, 1, 2, 0x6474E551


@pytest.fixture
def s(tmp_path: Path) -> Scenario:
    """A scenario judged by this machine's loader."""
    return Scenario(tmp_path)


def without_stack_header(path: Path) -> None:
    """Make the loader overlook PT_GNU_STACK."""
    patch_segment(path, PT_GNU_STACK, kind=PT_NULL)


@STACK
@LATER
def test_executable_stack_is_refused_since_2_41(tmp_path: Path, suite: str) -> None:
    s = ChrootScenario(tmp_path, suite)
    s.module("plain.so")
    s.module("asks.so", "", "-Wl,-z,execstack")
    without_stack_header(s.module("none.so"))
    s.module("needs.so", "", needed=["asks.so"])
    said = s.agree(s.host(), "plain.so", "asks.so", "none.so", "needs.so")
    assert said == [
        "ok",
        f"/asks.so: {NOT_GRANTED}",
        f"/none.so: {NOT_GRANTED}",
        f"asks.so: {NOT_GRANTED}",
    ]


@STACK
@LATER
@pytest.mark.parametrize("by", ["executable", "library", "preload", "missing header"])
def test_executable_stack_that_start_up_has_granted(tmp_path: Path, suite: str, by: str) -> None:
    s = ChrootScenario(tmp_path, suite)
    s.module("asks.so", "", "-Wl,-z,execstack")
    s.lib("early.so", "", "-Wl,-z,execstack")
    flags = ["-Wl,-z,execstack"] if by == "executable" else []
    needed = ["early.so"] if by == "library" else []
    # Without /proc the executable has no $ORIGIN.
    host = s.host("", *flags, needed=needed, runpath="/")
    if by == "missing header":
        without_stack_header(host)
    assert s.agree(host, "asks.so", preload=["early.so"] if by == "preload" else ()) == ["ok"]


@STACK
def test_executable_stack_before_2_41(tmp_path: Path) -> None:
    s = ChrootScenario(tmp_path, "bookworm")
    s.module("asks.so", "", "-Wl,-z,execstack")
    without_stack_header(s.module("none.so"))
    assert s.agree(s.host(), "asks.so", "none.so") == ["ok", "ok"]


def misaligned(s: Scenario) -> None:
    """Modules whose last PT_LOAD is not as linkers make it."""
    changes = {
        "plain.so": (0, 0x1000),
        "offset.so": (8, 0x1000),
        "align.so": (0, 0x1800),
        "small.so": (0, 8),
        "none.so": (0, 0),
        "large.so": (0, 0x200000),
        "large_offset.so": (8, 0x200000),
    }
    for name, (offset, align) in changes.items():
        path = s.module(name, "int counter = 7; int get(void) { return counter; }")
        with path.open("rb") as stream:
            last = list(ELFFile(stream).iter_segments("PT_LOAD"))[-1]
        patch_segment(path, PT_LOAD, last=True, offset=last["p_offset"] + offset, align=align)
    s.module("needs.so", "", needed=["offset.so"])


NAMES = ("plain", "offset", "align", "small", "none", "large", "large_offset", "needs")
NOT_PAGE = "ELF load command address/offset not page-aligned"


@LOAD
@pytest.mark.parametrize("suite", ["bookworm", "trixie", "sid"])
def test_load_commands_are_congruent_modulo_the_page(tmp_path: Path, suite: str) -> None:
    s = ChrootScenario(tmp_path, suite)
    misaligned(s)
    said = s.agree(s.host(), *(f"{name}.so" for name in NAMES))
    assert dict(zip(NAMES, said, strict=True)) == dict.fromkeys(NAMES, "ok") | {
        "offset": f"/offset.so: {NOT_PAGE}",
        "large_offset": f"/large_offset.so: {NOT_PAGE}",
        "needs": f"offset.so: {NOT_PAGE}",
    }


@LOAD
def test_load_commands_are_congruent_modulo_their_alignment_up_to_2_34(tmp_path: Path) -> None:
    s = ChrootScenario(tmp_path, "bullseye")
    misaligned(s)
    said = s.agree(s.host(), *(f"{name}.so" for name in NAMES))
    alignment = "ELF load command alignment not page-aligned"
    apart = "ELF load command address/offset not properly aligned"
    assert dict(zip(NAMES, said, strict=True)) == {
        "plain": "ok",
        "offset": f"/offset.so: {apart}",
        "align": f"/align.so: {alignment}",
        "small": f"/small.so: {alignment}",
        "none": f"/none.so: {apart}",
        "large": f"/large.so: {apart}",
        "large_offset": f"/large_offset.so: {apart}",
        "needs": f"offset.so: {apart}",
    }


@LOAD
def test_misaligned_object_is_not_bound(s: Scenario) -> None:
    misaligned(s)
    outcome = s.compare(s.host("int get(void) { return 0; }"), "offset.so", "needs.so")
    assert [(f.kind, f.name, f.detail) for f in outcome.failures] == [
        ("load-command", "offset.so", NOT_PAGE)
    ] * 2
    bound = [o.dso.path for b in outcome.bound for o in b.objects]
    assert str(s.directory / "offset.so") not in bound


@LOAD
def test_misaligned_library_fails_start_up(tmp_path: Path) -> None:
    s = Scenario(tmp_path)
    misaligned(s)
    host = s.host(needed=["offset.so"])
    loader_was_asked("glibc")
    ran = subprocess.run([host], capture_output=True, text=True, check=False)
    (failure,) = extract(str(host), Root()).failures
    assert agrees(ran.stderr, [failure]), ran.stderr
    with pytest.raises(InputError, match=f"offset.so: cannot be opened: .*{NOT_PAGE}"):
        extract(str(s.host()), Root(), preload=[str(s.directory / "offset.so")])


# -- the level of the CPU -------------------------------------------------------------------------

CPU = pytest.mark.rule("6.4", "CPU level")
TOO_LOW = "CPU ISA level is lower than required"
NO_LEVEL = 0x20  # a bit that stands for no level, which no CPU has
PT_NOTE, PT_GNU_PROPERTY = 4, 0x6474E553


def demanding(s: Scenario, name: str, level: int | None = NO_LEVEL) -> Path:
    """A module whose property note demands a level; None for x86-64-v4."""
    path = s.module(name, "", "-Wl,-z,x86-64-v4")
    if level is not None:
        patch_bytes(path, note_of(path) + 24, level)
    return path


def note_of(path: Path) -> int:
    """Where its property note is in the file: 16 bytes of header, the type, the size, the value."""
    with path.open("rb") as stream:
        (segment,) = ELFFile(stream).iter_segments("PT_GNU_PROPERTY")
    return int(segment["p_offset"])


def odd_notes(s: Scenario) -> list[str]:
    """Modules whose note is not as linkers make it; of some the loader reads nothing."""
    patch_segment(demanding(s, "only_note.so"), PT_GNU_PROPERTY, kind=PT_NULL)
    patch_segment(demanding(s, "no_note.so"), PT_NOTE, kind=PT_NULL)
    neither = demanding(s, "neither.so")
    patch_segment(neither, PT_GNU_PROPERTY, kind=PT_NULL)
    patch_segment(neither, PT_NOTE, kind=PT_NULL)
    four = demanding(s, "aligned_to_four.so")
    patch_segment(four, PT_GNU_PROPERTY, align=4)
    patch_segment(four, PT_NOTE, align=4)
    for name, at, value in (
        ("name.so", 12, ord("X")),
        ("kind.so", 8, 1),
        ("property.so", 16, 1),
        ("size.so", 20, 8),
        ("odd_size.so", 4, 12),
        ("none.so", 24, 0),
        ("baseline.so", 24, 1),
    ):
        path = demanding(s, name)
        patch_bytes(path, note_of(path) + at, value)
    return [path.name for path in s.directory.glob("*.so")]


@CPU
@pytest.mark.parametrize("suite", ["bullseye", "bookworm", "sid"])
def test_level_of_the_cpu_since_2_33(tmp_path: Path, suite: str) -> None:
    s = ChrootScenario(tmp_path, suite)
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/cpuinfo").write_text(Path("/proc/cpuinfo").read_text())
    demanding(s, "asks.so")
    demanding(s, "fourth.so", None)
    s.module("needs.so", "", needed=["asks.so"])
    said = s.agree(s.host(), "asks.so", "needs.so", "fourth.so")
    refused = [f"/asks.so: {TOO_LOW}", f"/asks.so: {TOO_LOW}"]
    assert said[:2] == (["ok", "ok"] if suite == "bullseye" else refused)


@CPU
@pytest.mark.parametrize("suite", ["bookworm", "sid"])
def test_property_notes_that_the_loader_reads(tmp_path: Path, suite: str) -> None:
    s = ChrootScenario(tmp_path, suite)
    names = odd_notes(s)
    said = dict(zip(names, s.agree(s.host(), *names), strict=True))
    refused = {name for name, message in said.items() if message != "ok"}
    assert "only_note.so" in refused
    assert ("no_note.so" in refused) == (suite == "sid")
    assert not {"neither.so", "aligned_to_four.so", "none.so", "baseline.so"} & refused


@CPU
def test_object_that_was_there_is_not_asked_again(s: Scenario) -> None:
    s.lib("libasks.so", "int f(void) { return 1; }")
    s.module("m.so", "int f(void); int g(void) { return f(); }", needed=["libasks.so"])
    demanding(s, "other.so")
    s.module("both.so", "int h(void) { return 1; }", needed=["libasks.so", "other.so"])
    outcome = s.compare(s.host(), "m.so", "both.so", "m.so")
    assert [f.kind for f in outcome.failures] == ["cpu-level"]
    assert outcome.messages == ("ok", f"{s.directory}/other.so: {TOO_LOW}", "ok")


# -- the ELF header -------------------------------------------------------------------------------

HEADERS = {
    "ident": (6, 2, "ELF file version ident does not match current one"),
    "sysv": (8, 1, "ELF file ABI version invalid"),
    "padding": (12, 1, "nonzero padding in e_ident"),
    "version": (20, 2, "ELF file version does not match current one"),
    "phentsize": (54, 64, "ELF file's phentsize not the expected size"),
    "few": (54, 32, "ELF file's phentsize not the expected size"),
}


@HEADER
@pytest.mark.parametrize("suite", ["bullseye", "bookworm", "sid"])
def test_headers_that_the_loader_does_not_take(tmp_path: Path, suite: str) -> None:
    s = ChrootScenario(tmp_path, suite)
    for name, (at, value, _) in HEADERS.items():
        patch_bytes(s.module(f"{name}.so"), at, value)
    for version in (0, 3, 4):
        patch_bytes(s.module(f"gnu{version}.so"), 7, 3, version)
    s.module("needs.so", "", needed=["version.so"])
    opened = [*HEADERS, "needs", "gnu0", "gnu3", "gnu4"]
    assert s.agree(s.host(), *(f"{name}.so" for name in opened)) == [
        *(f"/{name}.so: {why}" for name, (*_, why) in HEADERS.items()),
        f"/version.so: {HEADERS['version'][2]}",
        "ok",
        "ok",
        "/gnu4.so: ELF file ABI version invalid",
    ]


@HEADER
def test_objects_without_what_is_mapped(tmp_path: Path) -> None:
    s = ChrootScenario(tmp_path, "bookworm")
    bare = s.module("bare.so")
    with bare.open("rb") as stream:
        count = sum(1 for _ in ELFFile(stream).iter_segments("PT_LOAD"))
    for _ in range(count):
        patch_segment(bare, PT_LOAD, kind=PT_NULL)
    patch_segment(s.module("static.so"), PT_DYNAMIC, kind=PT_NULL)
    patch_segment(s.module("debug.so"), PT_DYNAMIC, size=0)
    patch_bytes(s.module("object.so"), 16, 1)
    patch_bytes(s.module("executable.so"), 16, 2)
    s.exe("int main(void) { return 0; }", name="pie.so")
    opened = ("bare", "static", "debug", "object", "executable", "pie")
    assert s.agree(s.host(), *(f"{name}.so" for name in opened)) == [
        "/bare.so: object file has no loadable segments",
        "/static.so: object file has no dynamic section",
        "/debug.so: object file has no dynamic section",
        "/object.so: only ET_DYN and ET_EXEC can be loaded",
        "/executable.so: cannot dynamically load executable",
        "/pie.so: cannot dynamically load position-independent executable",
    ]


# -- static TLS -----------------------------------------------------------------------------------

STATIC_TLS = pytest.mark.rule("6.4", "static TLS")
DESCRIPTORS = pytest.mark.rule("6.4", "TLS descriptors")
NO_ROOM = "cannot allocate memory in static TLS block"
IE = 'tls_model("initial-exec")'
DATA = f"extern __thread char room[] __attribute__(({IE})); char *g(void) {{ return room; }}"


def initial_exec(size: int, align: int = 1) -> str:
    """A module that reaches so many bytes of its own with the initial-exec model."""
    attributes = f"__attribute__(({IE}, aligned({align})))"
    return f"static __thread char room[{size}] {attributes}; char *g(void) {{ return room; }}"


def room_of(host: str, root: Root) -> int:
    """The bytes that collide says start-up leaves."""
    state = extract(host, root).process.static_tls
    assert state is not None
    return state.room


@STATIC_TLS
@pytest.mark.parametrize("align", [1, 16, 32, 64])
@pytest.mark.parametrize("own", [0, 1, 100, 3000])
def test_largest_static_block_that_fits(s: Scenario, own: int, align: int) -> None:
    host = s.host(f"__thread char own[{own}]; char *o(void) {{ return own; }}" if own else "")
    room = room_of(str(host), Root())
    largest = room // align * align
    s.module("more.so", initial_exec(largest + align, align))
    s.module("most.so", initial_exec(largest, align))
    assert s.compare(host, "more.so").messages == (f"{s.directory}/more.so: {NO_ROOM}",)
    assert s.compare(host, "most.so").messages == ("ok",)


@STATIC_TLS
def test_order_decides_who_gets_the_room(s: Scenario) -> None:
    for name in ("one.so", "two.so"):
        s.module(name, initial_exec(1000))
    s.module("small.so", initial_exec(500))
    host = s.host()
    refused = f"{s.directory}/two.so: {NO_ROOM}"
    assert s.compare(host, "one.so", "two.so", "small.so").messages == ("ok", refused, "ok")
    assert s.compare(host, "two.so", "small.so").messages == ("ok", "ok")


@STATIC_TLS
@pytest.mark.parametrize("first", [1, 7, 24, 65])
@pytest.mark.parametrize("align", [1, 8, 64])
def test_room_after_a_first_block(s: Scenario, first: int, align: int) -> None:
    host = s.host()
    s.module("first.so", initial_exec(first, align))
    root = Root()
    process = extract(str(host), root).process
    session = Session(process, root, Binder(process))
    session.open(str(s.directory / "first.so"))
    assert session.process.static_tls is not None
    left = session.process.static_tls.room
    s.module("more.so", initial_exec(left + 1))
    s.module("most.so", initial_exec(left))
    said = s.compare(host, "first.so", "more.so", "most.so").messages
    assert said == ("ok", f"{s.directory}/more.so: {NO_ROOM}", "ok")


@STATIC_TLS
def test_block_of_the_object_that_defines_the_data(s: Scenario) -> None:
    s.lib("libdata.so", "__thread char room[2000];")
    s.module("mod.so", DATA, needed=["libdata.so"])
    host = s.host()
    outcome = s.compare(host, "mod.so", "libdata.so")
    assert outcome.messages == (f"{s.directory}/libdata.so: {NO_ROOM}", "ok")
    (failure,) = outcome.failures
    assert (failure.object, failure.name) == (f"{s.directory}/mod.so", "libdata.so")
    assert s.compare(host, "mod.so", preload=[s.directory / "libdata.so"]).messages == ("ok",)


@STATIC_TLS
def test_dynamic_models_take_no_room(s: Scenario) -> None:
    s.module("mod.so", initial_exec(5000).replace("initial-exec", "global-dynamic"))
    assert s.compare(s.host(), "mod.so").messages == ("ok",)


def descriptor(s: Scenario, name: str, size: int) -> None:
    """A module that reaches so many bytes of its own by a TLS descriptor."""
    source = initial_exec(size).replace("initial-exec", "global-dynamic")
    s.module(name, source, "-mtls-dialect=gnu2")


@DESCRIPTORS
@pytest.mark.parametrize("sizes", [(500,), (513,), (300, 200), (300, 300), (512, 1), (7, 9)])
def test_descriptors_take_what_is_free_for_them(s: Scenario, sizes: tuple[int, ...]) -> None:
    """Of the surplus 512 bytes are theirs; a block that would need more stays out of it."""
    host = s.host()
    names = [f"d{number}.so" for number in range(len(sizes))]
    for name, size in zip(names, sizes, strict=True):
        descriptor(s, name, size)
    root = Root()
    process = extract(str(host), root).process
    session = Session(process, root, Binder(process))
    for name in names:
        session.open(str(s.directory / name))
    assert session.process.static_tls is not None
    left = session.process.static_tls.room
    taken = room_of(str(host), root) - left
    assert taken == {(500,): 500, (513,): 0, (300, 200): 500, (300, 300): 300,
                     (512, 1): 512, (7, 9): 16}[sizes]  # fmt: skip
    s.module("more.so", initial_exec(left + 1))
    s.module("most.so", initial_exec(left))
    said = s.compare(host, *names, "more.so", "most.so").messages
    assert said[-2:] == (f"{s.directory}/more.so: {NO_ROOM}", "ok")


@DESCRIPTORS
@pytest.mark.parametrize("suite", ["bullseye", "sid"])
@pytest.mark.parametrize(("size", "taken"), [(512, 512), (1000, 0)])
def test_bound_of_descriptors_in_other_releases(
    tmp_path: Path, suite: str, size: int, taken: int
) -> None:
    s = ChrootScenario(tmp_path, suite)
    host = s.host()
    descriptor(s, "d.so", size)
    left = room_of(f"/{host.name}", Root(str(s.directory))) - taken
    s.module("more.so", initial_exec(left + 1))
    s.module("most.so", initial_exec(left))
    assert s.agree(host, "d.so", "more.so", "most.so") == ["ok", f"/more.so: {NO_ROOM}", "ok"]


@STATIC_TLS
def test_block_with_too_large_an_alignment(s: Scenario) -> None:
    s.module("mod.so", initial_exec(128, 128))
    assert s.compare(s.host(), "mod.so").messages == (f"{s.directory}/mod.so: {NO_ROOM}",)
    host = s.host("__thread char own __attribute__((aligned(128))); char *o(void) { return &own; }")
    assert s.compare(host, "mod.so").messages == ("ok",)


@STATIC_TLS
@LATER
def test_static_tls_with_the_area_for_rseq(tmp_path: Path, suite: str) -> None:
    s = ChrootScenario(tmp_path, suite)
    host = s.host("__thread char own[40]; char *o(void) { return own; }")
    room = room_of(f"/{host.name}", Root(str(s.directory)))
    s.module("more.so", initial_exec(room + 1))
    s.module("most.so", initial_exec(room))
    assert s.agree(host, "more.so", "most.so") == [f"/more.so: {NO_ROOM}", "ok"]


@STATIC_TLS
def test_profile_holds_the_room_and_what_needs_it(s: Scenario) -> None:
    s.lib("libdata.so", initial_exec(2000))
    s.module("mod.so", "", needed=["libdata.so"])
    host = s.host("__thread char own[3000]; char *o(void) { return own; }", needed=["libdata.so"])
    s.module("more.so", initial_exec(room_of(str(host), Root()) + 1))
    for name in ("mod.so", "more.so"):
        (message,) = s.compare(host, name).messages
        root = Root()
        extracted = extract(str(host), root)
        path = s.directory / "profile.json"
        path.write_bytes(to_bytes(record(extracted, root), compressed=False))
        recorded = load(path).process
        assert recorded.static_tls is not None
        assert recorded.static_tls.room == room_of(str(host), Root())
        data = recorded.loaded(str(s.directory / "libdata.so"))
        assert data is not None
        assert data.elf.static_tls == ("",)
        session = Session(recorded, root, Binder(recorded))
        failures = session.open(str(s.directory / name)).failures
        assert says(message, failures[0]) if failures else message == "ok"
        assert bool(failures) == (message != "ok")


@STATIC_TLS
@pytest.mark.parametrize("size", [1, 640, 1000])
def test_refused_module_gives_its_block_back(s: Scenario, size: int) -> None:
    host = s.host()
    s.module("gone.so", initial_exec(size) + "extern int gone; int *h(void) { return &gone; }")
    s.module("most.so", initial_exec(room_of(str(host), Root())))
    assert s.compare(host, "gone.so", "most.so").messages[1] == "ok"
