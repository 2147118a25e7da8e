"""A host and an installed wheel that collide, and ways to end the process that has both."""

from __future__ import annotations

from pathlib import Path

from scenario import Scenario

# The host's release: a vault begins with a pointer. That of the wheel: with its size.
OLD = """
struct vault { int *entries; int size; };
static struct vault one = { 0, 1 };
struct vault *vault_new(void) { return &one; }
int vault_first(struct vault *v) { return *v->entries; }
int (*vault_hook)(void);
int vault_call(void) { return vault_hook() + 1; }
const char *vault_version(void) { return "vault 1.2.3"; }
"""
NEW = """
struct vault { long size; int *entries; };
static int entry = 7;
static struct vault one = { 1, &entry };
struct vault *vault_new(void) { return &one; }
int vault_first(struct vault *v) { return *v->entries; }
int vault_last(struct vault *v) { return v->entries[v->size - 1]; }
int (*vault_hook)(void);
int vault_call(void) { return vault_hook() + 1; }
const char *vault_version(void) { return "vault 2.0.0"; }
"""
# What a module does when it is opened and told to (COLLISION, and the like).
MODULE = """
struct vault;
struct vault *vault_new(void); int vault_first(struct vault *); int vault_last(struct vault *);
int first(void) { return vault_first(vault_new()); }
int last(void) { return vault_last(vault_new()); }
int vault_call(void);
int call(void) { return vault_call() + 1; }
"""
_UNRELATED = """
void abort(void);
static int deeper(int n) { volatile char room[256]; room[0] = n; return deeper(n + 1) + room[0]; }
int null(void) { return *(volatile int *)0; }
extern int (*vault_hook)(void);
__attribute__((constructor)) static void set(void) { vault_hook = null; }
int jump(void) { int (*volatile f)(void) = 0; return f() + 1; }
int ended(void) { abort(); return 1; }
int deep(void) { return deeper(0) + 1; }
"""
# Opens its arguments up to the last one, which is a function of the last object.
_HOST = """
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
struct vault;
struct vault *vault_new(void); int vault_first(struct vault *);
char *secret;
int main(int argc, char **argv) {
  void *opened = 0;
  secret = getenv("SECRET");
  for (int i = 1; i < argc - 1; i++)
    if (!(opened = dlopen(argv[i], RTLD_NOW))) { puts(dlerror()); return 3; }
  if (argc < 2) return vault_first(vault_new());
  int (*run)(void) = (int (*)(void))dlsym(opened, argv[argc - 1]);
  if (run) return run() + 1;
  puts("ready");
  fflush(stdout);
  return getchar() + 1;
}
"""


class Colliding:
    """The files, in one directory: ``host``, ``module``, which collides, and ``unrelated``.

    ``compiler`` is that of the program, whose C library all use.
    """

    def __init__(self, directory: Path, compiler: str = "gcc") -> None:
        s = Scenario(directory)
        s.compiler = compiler
        s.lib("libvault.so.1", OLD)
        self.library = s.directory / "libvault.so.1"
        self.host = s.exe(_HOST, needed=["libvault.so.1"])
        site = "site-packages"
        bundled = f"{site}/vault.libs/libvault-2.so.2"
        s.lib(bundled, NEW)
        self.module = s.lib(
            f"{site}/vault/core.so",
            MODULE,
            f"-Wl,--no-as-needed,{s.directory / bundled}",
            runpath="$ORIGIN/../vault.libs",
        )
        self.unrelated = s.lib(f"{site}/other/other.so", _UNRELATED)
        for name, files in (
            ("vault-2.0", ("vault/core.so", "vault.libs/libvault-2.so.2")),
            ("other-1.0", ("other/other.so",)),
        ):
            info = s.directory / site / f"{name}.dist-info"
            info.mkdir()
            (info / "RECORD").write_text("".join(f"{file},,\n" for file in files))
        self.directory = s.directory
        self.scenario = s

    def command(self, function: str) -> list[str | Path]:
        """The host with both modules, running a function of one of them."""
        last = [self.module, self.unrelated]
        if function in ("first", "last", "call"):
            last.reverse()
        return [self.host, *last, function]
