"""A scenario judged by the loader of another Debian release, which runs in a chroot."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from collide.binding.binder import Binder
from collide.binding.session import Session
from collide.filesystems.root import Root
from collide.hosts.extract import extract
from collide.loader.link_map import LoadFailure
from collide.loader.messages import says
from conformance import loader_was_asked
from corpus import unavailable
from roots import RootError, root
from scenario import Scenario

_LIBRARIES = "usr/lib/x86_64-linux-gnu"
_LOADER = "lib64/ld-linux-x86-64.so.2"


class ChrootScenario(Scenario):
    """Objects in a directory that has the C library of a Debian suite, and is the root of a host.

    Skips the calling test where a chroot or the suite's packages cannot be had, with the reason.
    """

    def __init__(self, directory: Path, suite: str) -> None:
        super().__init__(directory)
        if os.geteuid() != 0:
            unavailable(f"asking the loader of {suite} in a chroot needs root")
        try:
            of = root(suite, "amd64", ["libc6"])
        except RootError as e:
            unavailable(str(e))
        (directory / _LIBRARIES).mkdir(parents=True)
        (directory / "lib64").mkdir()
        # Only up to glibc 2.33 is dlopen in libdl.
        for name in ("libc.so.6", "libdl.so.2"):
            shutil.copy(of / _LIBRARIES / name, directory / _LIBRARIES)
        shutil.copy(of / _LOADER, directory / _LOADER)

    def exe(
        self,
        source: str,
        *flags: str,
        name: str = "host",
        needed: Sequence[str] = (),
        runpath: str | None = "$ORIGIN",
        rpath: str | None = None,
    ) -> Path:
        """See :class:`Scenario`; linked with the C library of the suite, as far as it needs one."""
        libraries = [str(self.directory / _LIBRARIES / n) for n in ("libc.so.6", "libdl.so.2")]
        linked = ("-nodefaultlibs", "-Wl,--as-needed", *libraries, *flags)
        return super().exe(source, *linked, name=name, needed=needed, runpath=runpath, rpath=rpath)

    def agree(self, host: Path, *opens: str, preload: Sequence[str] = ()) -> list[str]:
        """Open objects one after the other; what the loader said of each, which was predicted."""
        loader_was_asked("glibc")
        names = [f"/{name}" for name in opens]
        preloaded = [f"/{name}" for name in preload]
        command = ["chroot", str(self.directory), f"/{host.name}", *names]
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("LD_", "GLIBC_"))}
        env = clean | ({"LD_PRELOAD": ":".join(preloaded)} if preloaded else {})
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        said = done.stdout.splitlines()
        assert len(said) == len(names), done.stderr
        files = Root(str(self.directory))
        process = extract(f"/{host.name}", files, preload=preloaded).process
        session = Session(process, files, Binder(process))
        for name, message in zip(names, said, strict=True):
            failures = session.open(name).failures
            assert agrees(message, failures), f"{name}: {message}; predicted {failures}"
        return said


def agrees(message: str, failures: Sequence[LoadFailure]) -> bool:
    """Whether both open an object, or both refuse it for the same reason."""
    return says(message, failures[0]) if failures else message == "ok"
