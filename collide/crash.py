"""Writes a report when this process crashes: what ``collide inspect`` says of it.

    import collide.crash
    collide.crash.install(report="/var/log/app/crash-{pid}.html")

To import it costs nothing, and imports nothing of collide. A handler in Python does not run in a
crash, and C code of its own a package without extension modules does not have. But every Python
has :mod:`faulthandler`, whose handler is C and safe for signals, and calls the one that was there
before. Here it writes into a pipe with room for one packet (pipe(2), O_DIRECT): its second write
waits until a helper, which sleeps at the other end, takes the first away. By then the helper has
stopped the thread, and copied what it needs. It reads on, prints what faulthandler has written
where it would have gone, and lets the process end as ever once the report is there. If the helper
is gone, writes fail, and the process ends as without it.

Limits: a program that closes all descriptors, or enables faulthandler later, has switched this
off. Whoever may not trace (ptrace(2)), or has a debugger attached, gets a line that says so.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_F_SETPIPE_SZ = 1031
_PR_SET_PTRACER = 0x59616D61
_HELPER = (
    "import sys; sys.exit(3) if sys.version_info < (3, 10) else None; "
    "sys.path += sys.argv[1].split(':'); "
    "from collide.cli.crash_watcher import main; main(sys.argv[2:])"
)
# The helper is no child, which a program that waits for all of its children would wait for.
_DETACHED = '"$@" & echo $!'

_installed: list[int] = []
"""The end of the pipe that faulthandler writes to."""


def install(report: str = "collide-crash-{pid}.txt", *, python: str | None = None) -> None:
    """Write ``report`` when a fatal signal (SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL) comes.

    ``{pid}`` in it is the number of the process; ``.json`` and ``.html`` at its end are for those
    formats. Processes that are forked from this one later are watched, too. ``python`` runs the
    helper, 3.10 or later; default: that of this process, or the one it belongs to where the program
    is no Python. To call it again replaces the report.

    Raises RuntimeError where this is not Linux or the helper does not start, and OSError where
    there can be no pipe.
    """
    import faulthandler  # late: an import costs nothing
    import os  # late: an import costs nothing
    import sys  # late: an import costs nothing

    if sys.platform != "linux":
        raise RuntimeError(f"collide.crash needs Linux, and this is {sys.platform}")
    read, write = _pipe()
    candidates = [python] if python else list(dict.fromkeys(_pythons()))
    number = next(filter(None, (_start(runs, read, report) for runs in candidates)), None)
    os.close(read)
    if number is None:
        os.close(write)
        tried = ", ".join(candidates) or "no python3"
        raise RuntimeError(f"collide.crash: its helper does not start with {tried}: see python=")
    _allow(number)
    os.register_at_fork(after_in_child=lambda: _allow(number))
    faulthandler.enable(file=write)
    while _installed:
        os.close(_installed.pop())
    _installed.append(write)


def _pipe() -> tuple[int, int]:
    """A pipe that holds one packet."""
    import fcntl  # late: an import costs nothing
    import os  # late: an import costs nothing

    read, write = os.pipe2(os.O_CLOEXEC | os.O_DIRECT)
    fcntl.fcntl(write, _F_SETPIPE_SZ, 4096)
    return read, write


def _start(python: str, read: int, report: str) -> int | None:
    """The number of a helper that waits at ``read``; None where this Python does not run it."""
    import os  # late: an import costs nothing
    import subprocess  # late: an import costs nothing
    import sys  # late: an import costs nothing
    from pathlib import Path  # late: an import costs nothing

    package = str(Path(__file__).absolute().parents[1])
    paths = ":".join([package, *(path for path in sys.path if path.startswith("/"))])
    arguments = [str(read), str(os.getpid()), str(Path(report).absolute())]
    helper = subprocess.Popen(
        ["/bin/sh", "-c", _DETACHED, "sh", python, "-I", "-c", _HELPER, paths, *arguments],
        pass_fds=(read,),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,
        env={k: v for k, v in os.environ.items() if not k.startswith(("LD_", "PYTHON"))},
    )
    assert helper.stdout is not None
    with helper.stdout as said:
        number = said.readline()
        is_ready = said.readline()
    helper.wait()
    return int(number) if is_ready else None


def _allow(helper: int) -> None:
    """Let the helper trace this process, where Yama asks for that (prctl(2), PR_SET_PTRACER)."""
    import ctypes  # late: an import costs nothing

    ctypes.CDLL(None).prctl(_PR_SET_PTRACER, helper, 0, 0, 0)


def _pythons() -> Iterator[str]:
    """Interpreters that may run the helper, the likeliest first."""
    import os  # late: an import costs nothing
    import shutil  # late: an import costs nothing
    import sys  # late: an import costs nothing
    from pathlib import Path  # late: an import costs nothing

    named = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    own = sys.executable or ""
    found = [own] if Path(own).name.startswith("python") else []
    for prefix in (sys.prefix, sys.exec_prefix, sys.base_exec_prefix):
        found += [str(Path(prefix, "bin", name)) for name in (named, "python3")]
    found += [shutil.which(name) or "" for name in (named, "python3")]
    yield from (path for path in found if os.access(path, os.X_OK))
