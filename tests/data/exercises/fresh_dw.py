"""Debugging information of a program that is compiled here, and of this process, by libdw in drgn."""

import os
import subprocess
import tempfile

import drgn

SOURCE = r"""
#include <stdlib.h>
enum colour { RED, GREEN = 5 };
union u { int i; float f; };
struct point { int x, y; unsigned flag : 3; union u u; struct point *next; };
typedef struct point point_t;
point_t origin = { 1, 2, 5, { 7 }, &origin };
int table[3][4] = { { 1, 2, 3, 4 }, { 5, 6 } };
double ratio = 2.5;
static const char *words[] = { "one", "two", 0 };
enum colour paint = GREEN;
int add(int a, point_t *p) { return a + p->x + (words[0] != 0); }
int main(void) { return add(1, &origin) * 0; }
"""
with tempfile.TemporaryDirectory() as directory:
    source, program = os.path.join(directory, "a.c"), os.path.join(directory, "a")
    with open(source, "w") as f:
        f.write(SOURCE)
    for options in (["-gdwarf-4"], ["-gdwarf-5", "-O1"], ["-gdwarf-5", "-gz"]):
        subprocess.run(["gcc", *options, "-no-pie", "-o", program, source], check=True)
        prog = drgn.Program(drgn.host_platform)
        prog.extra_module("a", create=True).try_file(program, force=True)
        point = prog.type("struct point")
        print(
            options,
            point.kind.name,
            point.size,
            [(m.name, m.bit_offset, m.bit_field_size) for m in point.members],
        )
        print(prog.type("point_t"), prog.type("enum colour").enumerators, prog.type("union u").size)
        print(
            prog["ratio"].type_,
            prog["table"].type_,
            prog.function("add").type_,
            drgn.offsetof(point, "next"),
        )
        print(
            prog.variable("origin").address_ is not None,
            prog["GREEN"],
            [str(t.type) for t in prog.function("add").type_.parameters],
        )
        print(
            prog.type("struct point *").type.tag,
            drgn.Object(prog, "int", 5) + 3,
            drgn.cast("char", drgn.Object(prog, "int", 300)),
        )
        for bad in (
            lambda: prog.type("struct none"),
            lambda: prog["none"],
            lambda: prog.function("none"),
            lambda: prog.type("struct point").member("none"),
            lambda: prog.read(0, 8),
        ):
            try:
                print(bad())
            except Exception as e:
                print(type(e).__name__)
        del prog
    me = drgn.program_from_pid(os.getpid())
    print(
        me.flags is not None,
        me.platform.arch.name,
        me.read(id(None), 16)[:8] == bytes(me.read(id(None), 8)),
    )
    try:
        me.load_debug_info([os.path.join(directory, "none")])
    except Exception as e:
        print(type(e).__name__)
    print(len(list(me.loaded_modules())) > 3 if hasattr(me, "loaded_modules") else "")
    prog = drgn.Program(drgn.host_platform)
    with open(program, "rb") as f:
        whole = f.read()
    for name, damaged in (("short", whole[:3000]), ("garbage", b"garbage" * 99), ("empty", b"")):
        path = os.path.join(directory, name)
        with open(path, "wb") as f:
            f.write(damaged)
        try:
            other = drgn.Program(drgn.host_platform)
            other.extra_module("b", create=True).try_file(path, force=True)
            print(name, other.type("struct point").size)
        except Exception as e:
            print(name, type(e).__name__)
