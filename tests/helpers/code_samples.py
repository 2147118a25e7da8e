"""Code whose calls and uses are known, and the ways to compile it for AArch64."""

from __future__ import annotations

SOURCE = """
extern int outside(int), behind_pointer(int), in_table(int), from_data(int), not_used(int);
extern int variable;
static __attribute__((noinline)) int deep(int x) { return outside(x) + 1; }
static __attribute__((noinline)) int hidden(int x) { return deep(x) * 3; }
int called(int x) { return hidden(x) - 2; }
int tail(int x) { return outside(x); }
int alone(int x) { return not_used(x) + 1; }
static __attribute__((noinline)) int callback(int x) { return in_table(x) + 4; }
int (*take(void))(int) { return callback; }
int (*give(void))(int) { return behind_pointer; }
int read_variable(void) { return variable; }
static __attribute__((noinline)) int method(int x) { return called(x) + 7; }
struct { int (*own)(int); int (*other)(int); } table = { method, from_data };
static __attribute__((constructor)) void at_load(void) { tail(1); }
"""
AARCH64_WAYS = {
    # Without it, and without crti.o, headers and constants count as code.
    f"aarch64-{name}": (*flags, "-Wl,-z,separate-code")
    for name, flags in (
        ("-O0", ("-O0",)),
        ("-O2", ("-O2", "-fno-ipa-cp", "-fno-ipa-ra")),
        ("-Os", ("-Os",)),
        ("-fno-plt", ("-O2", "-fno-plt")),
        ("lazy", ("-O2", "-Wl,-z,lazy")),
        ("now", ("-O2", "-Wl,-z,now")),
        ("bti", ("-O2", "-mbranch-protection=standard", "-Wl,-z,force-bti")),
        ("tiny", ("-O2", "-mcmodel=tiny")),
        ("-Bsymbolic", ("-O2", "-Wl,-Bsymbolic")),
    )
}
