"""Hosts that break wheels: how each is made, runs a script, and what its profile is made of."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "collide-tests"
_PYENV = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
_LIBRARIES = Path("/usr/lib/x86_64-linux-gnu")
_PACKAGES = {
    "libhdf5_serial.so.103": "libhdf5-103-1",
    "libproj.so.25": "libproj25",
    "libprotobuf.so.32": "libprotobuf32",
    "libQt6Core.so.6": "libqt6core6",
}
"""What Debian 12 calls the package of a library."""
_UWSGI_PLUGIN = "/usr/lib/uwsgi/plugins/python3_plugin.so"
# Python 3.6 has no Py_BytesMain.
_EMBEDDING = {
    "3.6": "#include <Python.h>\n#include <wchar.h>\nint main(int c, char **v) {\n"
    "wchar_t **w = PyMem_RawMalloc((c + 1) * sizeof *w);\n"
    "for (int i = 0; i < c; i++) w[i] = Py_DecodeLocale(v[i], 0);\n"
    "w[c] = 0; return Py_Main(c, w); }",
    "": "#include <Python.h>\nint main(int c, char **v) { return Py_BytesMain(c, v); }",
}


class UnavailableError(Exception):
    """This host cannot be made here; the message says what is missing."""


class Host(NamedTuple):
    """One host: a command with SCRIPT for the script, and the options that profile it.

    ``python`` is the X.Y of its interpreter. ``wrap`` makes the script into
    what the command reads, where that is no Python.
    """

    python: str
    command: tuple[str, ...]
    profile: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()
    wrap: Callable[[Path], None] | None = None


def need(path: Path | str, how: str) -> str:
    """``path``; raises UnavailableError, which says ``how`` to get it, when it does not exist."""
    if not Path(path).exists():
        raise UnavailableError(f"no {path}: {how}")
    return str(path)


def download(filename: str) -> Path:
    """A wheel of exactly this name from the package index; raises UnavailableError."""
    directory = CACHE / "named"
    path = directory / filename
    if path.exists():
        return path
    name, version, *_ = filename.split("-")
    python, abi, platforms = filename.removesuffix(".whl").split("-")[-3:]
    tag = python.split(".")[-1]
    number = tag[2:] if len(tag) > 3 else "311"
    wanted = [p for p in platforms.split(".") if p != "any"] or ["manylinux2014_x86_64"]
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
        *("--no-deps", "--only-binary=:all:", "--python-version", number),
        *("--implementation", "pp" if tag.startswith("pp") else "cp"),
        *(option for a in (abi, "abi3", "none") for option in ("--abi", a)),
    ]
    directory.mkdir(parents=True, exist_ok=True)
    # Of several wheels pip takes that of the first platform.
    for order in (wanted, wanted[::-1]):
        options = [option for p in order for option in ("--platform", p)]
        with tempfile.TemporaryDirectory(dir=directory) as partial:
            done = subprocess.run(
                [*command, *options, "--dest", partial, f"{name}=={version}"],
                capture_output=True,
                text=True,
                check=False,
            )
            for wheel in Path(partial).glob(filename):
                return wheel.replace(path)
    said = done.stderr.strip().splitlines() or ["pip found another file"]
    raise UnavailableError(f"cannot download {filename}: {said[-1]}")


def _package(library: str) -> str:
    """How to get a library, by its path."""
    return f"apt install {_PACKAGES.get(Path(library).name, Path(library).name)}"


def prefix(python: str) -> Path:
    """Where a CPython of this X.Y with a shared libpython is (pyenv's)."""
    found = sorted(_PYENV.glob(f"{python}.*"))
    if not found:
        raise UnavailableError(f"no CPython {python} below {_PYENV}: pyenv install {python}")
    return found[-1]


def plain(python: str) -> Host:
    """A CPython that links nothing but the C library, or Debian's PyPy: the control."""
    if python == "pypy":
        return Host(
            "3.9",
            (need("/usr/bin/pypy3", "apt install pypy3"), "-S", "SCRIPT"),
            ("/usr/bin/pypy3",),
        )
    binary = need(prefix(python) / f"bin/python{python}", f"pyenv install {python}")
    return Host(python, (binary, "-S", "SCRIPT"), (binary,))


def preloading(python: str, *libraries: str) -> Host:
    """A plain interpreter with libraries in LD_PRELOAD."""
    host = plain(python)
    for library in libraries:
        need(library, _package(library))
    options = [option for library in libraries for option in ("--preload", library)]
    return host._replace(
        profile=(*host.profile, *options), environment=(("LD_PRELOAD", ":".join(libraries)),)
    )


def preloading_openssl_102() -> Host:
    """CPython 3.6 with the unversioned OpenSSL 1.0.2 of an old psycopg2 wheel."""
    wheel = download("psycopg2_binary-2.7.3.2-cp36-cp36m-manylinux1_x86_64.whl")
    directory = CACHE / "hosts/openssl-1.0.2"
    directory.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if ".libs/lib" in name:
                (directory / name.rpartition("/")[2]).write_bytes(archive.read(name))
    found = sorted(
        str(p) for p in directory.iterdir() if p.name.startswith(("libcrypto", "libssl"))
    )
    host = preloading("3.6", *found)
    return host._replace(environment=(*host.environment, ("LD_LIBRARY_PATH", str(directory))))


def embedding(python: str, *libraries: str, flags: Sequence[str] = ()) -> Host:
    """A program of a few lines that embeds CPython and links more, with ``flags`` for gcc."""
    home = prefix(python)
    directory = CACHE / "hosts" / "-".join([python, *(Path(x).name for x in libraries)])
    directory.mkdir(parents=True, exist_ok=True)
    binary = directory / f"host{python}"
    flag = "m" if python in ("3.6", "3.7") else ""
    source = _EMBEDDING.get(python, _EMBEDDING[""])
    for library in libraries:
        if library.startswith("/"):
            need(library, _package(library))
    command = [
        *("gcc", "-x", "c", "-", "-x", "none", "-o", str(binary)),
        f"-I{home}/include/python{python}{flag}",
        f"-L{home}/lib",
        f"-Wl,-rpath,{home}/lib",
        *("-Wl,--no-as-needed", f"-lpython{python}{flag}", *libraries, *flags),
    ]
    if not binary.exists():
        done = subprocess.run(command, input=source, capture_output=True, text=True, check=False)
        if done.returncode:
            raise UnavailableError(f"gcc: {(done.stderr.splitlines() or ['failed'])[-1]}")
    return Host(python, (str(binary), "-S", "SCRIPT"), (str(binary),), (("PYTHONHOME", str(home)),))


def uwsgi() -> Host:
    """Debian's uwsgi with its python plugin."""
    binary = need("/usr/bin/uwsgi-core", "apt install uwsgi-core")
    plugin = need(_UWSGI_PLUGIN, "apt install uwsgi-plugin-python3")
    command = (binary, "--plugin", "python3", "--pyrun", "SCRIPT")
    return Host("3.11", command, (binary, "--global", plugin))


def uwsgi_36() -> Host:
    """uwsgi 2.0.20 built from its sdist with CPython 3.6."""
    directory = CACHE / "hosts/uwsgi-2.0.20-3.6"
    binary = directory / "uwsgi-2.0.20/uwsgi"
    if not binary.exists():
        directory.mkdir(parents=True, exist_ok=True)
        python = str(prefix("3.6") / "bin/python3.6")
        subprocess.run(
            [
                *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"),
                *("--no-binary", ":all:", "--dest", str(directory), "uwsgi==2.0.20"),
            ],
            check=True,
            capture_output=True,
        )
        (sdist,) = directory.glob("*.tar.gz")
        subprocess.run(["tar", "xzf", str(sdist), "-C", str(directory)], check=True)
        environment = {**os.environ, "CFLAGS": "-w", "LDFLAGS": f"-Wl,-rpath,{prefix('3.6')}/lib"}
        built = subprocess.run(
            [python, "uwsgiconfig.py", "--build", "default"],
            cwd=binary.parent,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if built.returncode or not binary.exists():
            raise UnavailableError(f"uwsgi 2.0.20 does not build: {built.stderr[-300:]}")
    home = (("PYTHONHOME", str(prefix("3.6"))),)
    return Host("3.6", (str(binary), "--pyrun", "SCRIPT"), (str(binary),), home)


def gdb() -> Host:
    """Debian's gdb."""
    command = (need("/usr/bin/gdb", "apt install gdb"), "-nx", "-batch", "-ex", "source SCRIPT")
    return Host("3.11", command, ("/usr/bin/gdb",))


def fontforge() -> Host:
    """Debian's FontForge without its windows."""
    binary = need("/usr/bin/fontforge", "apt install fontforge-nox")
    return Host("3.11", (binary, "-lang=py", "-script", "SCRIPT"), (binary,))


def lldb() -> Host:
    """Debian's LLDB."""
    binary = need("/usr/lib/llvm-14/bin/lldb", "apt install lldb-14 python3-lldb-14")
    return Host("3.11", (binary, "-b", "-o", "command script import SCRIPT"), (binary,))


def blender() -> Host:
    """Debian's Blender, without a screen."""
    binary = need("/usr/bin/blender", "apt install blender")
    return Host("3.11", (binary, "-b", "-noaudio", "--python", "SCRIPT"), (binary,))


def weechat() -> Host:
    """Debian's weechat: opens all its plugins RTLD_GLOBAL."""
    binary = need("/usr/bin/weechat-headless", "apt install weechat-headless")
    need(_LIBRARIES / "weechat/plugins/python.so", "apt install weechat-python")
    options = _opened(_LIBRARIES / "weechat/plugins")

    def wrap(script: Path) -> None:
        begin = "import weechat\nweechat.register('t', 'a', '1', 'l', 'd', '', '')\n"
        script.write_text(begin + script.read_text())

    # "/script" is a command of the package weechat-plugins, "/python" of the plugin itself.
    home = ("--dir", "SCRIPT.weechat")  # a temporary one is left behind by a crash
    command = (binary, *home, "--stdout", "-r", "/python load SCRIPT", "-r", "/quit")
    # Otherwise its interpreter looks for the standard library beside a python3 in PATH.
    return Host("3.11", command, (binary, *options), (("PYTHONHOME", "/usr"),), wrap)


def vim() -> Host:
    """Debian's vim with Python and Lua."""
    binary = need("/usr/bin/vim.nox", "apt install vim-nox")
    command = (binary, "-u", "NONE", "-es", "-T", "dumb", "-c", "py3file SCRIPT", "-c", "qa!")
    return Host("3.11", command, (binary,))


def postgres() -> Host:
    """Debian's PostgreSQL, a single-user backend with plpython3u; it refuses to run as root."""
    binary = Path(need("/usr/lib/postgresql/15/bin/postgres", "apt install postgresql-15"))
    how = "apt install postgresql-plpython3-15"
    plugin = need("/usr/lib/postgresql/15/lib/plpython3.so", how)
    as_user = "setpriv --reuid postgres --regid postgres --clear-groups --"
    if os.geteuid() or shutil.which("setpriv") is None:
        raise UnavailableError("PostgreSQL needs root (to become its own user) and setpriv")
    data = Path("/var/tmp/collide-postgres")  # its user cannot read a home directory
    setup = (
        f"test -d {data} || {{ mkdir {data} && chown postgres {data} && "
        f"{as_user} {binary.parent}/initdb -D {data} >/dev/null; }}"
    )

    def wrap(script: Path) -> None:
        sql = f"DO LANGUAGE plpython3u $q$ exec(open('{script}.inner').read(), {{}}) $q$;\n"
        script.with_name(script.name + ".inner").write_text(script.read_text())
        script.write_text("CREATE EXTENSION IF NOT EXISTS plpython3u;\n" + sql)

    run = f"{as_user} {binary} --single -D {data} postgres < SCRIPT"
    command = ("sh", "-c", f"{setup}; {run}")
    return Host("3.11", command, (str(binary), "--global", plugin), (), wrap)


def nbdkit() -> Host:
    """Debian's nbdkit with its python plugin; it ends with 1, as no script here is a disk."""
    binary = need("/usr/bin/nbdkit", "apt install nbdkit")
    plugin = need(
        _LIBRARIES / "nbdkit/plugins/nbdkit-python-plugin.so", "apt install nbdkit-plugin-python"
    )
    command = (binary, "--dump-plugin", "python", "script=SCRIPT")
    return Host("3.11", command, (binary, "--global", plugin))


def perf() -> Host:
    """Debian's perf, which runs a script on what it recorded before."""
    binary = need("/usr/bin/perf", "apt install linux-perf")
    record = f"{binary} record -e cpu-clock -o SCRIPT.data true >/dev/null 2>&1"
    run = f"exec {binary} script -i SCRIPT.data -s SCRIPT"
    return Host("3.11", ("sh", "-c", f"{record}; {run}"), (binary,))


def scribus() -> Host:
    """Debian's Scribus, without a screen: opens all its plugins RTLD_GLOBAL."""
    binary = need("/usr/bin/scribus", "apt install scribus")
    command = ("env", "QT_QPA_PLATFORM=offscreen", binary, "-g", "-ns", "-py", "SCRIPT")
    return Host("3.11", command, (binary, *_opened(Path("/usr/lib/scribus/plugins"))))


def _opened(plugins: Path) -> list[str]:
    """The options that profile a host with all that is in a directory opened RTLD_GLOBAL."""
    return [option for path in sorted(plugins.glob("*.so")) for option in ("--global", str(path))]


def syslog_ng() -> Host:
    """Debian's syslog-ng, which runs the script as it checks a configuration.

    It opens all its modules RTLD_GLOBAL.
    """
    binary = need("/usr/sbin/syslog-ng", "apt install syslog-ng-core")
    modules = Path("/usr/lib/syslog-ng/3.38")
    name = "libmod-python.cpython-311-x86_64-linux-gnu.so"
    need(modules / name, "apt install syslog-ng-mod-python")
    lines = ("@version: 3.38", "python {", 'exec(open("SCRIPT").read())', "};")
    write = f"printf '%s\\n' {shlex.join(lines)} > SCRIPT.conf"
    run = f"exec {binary} -s -f SCRIPT.conf"
    return Host("3.11", ("sh", "-c", f"{write}; {run}"), (binary, *_opened(modules)))


HOSTS: dict[str, Callable[[], Host]] = {
    "blender": blender,
    "fontforge": fontforge,
    "gdb": gdb,
    "host310-pb": lambda: embedding("3.10", "-lprotobuf"),
    "host311-hdf5": lambda: embedding("3.11", str(_LIBRARIES / "libhdf5_serial.so.103")),
    "host311-proj": lambda: embedding("3.11", str(_LIBRARIES / "libproj.so.25")),
    "host311-qt6": lambda: embedding("3.11", str(_LIBRARIES / "libQt6Core.so.6")),
    "host36-ffi": lambda: embedding("3.6", "-lffi"),
    "host36-hdf5": lambda: embedding("3.6", str(_LIBRARIES / "libhdf5_serial.so.103")),
    "host36-proj": lambda: embedding("3.6", str(_LIBRARIES / "libproj.so.25")),
    "lldb": lldb,
    "nbdkit": nbdkit,
    "perf": perf,
    "postgres": postgres,
    "preload102": preloading_openssl_102,
    "preload:310:/usr/lib/x86_64-linux-gnu/libprotobuf.so.32": lambda: preloading(
        "3.10", str(_LIBRARIES / "libprotobuf.so.32")
    ),
    "preload:pypy3": lambda: preloading("pypy", str(_LIBRARIES / "libproj.so.25")),
    "scribus": scribus,
    "syslog-ng": syslog_ng,
    "uwsgi": uwsgi,
    "uwsgi-src-36": uwsgi_36,
    "vim": vim,
    "weechat": weechat,
    "python3.6": lambda: plain("3.6"),
    "python3.10": lambda: plain("3.10"),
    "python3.11": lambda: plain("3.11"),
    "pypy3": lambda: plain("pypy"),
}


def run(
    host: Host, script: Path, result: Path, *, timeout: int = 300, with_status: bool = False
) -> str:
    """Run a workload; what it left, or in angle brackets how it ended without.

    ``with_status`` is to say also how it ended after that, unless with 0.
    """
    result.unlink(missing_ok=True)
    if host.wrap is not None:
        host.wrap(script)
    command = [part.replace("SCRIPT", str(script)) for part in host.command]
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("LD_", "PYTHON"))}
    try:
        done = subprocess.run(
            command,
            env={**inherited, **dict(host.environment)},
            cwd=script.parent,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"<did not end within {timeout} seconds: {shlex.join(command)}>"
    if result.exists():
        ended = f" <then status {done.returncode}>" if with_status and done.returncode else ""
        return result.read_text() + ended
    # What the process says of its end is on stderr, where there is anything.
    said = [x for x in (done.stdout + "\n" + done.stderr).splitlines() if x.strip()]
    marks = ("rror", "abort", "Abort", "(SIG")
    error = next((x for x in reversed(said) if any(mark in x for mark in marks)), "")
    return f"<status {done.returncode}: {(error or (said or [''])[-1]).strip()[:160]}>"


def repaired(
    wheels: Sequence[Path], directory: Path, options: Sequence[str]
) -> tuple[list[Path], str]:
    """The repaired wheels, those as they are that need none, and what was done in short."""
    command = [sys.executable, "-m", "collide", "repair", "-w", str(directory), *options]
    done = subprocess.run(
        [*command, "--format", "json", *map(str, wheels)],
        capture_output=True,
        text=True,
        check=False,
    )
    made = [directory / w.name if (directory / w.name).exists() else w for w in wheels]
    if done.returncode not in (0, 1) or not done.stdout.startswith("["):
        said = (done.stderr.strip().splitlines() or [""])[-1]
        return made, f"status {done.returncode}: {said.rpartition(': ')[2]}"
    changes = [c for r in json.loads(done.stdout) for c in r["objects"].values()]
    renamed = sum(len(c["renamed"]) for c in changes)
    closed = sum(len(c.get("protected", ())) + len(c.get("hidden", ())) for c in changes)
    moved = sum(c["soname"] is not None for c in changes)
    return made, f"{closed} closed, {renamed} renamed, {moved} DT_SONAME"
