"""``collide profile``: record a host."""

from __future__ import annotations

import os

from collide.commands.inputs import opening_arguments
from collide.commands.streams import EXIT_CLEAN, complain, write
from collide.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from collide.host import Host
    from collide.rootfs import Root


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``collide profile --help``."""
    parser.add_argument("binary", metavar="BINARY")
    parser.add_argument("-o", "--output", metavar="FILE", help=".json or .json.xz; default: stdout")
    parser.add_argument(
        "--root",
        metavar="DIR|TAR",
        default="/",
        help="root file system of BINARY: a directory, a tar archive, an image of docker save or "
        "an OCI layout; read in place",
    )
    parser.add_argument("--image", metavar="NAME", help="tag or platform of an image in --root")
    parser.add_argument(
        "--ldconfig",
        action="store_true",
        help="where the root has no ld.so.cache, take what ldconfig would write into it",
    )
    opening_arguments(parser)
    parser.add_argument("--library-path", metavar="DIRS", help="its LD_LIBRARY_PATH")
    parser.add_argument("--name", metavar="N", help="name of the profile")
    parser.add_argument(
        "--probes",
        action="store_true",
        help="count the files that the loader tries at start-up; the profile only goes to -o FILE",
    )
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="of what --probes prints"
    )


def run(args: argparse.Namespace) -> int:
    """The exit status."""
    from collide.host import extract
    from collide.image import open_root
    from collide.ldconfig import left_out
    from collide.profile import record, to_bytes

    root = open_root(args.root, args.image)
    host = extract(
        _binary(args),
        root,
        name=args.name,
        preload=args.preload,
        rtld_global=args.rtld_global,
        library_path=args.library_path.split(":") if args.library_path else (),
        ldconfig=args.ldconfig,
    )
    if host.failures and root.cache is None:
        for directory in left_out(root, host.loader.system_dirs):
            complain(
                f"{args.root} has no ld.so.cache, so {directory} is not searched; "
                "--ldconfig takes it as ldconfig would"
            )
    for failure in host.failures:
        complain(f"{failure.object}: needs {failure.name}: {failure.kind}; recorded as missing")
    if args.probes:
        _print_probes(host, root, args.format)
        if args.output is None:
            return EXIT_CLEAN
    data = to_bytes(
        record(host, root), compressed=bool(args.output and args.output.endswith(".xz"))
    )
    write(data, args.output)
    return EXIT_CLEAN


def _print_probes(host: Host, root: Root, form: str) -> None:
    import json

    from collide.probes import at_start, countable
    from collide.report.probes import render_start, start_as_json

    if countable(host) is None:
        raise UsageError(f"{host.path}: probes are counted for glibc's loader only")
    found = at_start(host, root)
    if form == "json":
        write(json.dumps(start_as_json(host, found), indent=1) + "\n", None)
    else:
        write(render_start(host, found), None)


def _binary(args: argparse.Namespace) -> str:
    """BINARY as an absolute path; a bare name is looked up in PATH, in this root only."""
    import shutil

    name: str = args.binary
    if args.root == "/" and "/" not in name and not os.path.exists(name):  # noqa: PTH110
        return shutil.which(name) or name
    return os.path.abspath(name) if args.root == "/" else os.path.join("/", name)  # noqa: PTH100, PTH118
