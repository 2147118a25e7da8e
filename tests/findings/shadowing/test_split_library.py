"""COL101: what splits a library, and what only seems to."""

from __future__ import annotations

import pytest

from collide.findings.code import Severity
from judging import (
    ERROR,
    NOTE,
    WARNING,
    archive,
    calls,
    codes,
    functions,
    judged,
    many,
    module,
    of,
    only_x86_64,
    static,
)
from scenario import Scenario


@only_x86_64
def test_function_that_nothing_calls_does_not_split_a_library(s: Scenario) -> None:
    library = functions("z_used", "z_inner") + "int z_bound(void) { return z_inner(); }"

    def entry(*names: str) -> str:
        return f"int PyInit_m(void) {{ return {' + '.join(f'{n}()' for n in names)}; }}"

    s.lib("libhost.so", functions("z_used", "z_bound"))
    s.lib("w/m.so", library + entry("z_used", "z_bound"))
    assert of(judged(s, "libhost.so"), "m.so") == ("COL102", WARNING)
    s.lib("w/m.so", library + entry("z_used", "z_bound", "z_inner"))
    assert of(judged(s, "libhost.so"), "m.so") == ("COL101", ERROR)


@only_x86_64
def test_tables_of_a_library_lead_nowhere_when_nothing_calls_its_own_functions(
    s: Scenario,
) -> None:
    """A table that other data points to, as of a library's methods: nobody can follow these."""
    table = (
        "static int z_step(void) { return z_inner(); }"
        "static int (*const z_row[])(void) = { z_step };"
        "static int (*const *const z_rows[])(void) = { z_row };"
        "int z_bound(int n) { return z_rows[n][n](); } int z_last(void) { return 2; }"
    )
    library = functions("z_used", "z_inner") + table
    uses = "int PyInit_m(void) { return z_used() + z_bound(0) + z_last(); }"
    s.lib("libhost.so", functions("z_used", "z_bound", "z_last"))
    s.lib("w/m.so", library + uses)
    assert of(judged(s, "libhost.so"), "m.so") == ("COL102", WARNING)
    # Not so where other code calls a function of the library, which has no other name.
    hidden = '__attribute__((visibility("hidden"))) int z_own(int n) { return z_bound(n); }'
    inside = library.replace("int z_last", hidden + "int z_last")
    s.lib("w/m.so", inside + uses.replace("z_last()", "z_last() + z_own(0)"))
    assert of(judged(s, "libhost.so"), "m.so") == ("COL101", ERROR)
    # Virtual functions of another library there are nothing to one in C.
    s.lib("libcxx.so", functions("_ZN3box3runEv"))
    beside = uses.replace("z_used()", "z_used() + _ZN3box3runEv()")
    s.lib("w/m.so", functions("_ZN3box3runEv") + library + beside)
    assert {f.code.id for f in judged(s, "libhost.so", "libcxx.so")} == {"COL102"}


@only_x86_64
def test_what_constructors_use_of_a_copy_does_not_split_it(s: Scenario) -> None:
    library = functions("z_used", "z_inner", "z_bound")
    start = "__attribute__((constructor)) static void z_start(void) { z_inner(); }"
    s.lib("libhost.so", functions("z_used", "z_bound"))
    s.lib("w/m.so", library + start + "int PyInit_m(void) { return z_used() + z_bound(); }")
    assert of(judged(s, "libhost.so"), "m.so") == ("COL102", WARNING)


@pytest.mark.parametrize("common", [40, 5])
def test_one_function_that_the_host_lacks_splits_a_library(s: Scenario, common: int) -> None:
    """However many others there are: it gets what functions of the host's copy have made."""
    old = many("lib_old", common)
    s.lib("libhost.so", functions(*old))
    s.lib("w/liblib.so", functions(*old, "lib_new"))
    s.lib("w/m.so", module(*old, "lib_new"), needed=["w/liblib.so"])
    (found,) = (f for f in judged(s, "libhost.so") if f.victim == "m.so")
    assert (found.code.id, found.severity, found.kept) == ("COL101", ERROR, ("lib_new",))


@only_x86_64
@pytest.mark.parametrize(("assembly", "severity"), [(True, WARNING), (False, ERROR)])
def test_assembly_that_a_library_shows_by_mistake_is_a_warning(
    s: Scenario, assembly: bool, severity: Severity
) -> None:
    """Visibility is an option of the compiler: a host shows kernels and hides what calls them."""
    kernels, front = many("lib_kernel", 4), many("lib_front", 4)

    def kernel(name: str) -> str:
        if not assembly:
            return f"int {name}(void) {{ return helper(); }}"
        return f'asm(".globl {name}\\n.type {name},@function\\n{name}: mov $1,%eax\\nret");'

    inner = "__attribute__((noinline)) static int helper(void) { return 1; }"
    library = inner + "".join(map(kernel, kernels))
    s.lib("libhost.so", library)
    declared = "".join(f"int {name}(void);" for name in kernels)
    calls = " + ".join(f"{name}()" for name in (*kernels, *front))
    s.lib(
        "w/m.so",
        f"{declared} {inner}"
        + "".join(map(kernel, kernels[:2]))
        + functions(*front)
        + "".join(map(kernel, kernels[2:]))
        + f"int PyInit_m(void) {{ return {calls}; }}",
    )
    (found,) = judged(s, "libhost.so")
    assert (found.code.id, found.severity, found.kept) == ("COL101", severity, front)


def test_pair_on_two_sides_is_told(s: Scenario) -> None:
    s.lib("libhost.so", functions("lib_new"))
    s.lib("w/liblib.so", functions("lib_new", "lib_free"))
    s.lib("w/m.so", module("lib_new", "lib_free"), needed=["w/liblib.so"])
    (found,) = (f for f in judged(s, "libhost.so") if f.victim == "m.so")
    assert found.evidence[1].startswith("lib_new is the host's and lib_free the wheel's")


# -- opened to be asked ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("called", "host", "theirs", "users", "found"),
    [
        (4, "libfrob.so.1", "1.3.0", 0, ("COL101", ERROR)),
        (4, "libfrob.so.1", "1.2.4", 0, ("COL102", WARNING)),
        (4, "libknob.so.1", "1.3.0", 0, ("COL102", WARNING)),
        (4, "libfrob.so.1", "1.3.0", 1, ("COL102", WARNING)),
    ],
    ids=["asked", "one-series", "inside-another", "linked"],
)
def test_library_that_is_asked_for_its_functions_gives_its_own(
    s: Scenario, called: int, host: str, theirs: str, users: int, found: tuple[str, Severity]
) -> None:
    """What ctypes gets by name is the wheel's, and calls the host's."""
    inner, front = many("lib_inner", called), many("lib_front", 2)
    calls = " + ".join(f"{name}()" for name in inner)
    library = functions(*inner) + "".join(f"int {n}(void) {{ return {calls}; }}" for n in front)
    told = 'const char *tell(void) {{ return "libfrob {} of today"; }}'
    s.lib(host, library + told.format(theirs))
    s.lib("w/libfrob_x86_64.so", library + told.format("1.2.3"))
    for number in range(users):
        s.lib(f"w/m{number}.so", module(*front), needed=["w/libfrob_x86_64.so"])
    judgement = judged(s, host)
    if users:
        # Who links it was given the host's copy, and nothing is left to do for the wheel's.
        assert of(judgement, "m0.so") == found
        assert of(judgement, "libfrob_x86_64.so") == ("COL110", NOTE)
    else:
        assert of(judgement, "libfrob_x86_64.so") == found


CXX11 = "_ZN4frob3newERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE"
INNER = "int lib_inner(void) { return 1; } int lib_outer(void) { return lib_inner() + 1; }"
MORE = "int lib_more(void) { return 2; }"
PLUGIN = "int plug_start(void) { return lib_outer() + lib_more(); }"


@only_x86_64
@pytest.mark.parametrize(
    ("entry", "found"),
    [
        (PLUGIN, ["COL102"]),
        (PLUGIN.replace("+ ", "+ lib_inner() + "), ["COL101"]),
        (PLUGIN.replace("plug_start", "lib_all"), ["COL101"]),
    ],
    ids=["taken-alone", "inner-is-called", "nothing-but-the-library"],
)
def test_nobody_asks_an_object_with_other_work_for_parts_of_its_library(
    s: Scenario, entry: str, found: list[str]
) -> None:
    s.lib("libhost.so", functions("lib_outer", "lib_more", "lib_all"))
    s.lib("w/plugin.so", INNER + MORE + entry)
    assert codes(judged(s, "libhost.so")) == found


@only_x86_64
def test_copy_of_a_library_may_be_asked_for_all_of_it_whatever_else_it_takes(s: Scenario) -> None:
    s.lib("libfrob.so.1", functions("lib_outer", "lib_more"))
    s.lib("libother.so", functions("other_one"))
    own = "int other_one(void) { return 1; }" + INNER + MORE
    s.lib("w/libfrob.so", own + PLUGIN.replace("+ ", "+ other_one() + lib_inner() + "))
    found = judged(s, "libfrob.so.1", "libother.so")
    assert "COL101" in codes(found)


@only_x86_64
def test_copy_of_a_library_may_be_asked_for_what_it_calls_itself(s: Scenario) -> None:
    s.lib("libfrob.so.1", functions("lib_outer", "lib_more", "lib_last"))
    s.lib("libother.so", functions("other_one"))
    own = "int lib_inner(int n) { return n ? lib_inner(n - 1) + lib_outer() + lib_more() : 1; }"
    first, last = functions("lib_outer", "lib_more"), functions("lib_last", "other_one")
    use = "int lib_all(void) { return lib_last() + other_one(); }"
    s.lib("w/libfrob.so", first + own + last + use)
    found = judged(s, "libfrob.so.1", "libother.so")
    (of_library,) = (f for f in found if (f.provider or "").endswith("libfrob.so.1"))
    assert of_library.evidence[0].startswith("3 symbols in use are the host's")


@only_x86_64
def test_copy_of_a_library_is_not_asked_for_parts_of_another_one_in_it(s: Scenario) -> None:
    s.lib("libhost.so", functions("lib_outer", "lib_more", "lib_all"))
    s.lib("libplug.so.1", functions("plug_stop"))
    s.lib("w/libplug.so", INNER + MORE + functions("plug_stop") + PLUGIN)
    assert set(codes(judged(s, "libhost.so", "libplug.so.1"))) == {"COL102"}


# -- renamed ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("renamed", "theirs", "found"),
    [
        (40, "1.2.4", ("COL101", ERROR)),
        (40, "1.2.3", ("COL101", WARNING)),
        (10, "1.2.4", ("COL104", WARNING)),
    ],
)
def test_inside_of_a_library_whose_other_names_were_changed_is_an_error(
    s: Scenario, renamed: int, theirs: str, found: tuple[str, Severity]
) -> None:
    def library(version: str, *names: str) -> str:
        told = f'const char *tell_{version[-1]}(void) {{ return "Frob {version} of today"; }}'
        return told + functions("lib_inside", *names)

    names = many("lib_front", 40)
    ours = many("own_lib_front", renamed)
    s.lib("libhost.so", library(theirs, *names))
    s.lib("w/liblib.so", library("1.2.3", *ours) + "int own(void) { return lib_inside(); }")
    s.lib("w/m.so", module(*ours, "own", "lib_inside"), needed=["w/liblib.so"])
    assert of(judged(s, "libhost.so"), "m.so") == found


# -- which functions are of one library ------------------------------------------------------------


def test_number_behind_the_word_is_of_another_family(s: Scenario) -> None:
    s.lib("libhost.so", functions("pic_read", "pic_write"))
    s.lib("w/liblib.so", functions("pic_read", "pic_write", "pic12_read"))
    s.lib("w/m.so", module("pic_read", "pic_write", "pic12_read"), needed=["w/liblib.so"])
    assert of(judged(s, "libhost.so"), "m.so") == ("COL102", WARNING)


def test_function_between_two_taken_ones_is_of_their_library(s: Scenario) -> None:
    s.lib("libhost.so", functions("abc_alpha", "xyz_omega"))
    s.lib("w/m.so", static("abc_alpha", "abc_kept", "xyz_omega"))
    (found,) = judged(s, "libhost.so")
    assert (found.code.id, found.kept) == ("COL101", ("abc_kept",))
    assert found.symbols == ("abc_alpha", "xyz_omega")


def test_function_between_them_with_a_word_of_its_own_is_not(s: Scenario) -> None:
    s.lib("libhost.so", functions("abc_alpha", "xyz_omega"))
    s.lib("w/m.so", static("abc_alpha", "other_kept", "xyz_omega"))
    (found,) = judged(s, "libhost.so")
    assert (found.code.id, found.kept) == ("COL102", ())


def test_verb_that_one_taken_name_begins_with_is_no_library(s: Scenario) -> None:
    taken = ("zip_new", "zip_add", "get_table")
    s.lib("libhost.so", functions(*taken))
    s.lib("w/m.so", static("zip_new", "get_names", "zip_kept", "zip_add", "get_table"))
    (found,) = judged(s, "libhost.so")
    assert (found.code.id, found.kept) == ("COL101", ("zip_kept",))


def test_function_behind_the_taken_ones_is_not(s: Scenario) -> None:
    s.lib("libhost.so", functions("alpha", "omega"))
    names = ("alpha", "omega", "kept")
    s.lib("w/m.so", static(*names))
    (found,) = judged(s, "libhost.so")
    assert (found.code.id, found.symbols, found.kept) == ("COL102", ("alpha", "omega"), ())


def test_function_with_the_prefix_of_all_taken_ones_is_of_their_library(s: Scenario) -> None:
    s.lib("libhost.so", functions("lib_a", "lib_b"))
    names = ("lib_a", "lib_b", "lib_c")
    s.lib("w/m.so", static(*names))
    (found,) = judged(s, "libhost.so")
    assert (found.code.id, found.kept) == ("COL101", ("lib_c",))


@pytest.mark.parametrize(
    ("taken", "kept", "code"),
    [
        (("_ZN4grpc1aEv", "_ZN4grpc1bEv"), "_ZN4grpc1cEv", "COL101"),
        (("_ZN4grpc1aEv", "_ZN4absl1bEv"), "_ZN4json1cEv", "COL102"),
        (("_Z6first_v", "_Z6secondv"), "_Z5thirdv", "COL102"),
    ],
)
def test_prefix_that_every_mangled_name_has_tells_nothing(
    s: Scenario, taken: tuple[str, str], kept: str, code: str
) -> None:
    s.lib("libhost.so", functions(*taken))
    names = (*taken, kept)
    s.lib("w/m.so", static(*names))
    (found,) = judged(s, "libhost.so")
    assert found.code.id == code


def test_second_static_library_that_is_not_shadowed_does_not_make_the_first_split(
    s: Scenario,
) -> None:
    first, second = archive(s, "first", "alpha", "beta"), archive(s, "second", "gamma", "delta")
    s.lib("libhost.so", functions("alpha", "beta"))
    s.lib("w/m.so", calls("alpha", "beta", "gamma", "delta"), first, second)
    (found,) = judged(s, "libhost.so")
    assert (found.code.id, found.symbols) == ("COL102", ("alpha", "beta"))


def test_only_the_functions_of_the_split_one_of_two_static_libraries_are_kept(
    s: Scenario,
) -> None:
    first = archive(s, "first", "a_alpha", "a_middle", "b_beta")
    second = archive(s, "second", "a_gamma", "a_delta")
    s.lib("libhost.so", functions("a_alpha", "b_beta"))
    names = ("a_alpha", "a_middle", "b_beta", "a_gamma", "a_delta")
    s.lib("w/m.so", calls(*names), second, first)
    (found,) = judged(s, "libhost.so")
    assert (found.code.id, found.kept) == ("COL101", ("a_middle",))


def test_functions_that_nobody_refers_to_do_not_count(s: Scenario) -> None:
    s.lib("libhost.so", functions("alpha", "beta"))
    static = archive(s, "first", "alpha", "middle", "beta")
    s.lib("w/m.so", calls("alpha", "beta"), static)
    assert codes(judged(s, "libhost.so")) == ["COL102"]


@only_x86_64
@pytest.mark.parametrize(
    ("flag", "code"), [("-Wl,-Bsymbolic", ("COL101", ERROR)), ("-O0", ("COL102", WARNING))]
)
def test_library_that_calls_the_one_inside_it_by_address_uses_its_own_copy(
    s: Scenario, flag: str, code: tuple[str, Severity]
) -> None:
    inner = functions("g_make", "g_free")
    outer = "int v_open(void) { return g_make() + g_free(); }"
    s.lib("libhost.so", inner)
    s.lib("w/libv.so", inner + outer, flag)
    s.lib("w/m.so", module("v_open", "g_make", "g_free"), needed=["w/libv.so"])
    (found,) = (f for f in judged(s, "libhost.so") if f.victim == "m.so")
    assert (found.code.id, found.severity) == code
    own = "libv.so calls 2 of them itself, by addresses that it was linked with: g_free, g_make."
    assert any(own in line for line in found.evidence) == (code[0] == "COL101")
    claim = any("no symbol that is in use is the wheel's" in line for line in found.evidence)
    assert claim == (code[0] == "COL102")


@only_x86_64
@pytest.mark.parametrize(
    ("use", "severity"),
    [
        ("z_set(z_back)", WARNING),
        ("z_set(z_back) + z_back()", ERROR),
        ("z_set(z_back) + z_limit", ERROR),
    ],
)
def test_callback_of_its_own_does_not_split_a_library(
    s: Scenario, use: str, severity: Severity
) -> None:
    host = "int z_set(int (*f)(void)) { return f != 0; }" + functions("z_get")
    s.lib("libhost.so", host)
    s.lib("w/liblib.so", host + functions("z_back") + "int z_limit = 3;")
    known = "int z_set(int (*f)(void)); int z_get(void), z_back(void); extern int z_limit;"
    uses = f"int PyInit_m(void) {{ return z_get() + {use}; }}"
    s.lib("w/m.so", known + uses, needed=["w/liblib.so"])
    assert of(judged(s, "libhost.so"), "m.so") == ("COL101", severity)


@only_x86_64
def test_unwinder_may_be_called_beside_another_one(s: Scenario) -> None:
    """All make one interface alike: libgcc calls its own functions, and so does libunwind."""
    inner = functions("_Unwind_Resume", "_Unwind_Backtrace")
    outer = "int v_open(void) { return _Unwind_Resume() + _Unwind_Backtrace() + v_local(); }"
    s.lib("libhost.so", inner + functions("v_local"))
    s.lib("w/libv.so", inner + functions("v_local") + outer, "-Wl,-Bsymbolic")
    uses = module("v_open", "v_local", "_Unwind_Resume", "_Unwind_Backtrace")
    s.lib("w/m.so", uses, needed=["w/libv.so"])
    assert of(judged(s, "libhost.so"), "m.so")[0] == "COL101"
    s.lib(
        "w/libv.so",
        inner + functions("v_local") + outer.replace(" + v_local()", ""),
        "-Wl,-Bsymbolic",
    )
    assert of(judged(s, "libhost.so"), "m.so")[0] != "COL101"


@only_x86_64
def test_outer_library_that_nobody_calls_uses_no_copy(s: Scenario) -> None:
    inner = functions("g_make", "g_free")
    outer = "int v_open(void) { return g_make() + g_free(); }"
    s.lib("libhost.so", inner)
    s.lib("w/libv.so", inner + outer, "-Wl,-Bsymbolic")
    s.lib("w/m.so", module("g_make", "g_free"), needed=["w/libv.so"])
    assert of(judged(s, "libhost.so"), "m.so") == ("COL102", WARNING)


@only_x86_64
@pytest.mark.parametrize(("added", "severity"), [("", WARNING), ("long added;", ERROR)])
def test_few_that_stay_are_an_error_where_structures_lie_otherwise(
    s: Scenario, added: str, severity: Severity
) -> None:
    struct = "struct frob {{ long id; {} long state; long total; }};"
    library = """
    long frob_sum(struct frob *f) { return f->id + f->state + f->total; }
    void frob_reset(struct frob *f) { f->id = 0; f->state = 0; f->total = 0; }
    """
    old = many("frob_old", 40)
    new = "long frob_new(struct frob *f) { return f->state; }"
    use = f"long frob_new(void *); long frob_sum(void *); void frob_reset(void *); {module(*old)}"
    use += "long use2(void *f) { frob_reset(f); return frob_sum(f) + frob_new(f); }"
    s.lib("libhost.so", struct.format("") + library + functions(*old))
    s.lib("w/liblib.so", struct.format(added) + library + functions(*old) + new)
    table = "void *const table[] = { use2 };"
    s.lib("w/m.so", use + table, needed=["w/liblib.so"])
    (found,) = (f for f in judged(s, "libhost.so") if f.victim == "m.so")
    assert (found.code.id, found.severity, found.kept) == ("COL101", severity, ("frob_new",))


@only_x86_64
@pytest.mark.parametrize(
    ("used", "severity"), [("f->state + f->total", WARNING), ("f->id + f->last", ERROR)]
)
def test_structure_with_more_fields_is_known_as_far_as_the_host_uses_it(
    s: Scenario, used: str, severity: Severity
) -> None:
    """The wheel's release has one field more at the end, which one function of it uses."""
    library = """
    struct frob { long id, state, total, last; };
    long frob_sum(struct frob *f) { return f->id + f->state + f->total%s; }
    long frob_one(struct frob *f) { return f->id * f->state; }
    """
    use = "long frob_new(void *); long frob_sum(void *); long frob_one(void *);"
    use += "long PyInit_m(void) { return frob_sum(0) + frob_one(0) + frob_new(0); }"
    new = f"long frob_new(struct frob *f) {{ return {used}; }}"
    s.lib("libhost.so", library % "")
    s.lib("w/liblib.so", library % " + f->last" + new)
    s.lib("w/m.so", use, needed=["w/liblib.so"])
    (found,) = (f for f in judged(s, "libhost.so") if f.victim == "m.so")
    assert (found.code.id, found.severity, found.kept) == ("COL101", severity, ("frob_new",))


@only_x86_64
@pytest.mark.parametrize(
    ("other", "severity"),
    [("_ZN4frob4new2EPKc", WARNING), ("_ZN4frob3newEPKc", ERROR), (CXX11, ERROR)],
)
def test_one_that_the_host_has_with_other_parameters_is_an_error_whatever_lies_alike(
    s: Scenario, other: str, severity: Severity
) -> None:
    library = """
    struct frob { long id, state, total; };
    long _ZN4frob3sumEPS_(struct frob *f) { return f->id + f->state + f->total; }
    long _ZN4frob3oneEPS_(struct frob *f) { return f->id; }
    """
    new = "long %s(struct frob *f) { return f->state; }"
    names = ("_ZN4frob3sumEPS_", "_ZN4frob3oneEPS_", "_ZN4frob3newERKSs")
    use = "".join(f"long {name}(void *);" for name in names)
    use += f"long use(void *f) {{ return {' + '.join(f'{name}(f)' for name in names)}; }}"
    s.lib("libhost.so", library + new % other)
    s.lib("w/liblib.so", library + new % "_ZN4frob3newERKSs")
    use += "long PyInit_m(void) { return use(0); }"
    s.lib("w/m.so", use, needed=["w/liblib.so"])
    (found,) = (f for f in judged(s, "libhost.so") if f.victim == "m.so")
    assert (found.code.id, found.severity) == ("COL101", severity)
    assert found.kept == ("_ZN4frob3newERKSs",)


@only_x86_64
@pytest.mark.parametrize(
    ("uses", "severity"),
    [
        ("f->state", WARNING),
        ("f->state + made", WARNING),
        ("f->state + made + last", ERROR),
        ("f->state + others + more", WARNING),
    ],
)
def test_what_stays_is_an_error_where_it_shares_variables_whatever_lies_alike(
    s: Scenario, uses: str, severity: Severity
) -> None:
    library = """
    struct frob { long id, state, total; };
    static volatile long made, last, others, more;
    static __attribute__((noinline)) long count(void) { return ++made + last++; }
    long frob_sum(struct frob *f) { return f->id + f->state + f->total; }
    long frob_reset(struct frob *f) { f->id = f->state = f->total = 0; return count(); }
    """
    new = f"long frob_new(struct frob *f) {{ return {uses}; }}"
    names = ("frob_sum", "frob_reset", "frob_new")
    use = "".join(f"long {name}(void *);" for name in names)
    use += f"long PyInit_m(void *f) {{ return {' + '.join(f'{name}(f)' for name in names)}; }}"
    s.lib("libhost.so", library)
    s.lib("w/liblib.so", library + new)
    s.lib("w/m.so", use, needed=["w/liblib.so"])
    (found,) = (f for f in judged(s, "libhost.so") if f.victim == "m.so")
    assert (found.code.id, found.severity, found.kept) == ("COL101", severity, ("frob_new",))
