"""COL104: equal names in libraries that are no copies of each other."""

from __future__ import annotations

from collide.analysis.analysis import analyse
from collide.filesystems.root import Root
from collide.findings.judge import judge
from collide.hosts.extract import extract
from collide.wheels.target import read_target
from judging import ERROR, WARNING, calls, functions, judged, many, module, of
from scenario import Scenario


def test_few_names_in_common_are_no_copy_of_the_library(s: Scenario) -> None:
    s.lib("libh.so", functions("one", *(f"theirs_{i}" for i in range(20))))
    s.lib("w/liba.so", functions("one", *(f"ours_{i}" for i in range(20))))
    s.lib("w/m.so", calls("one", "ours_1", "ours_2"), needed=["w/liba.so"])
    (found,) = judged(s, "libh.so")
    assert (found.code.id, found.severity) == ("COL104", WARNING)
    (line,) = found.evidence
    assert line == (
        "libh.so as a whole is no copy of liba.so: it exports 21 names and liba.so 21, and they "
        "have 1 in common."
    )


def test_name_that_is_code_here_and_data_there_is_an_error(s: Scenario) -> None:
    s.lib("libhost.so", "int version = 1;" + functions(*many("theirs", 30)))
    s.lib("w/liblib.so", functions("version", *many("ours", 30)))
    s.lib("w/m.so", module("version"), needed=["w/liblib.so"])
    assert of(judged(s, "libhost.so"), "m.so") == ("COL104", ERROR)


def test_variable_that_the_program_holds_for_a_library_is_of_that_library(s: Scenario) -> None:
    """The executable's copy of ``setting`` is the library's variable, not one of another thing."""
    library = "int setting = 1;" + functions(*many("lib", 30))
    s.lib("libh.so", library)
    s.lib("w/liba.so", library)
    user = module("lib_1").replace("return ", "return setting + ")
    s.lib("w/m.so", "extern int setting;" + user, needed=["w/liba.so"])
    main = "extern int setting; int get(void) { return setting; }"
    host = s.host(main + functions(*many("program", 30)), "-no-pie", needed=["libh.so"])
    (found,) = judge(analyse(read_target(s.directory / "w"), extract(str(host), Root())))
    assert (found.code.id, found.provider) == ("COL102", str(s.directory / "libh.so"))
    assert "setting" in found.symbols
