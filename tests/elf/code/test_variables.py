"""Which variables functions use."""

from __future__ import annotations

from pathlib import Path

from collide.elf.code.call_graph import read_calls
from collide.elf.code.variables import variables_of
from collide.elf.object import read_object
from compiler import compile_so
from judging import only_x86_64

SOURCE = """
static volatile long made, last;
static const char *const texts[] = { "one", "two" };
long both(void) { return made + last; }
long one(void) { return last++; }
long none(long n) { return n + (long)texts[n]; }
"""


@only_x86_64
def test_variables_that_are_written_to_are_told(tmp_path: Path) -> None:
    flags = "-Wl,-z,relro", "-Wl,-z,separate-code"
    data = compile_so(tmp_path, "m.so", SOURCE, *flags).read_bytes()
    calls = read_calls(data)
    assert calls is not None
    exports = read_object(data).exports
    used = {
        name: variables_of(data, calls, [definition.value])
        for name in ("both", "one", "none")
        for definition in exports.candidates(name)
        if definition.value
    }
    assert len(used["both"]) == 2
    assert len(used["one"]) == 1
    assert used["one"] < used["both"]
    assert not used["none"]
