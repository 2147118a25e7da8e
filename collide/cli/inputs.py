"""Inputs and hosts as the options of a command name them.

What cannot be read or does not fit goes to stderr, a line each.
"""

from __future__ import annotations

import os

from collide import api
from collide.cli.streams import complain, complain_of
from collide.hosts.select import require_library_path, select_hosts
from collide.loader.libc import libc_of
from collide.support.errors import InputError, UsageError
from collide.support.faults import problems_named
from collide.support.system import require_linux
from collide.support.time_limit import timed
from collide.wheels.target import find_each, try_read

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Sequence

    from collide.filesystems.root import Root
    from collide.loader.host import Host
    from collide.processes.image import ProcessImage
    from collide.processes.traced_run import At
    from collide.wheels.target import Target


def host_in_root(
    args: argparse.Namespace,
    binary: str,
    *,
    name: str | None = None,
) -> tuple[Host, Root]:
    """The host that ``binary`` of ``--root`` makes; what it lacks is reported on stderr."""
    from collide.filesystems.root import Root  # late: start-up
    from collide.hosts.ldconfig import unsearched_directories  # late: start-up

    if args.root == "/":
        require_linux(f"{binary}: a host of this machine (--root names another one)")
    with problems_named(binary if args.root == "/" else args.root), timed(binary):
        host = api.extract_host(
            binary,
            root=args.root,
            image=args.image,
            name=name,
            preload=args.preload,
            rtld_global=args.rtld_global,
            library_path=_given(args.library_path),
            ldconfig=args.ldconfig,
        )
    root = host.files
    assert isinstance(root, Root)
    require_library_path(host, root)
    if host.failures and root.cache is None and libc_of(host.loader).has_ld_cache:
        for directory in unsearched_directories(root, host.loader.system_dirs):
            complain(
                f"{args.root} has no ld.so.cache, so {directory} is not searched; "
                "--ldconfig takes it as ldconfig would"
            )
    for failure in host.failures:
        complain(f"{failure.object}: needs {failure.name}: {failure.kind}; recorded as missing")
    return host, root


def _given(library_path: Iterable[str]) -> list[str]:
    """The lists of ``--library-path``: loaders take no notice of one that is empty."""
    return [given for given in library_path if given]


def image_of_run(command: Sequence[str], at: At | None, purpose: str) -> ProcessImage:
    """Execute a command, and say so: its process as it was at a fatal signal, ``at`` or its end.

    Raises InputError where there is nothing to ``purpose``.
    """
    import shlex  # late: start-up

    from collide.processes.traced_run import run_traced  # late: start-up

    complain(f"executes {shlex.join(command)}")
    ran = run_traced(command, os.environ, at)
    if ran.image is None:
        raise InputError(command[0], f"{ran.why}: there is nothing to {purpose}")
    complain(f"{ran.image.source} of {command[0]} {ran.why}")
    return ran.image


def named_hosts(args: argparse.Namespace, unreadable: list[InputError]) -> tuple[Host, ...] | None:
    """The hosts of ``--profile``, or None; libraries that they miss are reported on stderr.

    Those of a shipped host that was not named are left to ``collide profiles``. ``unreadable``
    gets the errors of hosts that cannot be read beside others that can; raises the last of them
    where there is no other.
    """
    library_path = _given(args.library_path)
    if not (args.profile or args.preload or args.rtld_global or library_path):
        return None
    hosts = tuple(
        select_hosts(
            args.profile,
            preload=args.preload,
            rtld_global=args.rtld_global,
            library_path=library_path,
            unreadable=unreadable,
        )
    )
    if not hosts and unreadable:
        *others, last = unreadable
        for problem in others:
            complain_of(problem)
        raise last
    for host in hosts:
        for f in host.failures:
            complain(f"{host.name}: {f.object}: {f.kind}: {f.name} {f.detail}")
    return hosts


def all_hosts(args: argparse.Namespace, unreadable: list[InputError]) -> tuple[Host, ...]:
    """As :func:`named_hosts`, and all shipped hosts without ``--profile``."""
    hosts = named_hosts(args, unreadable)
    return api.load_hosts() if hosts is None else hosts


def require_binary(args: argparse.Namespace, host: Host) -> None:
    """Raise UsageError for a host of ``--profile`` that is a recording: nothing of it can run."""
    from collide.filesystems.root import Root  # late: start-up

    if not isinstance(host.files, Root):
        raise UsageError(f"--profile {args.profile[0]}: is a recording; it takes a binary to run")


def targets(inputs: Iterable[str], unreadable: list[InputError]) -> Iterator[Target]:
    """Read the inputs one after the other; ``unreadable`` gets the errors of the others."""
    for found in map(try_read, find_each(inputs)):
        if isinstance(found, InputError):
            unreadable.append(found)
        else:
            yield found


def names_of(given: Iterable[str]) -> list[str]:
    """The names of modules in values of ``--import``; raises UsageError without any."""
    names = [name for text in given for name in text.replace(";", " ").replace(",", " ").split()]
    if not names:
        raise UsageError("--import needs names of modules")
    return names
